package main

// source is one pinned Go module and what is taken from it.
type source struct {
	module  string
	version string
	sum     string   // h1 hash of the module zip, checked after every download
	minor   string   // Kubernetes minor version, for the built-in kinds; empty for CRDs
	globs   []string // files taken, relative to the module's root
}

// sources lists every module in the order of the notice. The newest patch of each Kubernetes minor stands for the minor:
// patches do not change the API.
func sources() []source {
	const builtins = "api/openapi-spec/v3/*_openapi.json"
	return []source{
		{module: "k8s.io/kubernetes", version: "v1.34.4", sum: "h1:Yy6R4QB8C9kJPp25GFqEvX5XQwY5qzKeqD0Xx6oAcmk=", minor: "1.34", globs: []string{builtins}},
		{module: "k8s.io/kubernetes", version: "v1.35.4", sum: "h1:o/8dBC/pHVpYoGV4OAIytAlNPZbdYVTXJHoYvXC4qzM=", minor: "1.35", globs: []string{builtins}},
		{module: "k8s.io/kubernetes", version: "v1.36.3", sum: "h1:qDQdoMiluAE2Eab6Fa52YV+WjiGz9mZFFoagEA6cI+o=", minor: "1.36", globs: []string{builtins}},
		{module: "k8s.io/kubernetes", version: "v1.37.2", sum: "h1:A2VDEiObzkYqFTKhSsn0ZEb0RlLEXpHWj93gi2HqEwE=", minor: "1.37", globs: []string{builtins}},
		{module: "github.com/argoproj/argo-cd/v3", version: "v3.5.7", sum: "h1:Xm1BF+I5OgDKUG3SDK49vn2/Y5AMyaNVko+/JT08gj0=",
			globs: []string{"manifests/crds/*-crd.yaml"}},
		{module: "github.com/cloudnative-pg/cloudnative-pg", version: "v1.27.0", sum: "h1:mp0zlYO4vKAJmQdArWORWKr1lmB4Hj8JeBQGX5RBnpg=",
			globs: []string{"config/crd/bases/postgresql.cnpg.io_*.yaml"}},
		{module: "github.com/external-secrets/external-secrets", version: "v1.3.2", sum: "h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=",
			globs: []string{"config/crds/bases/*external-secrets.io_*.yaml"}},
		{module: "github.com/prometheus-operator/prometheus-operator", version: "v0.85.0", sum: "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
			globs: []string{"example/prometheus-operator-crd/monitoring.coreos.com_*.yaml"}},
		{module: "sigs.k8s.io/gateway-api", version: "v1.6.3", sum: "h1:lKpJa5bGlraC/QeACvCpsHLdmO6y0iKfzVl6gzaFEYc=",
			// All but the ValidatingAdmissionPolicy beside them.
			globs: []string{"config/crd/standard/gateway.networking.k8s.io_[^v]*.yaml"}},
	}
}
