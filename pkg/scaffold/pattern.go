package scaffold

// The patterns of the parameters, in the dialect that Go, JavaScript and JSON Schema share. The form of the portal and the
// checks of the terminal use the same.
const (
	// NamePattern is kebab case that begins with a letter, so that it can be a package in every language.
	NamePattern = `^[a-z][a-z0-9]*(-[a-z0-9]+)*$`
	// DefinitionPattern is the id of a design-time artifact: L2O_v3.
	DefinitionPattern = `^[A-Za-z][A-Za-z0-9_.-]{0,62}$`
	// VersionPattern is one version of it: 3, v3 or 1.2.0.
	VersionPattern = `^v?[0-9]+(\.[0-9]+){0,2}$`
	// ModelPattern is the name of a language model: gpt-4o-mini.
	ModelPattern = `^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}$`
	// HostPattern is a DNS name of at least two labels.
	HostPattern = `^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`
	// DescriptionPattern is one line.
	DescriptionPattern = `^[^\x00-\x1f\x7f]+$`
)

const (
	maxLabel   = 63 // a DNS label, and the value of a label in Kubernetes, in bytes
	maxRelease = 53 // the name of a Helm release
)

// MaxName is how long a primitive's name may be, in bytes, so that the longest names that are made of it hold: the Helm
// release of its smoke test ({kind}-{name}-v0-smoke) and the Argo CD Application of that, which begins with the environment.
func MaxName(k Kind, environments []string) int {
	const smoke = "-v0-smoke"
	rest := len(string(k)+"-") + len(smoke)
	longest := 0
	for _, e := range environments {
		longest = max(longest, len(e)+len("-"))
	}
	return min(maxRelease-rest, maxLabel-longest-rest)
}
