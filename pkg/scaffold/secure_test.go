package scaffold_test

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/scaffold"
)

// wiring is what must stand somewhere in the code of a kind in a language, and why.
func wiring(v scaffold.Values) map[string]string {
	switch string(v.Kind) + "/" + string(v.Lang) {
	case "domain/go":
		return map[string]string{
			"every call is traced, authenticated and of a tenant": "[]step{observe(o.Log, calls), recovered(o.Log), authenticate(o.Verifier), tenant}",
			"a call ends in time": "context.WithTimeout(",
		}
	case "domain/ts":
		return map[string]string{
			"every call is traced, authenticated, of a tenant and ends in time": "interceptors: [observe(o.log, o.tracer, o.metrics), authenticate(o.verify), tenant(), deadline(",
		}
	case "process/go":
		return map[string]string{
			"facts come with a token":         `mux.Handle("POST /facts", auth.Require(verifier, c.Broker, facts))`,
			"a fact is routed in time":        "http.TimeoutHandler(",
			"a workflow's id has its tenant":  `+ "/" + fact.TenantID + "/" +`,
			"activities have a time limit":    "StartToCloseTimeout",
			"a workflow starts no second one": "WorkflowIDReusePolicy:",
		}
	case "agent/python":
		return map[string]string{
			"an invocation comes with a token":     "claims: dict[str, Any] = verify(token)",
			"a token without a tenant is refused":  `raise HTTPException(403, "the token names no tenant")`,
			"tools are denied unless allowed":      "Denied",
			"an agent has no documents of its API": "openapi_url=None",
		}
	}
	return map[string]string{
		"a page comes with a token of a tenant":  "requiredClaims: ['exp', 'sub', 'tenant_id']",
		"the API is called in the caller's name": "authorization: `Bearer ${this.session.token}`",
		"a call of the API ends in time":         "AbortSignal.timeout(",
		"every answer has its headers":           "frame-ancestors 'none'",
	}
}

// A template that can give an insecure service is itself at fault: every kind is wired before anybody has written a line.
func TestEveryPrimitiveIsSecureByTemplate(t *testing.T) {
	everyPrimitive(t, func(t *testing.T, v scaffold.Values, plans scaffold.Plans) {
		var code strings.Builder
		images := 0
		for _, f := range plans.Code {
			text, name := string(f.Content), path.Base(f.Path)
			if m := ticketOf.FindString(text); m != "" && !isLock(name) {
				t.Errorf("%s has %q", f.Path, m)
			}
			if m := literalSecret.FindString(text); m != "" && !strings.Contains(f.Path, "/tests/") && !isLock(name) {
				t.Errorf("%s has a secret written out: %q", f.Path, m)
			}
			if strings.HasPrefix(name, "Dockerfile") {
				images++
				checkImage(t, f.Path, text)
			}
			if !strings.Contains(f.Path, "test") {
				code.WriteString(text)
			}
		}
		if images < 2 {
			t.Errorf("%d images", images)
		}
		for why, want := range wiring(v) {
			if !strings.Contains(code.String(), want) {
				t.Errorf("%s: no %s", why, want)
			}
		}
		for _, field := range []string{"trace_id", "span_id", "tenant_id", "primitive_type", "primitive_name"} {
			if !strings.Contains(code.String(), field) {
				t.Errorf("no log has %s", field)
			}
		}
		for _, f := range plans.GitOps {
			for _, o := range objectsOf(t, f) {
				checkWalls(t, f.Path, o)
			}
		}
	})
}

var literalSecret = regexp.MustCompile(`(?i)(?:password|passwd|secret|api[-_]?key|token)["']?\s*[:=]\s*["'][A-Za-z0-9+/_-]{8,}["']`)

func isLock(name string) bool {
	return name == "go.sum" || name == "package-lock.json" || strings.HasSuffix(name, ".lock")
}

// checkWalls: a policy shuts both ways, what runs is bounded, and a Secret is only ever referred to.
func checkWalls(t *testing.T, file string, o map[string]any) {
	t.Helper()
	spec, _ := o["spec"].(map[string]any)
	switch o["kind"] {
	case "NetworkPolicy":
		if types, _ := spec["policyTypes"].([]any); len(types) != 2 {
			t.Errorf("%s: a policy shuts %v only", file, types)
		}
		for _, way := range []string{"ingress", "egress"} {
			rules, _ := spec[way].([]any)
			for _, r := range rules {
				if rule, _ := r.(map[string]any); len(rule) == 0 {
					t.Errorf("%s: %s is open to everybody", file, way)
				}
			}
		}
	case "Domain", "Process", "Agent", "UISurface":
		resources, _ := spec["resources"].(map[string]any)
		if resources["limits"] == nil || resources["requests"] == nil {
			t.Errorf("%s: nothing bounds what runs", file)
		}
	case "Deployment":
		checkPod(t, file, dig.Map(spec, "template", "spec"))
	case "Secret":
		t.Errorf("%s has a Secret", file)
	}
}

// checkPod holds a Pod to what the platform's namespaces take, Pod Security's level restricted, and a little more.
func checkPod(t *testing.T, file string, pod map[string]any) {
	t.Helper()
	security := dig.Map(pod, "securityContext")
	if security["runAsNonRoot"] != true || dig.Map(security, "seccompProfile")["type"] != "RuntimeDefault" || pod["automountServiceAccountToken"] != false {
		t.Errorf("%s: a Pod has %v", file, pod)
	}
	for _, container := range dig.Maps(pod, "containers") {
		security := dig.Map(container, "securityContext")
		if security["allowPrivilegeEscalation"] != false || security["readOnlyRootFilesystem"] != true || !slices.Contains(dig.List(security, "capabilities", "drop"), any("ALL")) {
			t.Errorf("%s: container %s has %v", file, container["name"], security)
		}
		if len(dig.Map(container, "resources", "limits")) != 2 || len(dig.Map(container, "resources", "requests")) != 2 {
			t.Errorf("%s: nothing bounds container %s", file, container["name"])
		}
		if container["livenessProbe"] == nil || container["readinessProbe"] == nil {
			t.Errorf("%s: nobody asks how container %s is", file, container["name"])
		}
	}
}
