package verify

import (
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
)

// podsRestricted asks for the Pod security standard "restricted"
// (https://kubernetes.io/docs/concepts/security/pod-security-standards/) and for a root filesystem that cannot be written.
func podsRestricted(e *Env) ([]Issue, error) {
	return eachPod(e, func(c *Component, m *helmchart.Manifest, pod map[string]any) []Issue {
		var issues []Issue
		add := func(where, field, expected, actual string) {
			step, _, _ := strings.Cut(field, ".")
			issues = append(issues, at(e.blame(c, m, "securityContext", step), Issue{
				Resource: m.ID(), Field: where + field, Expected: expected, Actual: orNothing(actual),
			}))
		}
		for _, container := range containers(pod) {
			for _, want := range restricted() {
				if got := securitySetting(pod, container, want); !want.allows(got) {
					add(dig.Text(container, "name")+".securityContext.", want.field, want.expected, got)
				}
			}
			for _, p := range dig.List(container, "ports") {
				if port := dig.Text(p, "hostPort"); port != "" && port != "0" {
					add(dig.Text(container, "name")+".ports.", "hostPort", "nothing", port)
				}
			}
		}
		for _, field := range []string{"hostNetwork", "hostPID", "hostIPC"} {
			if dig.Text(pod, field) == "true" {
				add("", field, "nothing", "true")
			}
		}
		for _, volume := range dig.List(pod, "volumes") {
			if kind := forbiddenVolume(volume); kind != "" {
				add("volumes."+dig.Text(volume, "name")+".", kind, "a volume that holds nothing of the node", kind)
			}
		}
		return issues
	})
}

// securitySetting is what a field of the securityContext comes to for a container: its own, or else the Pod's where the
// Pod may set it for all. Lists are joined by commas.
func securitySetting(pod, container map[string]any, want requirement) string {
	path := append([]string{"securityContext"}, strings.Split(want.field, ".")...)
	for _, source := range []map[string]any{container, pod} {
		if list := dig.Texts(source, path...); len(list) > 0 {
			return strings.Join(list, ", ")
		}
		if got := dig.Text(source, path...); got != "" || !want.pod {
			return got
		}
	}
	return ""
}

// requirement is one field of a container's securityContext; pod tells that the Pod may set it for all containers.
type requirement struct {
	field    string
	pod      bool
	expected string
	allows   func(got string) bool
}

func restricted() []requirement {
	only := func(values ...string) func(string) bool {
		return func(got string) bool { return slices.Contains(values, got) }
	}
	return []requirement{
		{"runAsNonRoot", true, "true", only("true")},
		{"runAsUser", true, "a user other than root", func(got string) bool { return got != "0" }},
		{"seccompProfile.type", true, "RuntimeDefault", only("RuntimeDefault", "Localhost")},
		{"allowPrivilegeEscalation", false, "false", only("false")},
		{"privileged", false, "nothing", only("", "false")},
		{"capabilities.drop", false, "ALL", func(got string) bool { return slices.Contains(strings.Split(got, ", "), "ALL") }},
		{"capabilities.add", false, "nothing but NET_BIND_SERVICE", only("", "NET_BIND_SERVICE")},
		{"procMount", false, "nothing", only("", "Default")},
		{"readOnlyRootFilesystem", false, "true", only("true")},
	}
}

// forbiddenVolume is the kind of a volume that the standard refuses; empty when it takes it.
func forbiddenVolume(volume any) string {
	allowed := []string{"name", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
	v, _ := volume.(map[string]any)
	for _, key := range sortedKeys(v) {
		if !slices.Contains(allowed, key) {
			return key
		}
	}
	return ""
}
