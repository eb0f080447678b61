package kubeschema

import (
	"cmp"
	"embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

//go:embed schemas/index.txt schemas/kubernetes schemas/crds
var embedded embed.FS

// kindID names a kind as objects do: apiVersion "apps/v1", kind "Deployment".
type kindID struct {
	apiVersion, kind string
}

// indexEntry is one line of schemas/index.txt.
type indexEntry struct {
	bundle     string // file below schemas/
	id         kindID
	namespaced bool
	definition string // name inside the bundle
}

func readIndex() ([]indexEntry, error) {
	text, err := embedded.ReadFile("schemas/index.txt")
	if err != nil {
		return nil, err
	}
	var entries []indexEntry
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) != 5 {
			return nil, fmt.Errorf("read embedded schema index: bad line %q", line)
		}
		entries = append(entries, indexEntry{f[0], kindID{f[1], f[2]}, f[3] == "Namespaced", f[4]})
	}
	return entries, nil
}

const (
	builtinPrefix = "kubernetes/"
	bundleSuffix  = ".gz"
)

// SupportedVersions returns the Kubernetes minor versions whose built-in kinds are embedded, oldest first: "1.34", ….
func SupportedVersions() []string {
	entries, err := embedded.ReadDir("schemas/kubernetes")
	if err != nil {
		return nil // cannot happen: the directory is embedded
	}
	var versions []string
	for _, entry := range entries {
		versions = append(versions, strings.TrimSuffix(entry.Name(), bundleSuffix))
	}
	slices.SortFunc(versions, func(a, b string) int { return cmp.Compare(minorNumber(a), minorNumber(b)) })
	return versions
}

func minorNumber(version string) int {
	_, minor, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(minor)
	if err != nil {
		return -1
	}
	return n
}

// VersionError is returned for a Kubernetes version whose schemas are not embedded.
type VersionError struct {
	Version   string
	Supported []string
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("no schemas of Kubernetes version %q: supported are %s", e.Version, strings.Join(e.Supported, ", "))
}

// minorOf reduces "1.37", "v1.37.2" and "v1.37.2-gke.5+k3s1" to "1.37", or returns a *VersionError.
func minorOf(version string) (string, error) {
	supported := SupportedVersions()
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) >= 2 {
		if minor := parts[0] + "." + parts[1]; slices.Contains(supported, minor) {
			return minor, nil
		}
	}
	return "", &VersionError{version, supported}
}

// APIVersions lists what a chart may find in Helm's .Capabilities.APIVersions: "apps/v1", "apps/v1/Deployment" and so on
// for the built-in kinds of the Kubernetes version and the embedded custom resources, sorted.
func APIVersions(kubernetesVersion string) ([]string, error) {
	v, err := New(kubernetesVersion)
	if err != nil {
		return nil, err
	}
	return v.APIVersions(), nil
}

// APIVersions lists the group versions and kinds that the validator knows, as the function of that name does, and those
// of the extra CRDs.
func (v *Validator) APIVersions() []string {
	set := map[string]bool{}
	for id := range v.kinds {
		set[id.apiVersion] = true
		set[id.apiVersion+"/"+id.kind] = true
	}
	return slices.Sorted(maps.Keys(set))
}
