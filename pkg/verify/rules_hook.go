package verify

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
)

const hookAnnotation, policyAnnotation = "argocd.argoproj.io/hook", "argocd.argoproj.io/hook-delete-policy"

// hooks are the portal's objects that are not part of the sync itself.
func (c *Component) hooks() (hooks, synced []*helmchart.Manifest) {
	for _, m := range c.Manifests {
		if dig.Text(m.Object, "metadata", "annotations", hookAnnotation) != "" {
			hooks = append(hooks, m)
		} else {
			synced = append(synced, m)
		}
	}
	return hooks, synced
}

func hookAnnotations(e *Env) ([]Issue, error) {
	c, err := e.rendered()
	if err != nil {
		return nil, err
	}
	hooks, synced := c.hooks()
	var issues []Issue
	for _, m := range synced {
		helm := dig.Text(m.Object, "metadata", "annotations", "helm.sh/hook")
		if m.Kind() != "Job" && helm == "" {
			continue
		}
		if helm != "" {
			helm = "helm.sh/hook: " + helm
		}
		issues = append(issues, at(e.blame(c, m, "metadata", "annotations"), Issue{Resource: m.ID(), Field: hookAnnotation, Expected: "PreSync", Actual: orNothing(helm)}))
	}
	for _, m := range hooks {
		issues = append(issues, e.hookIssues(c, m, synced)...)
		issues = append(issues, e.waveIssues(c, m, hooks)...)
	}
	return issues, nil
}

func (e *Env) hookIssues(c *Component, m *helmchart.Manifest, synced []*helmchart.Manifest) []Issue {
	var issues []Issue
	add := func(field, want, got string, path ...string) {
		issues = append(issues, at(e.blame(c, m, path...), Issue{Resource: m.ID(), Field: field, Expected: want, Actual: orNothing(got)}))
	}
	annotations := dig.Map(m.Object, "metadata", "annotations")
	after := dig.Text(annotations, hookAnnotation) == "PostSync" // looks at what the sync made
	if got := dig.Text(annotations, hookAnnotation); got != "PreSync" && !after {
		add(hookAnnotation, "PreSync, or PostSync", got, hookAnnotation)
	}
	if got := dig.Text(annotations, policyAnnotation); !strings.Contains(got, "BeforeHookCreation") {
		add(policyAnnotation, "BeforeHookCreation: a Job that is still there blocks every further sync", got, policyAnnotation)
	}
	if m.Kind() != "Job" {
		return issues
	}
	if dig.Text(m.Object, "spec", "activeDeadlineSeconds") == "" {
		add("spec.activeDeadlineSeconds", "a deadline", "", "spec", "activeDeadlineSeconds")
	}
	for _, s := range synced {
		if kind, path := uses(podSpec(m), s); kind != "" && !after {
			add(path, "nothing that exists only after the sync", s.ID(), "spec", "template", "spec")
		}
	}
	return issues
}

// waveIssues are hooks that a Job needs and that Argo CD makes only after it: its Pod would wait for them until its
// deadline.
func (e *Env) waveIssues(c *Component, job *helmchart.Manifest, hooks []*helmchart.Manifest) []Issue {
	var issues []Issue
	for _, h := range hooks {
		if kind, path := uses(podSpec(job), h); kind != "" && wave(h) > wave(job) {
			issues = append(issues, at(e.blame(c, h, waveAnnotation), Issue{
				Resource: h.ID(), Field: waveAnnotation, Expected: fmt.Sprintf("%d or less: %s needs it in %s", wave(job), job.ID(), path), Actual: strconv.Itoa(wave(h)),
			}))
		}
	}
	return issues
}

const waveAnnotation = "argocd.argoproj.io/sync-wave"

// wave is an object's sync wave; without one it is 0.
func wave(m *helmchart.Manifest) int {
	n, _ := strconv.Atoi(dig.Text(m.Object, "metadata", "annotations", waveAnnotation)) // Argo CD takes 0, too
	return n
}

// uses tells where a Pod refers to an object of the chart: a ConfigMap, Secret or ServiceAccount.
func uses(pod map[string]any, m *helmchart.Manifest) (kind, path string) {
	if pod == nil {
		return "", ""
	}
	name := m.Name()
	if m.Kind() == "ExternalSecret" && dig.Text(m.Object, "spec", "target", "name") != "" {
		name = dig.Text(m.Object, "spec", "target", "name")
	}
	switch m.Kind() {
	case "ServiceAccount":
		if dig.Text(pod, "serviceAccountName") == name {
			return m.Kind(), "spec.template.spec.serviceAccountName"
		}
	case "ConfigMap":
		return inPod(m.Kind(), configMaps(pod)[name], takesFrom(pod, "configMapRef", "configMapKeyRef", name))
	case "ExternalSecret", "Secret":
		return inPod(m.Kind(), mountsSecret(pod, name), takesFrom(pod, "secretRef", "secretKeyRef", name))
	}
	return "", ""
}

func inPod(kind string, mounted, env bool) (string, string) {
	switch {
	case mounted:
		return kind, "spec.template.spec.volumes"
	case env:
		return kind, "spec.template.spec.containers"
	}
	return "", ""
}

// takesFrom tells whether a container takes its environment, or one variable, from an object.
func takesFrom(pod map[string]any, all, one, name string) bool {
	for _, c := range containers(pod) {
		for _, v := range dig.List(c, "envFrom") {
			if dig.Text(v, all, "name") == name {
				return true
			}
		}
		for _, v := range dig.List(c, "env") {
			if dig.Text(v, "valueFrom", one, "name") == name {
				return true
			}
		}
	}
	return false
}

// mountsSecret tells whether a Pod mounts a Secret.
func mountsSecret(pod map[string]any, name string) bool {
	for _, v := range dig.List(pod, "volumes") {
		if dig.Text(v, "secret", "secretName") == name {
			return true
		}
		for _, source := range dig.List(v, "projected", "sources") {
			if dig.Text(source, "secret", "name") == name {
				return true
			}
		}
	}
	return false
}
