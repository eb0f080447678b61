package verify

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
)

func inClusterRules() []Rule {
	return []Rule{
		{RuleInfo: rule("hook/one-reconciler", "either the shell client patcher or the reconcile Job brings clients into Keycloak", "switch exactly one of clientPatcher.enabled and ameideReconcile.enabled on; generate does it by hooks.runner"), Env: oneReconciler},
		{RuleInfo: rule("hook/reconcile", "the reconcile Job runs between the realm's import and the ExternalSecrets, and Vault knows its ServiceAccount", "run generate with hooks.runner ameide"), Env: reconcileJob},
	}
}

// oneReconciler asks who writes: with two, each undoes what the other calls drift; with none, a client that is added to
// Git never reaches Keycloak.
func oneReconciler(e *Env) ([]Issue, error) {
	c, err := e.values(realmComponent)
	if err != nil {
		return nil, err
	}
	patcher, ours := []string{"clientPatcher", "enabled"}, []string{"ameideReconcile", "enabled"}
	switch shell, ameide := c.on(patcher), c.on(ours); {
	case shell && ameide:
		return []Issue{at(c.Values.Origin(ours...), Issue{Field: strings.Join(ours, "."), Expected: "false, or clientPatcher.enabled false", Actual: "both are on"})}, nil
	case !shell && !ameide:
		return []Issue{at(c.Values.Origin(patcher...), Issue{Field: strings.Join(patcher, "."), Expected: "true, or ameideReconcile.enabled true", Actual: "neither is on"})}, nil
	}
	return nil, nil
}

// on tells whether a switch in the component's effective values is true.
func (c *Component) on(path []string) bool {
	v, _, _ := c.Values.Lookup(path...)
	return v == true
}

func reconcileJob(e *Env) ([]Issue, error) {
	c := e.Component(realmComponent)
	if c == nil || c.Err != nil {
		return nil, notApplicable("the realm's chart does not render here")
	}
	job := c.reconcileJob()
	if job == nil {
		return nil, nil
	}
	issues := e.orderIssues(c, job)
	if policy := dig.Text(job.Object, "metadata", "annotations", policyAnnotation); policy != "BeforeHookCreation" {
		issues = append(issues, at(e.annotationLine(c, job, policyAnnotation), Issue{
			Resource: job.ID(), Field: policyAnnotation, Expected: "BeforeHookCreation: a failed Job stays for its log, and blocks no later sync", Actual: orNothing(policy),
		}))
	}
	if image := dig.Text(mainContainer(job), "image"); !strings.Contains(image, "@sha256:") {
		issues = append(issues, at(c.Values.Origin("ameideReconcile", "image", "digest"), Issue{
			Resource: job.ID(), Field: "image", Expected: "a digest: the Job may write to Keycloak and Vault", Actual: orNothing(image),
		}))
	}
	return append(issues, e.vaultRoleIssues(job)...), nil
}

// reconcileJob is the Job that runs ameide on the realm's clients, nil when there is none.
func (c *Component) reconcileJob() *helmchart.Manifest {
	for _, m := range c.Objects("Job") {
		if args := dig.Texts(mainContainer(m), "args"); slices.Contains(args, "backstage") && slices.Contains(args, "reconcile") {
			return m
		}
	}
	return nil
}

// orderIssues are objects that stand on the wrong side of the Job: what it needs must be there before, and the
// ExternalSecrets come after, or the sync waits for entries that only the Job writes.
func (e *Env) orderIssues(c *Component, job *helmchart.Manifest) []Issue {
	var issues []Issue
	for _, m := range c.Manifests {
		_, needed := uses(podSpec(job), m)
		before := needed != "" || m.Kind() == "KeycloakRealmImport"
		after := m.Kind() == "ExternalSecret"
		order := turn(m).compare(turn(job))
		switch {
		case before && order >= 0:
			issues = append(issues, at(e.annotationLine(c, m, waveAnnotation), Issue{Resource: m.ID(), Field: waveAnnotation, Expected: "before " + turn(job).String() + " of " + job.ID(), Actual: turn(m).String()}))
		case after && order <= 0:
			issues = append(issues, at(e.annotationLine(c, job, waveAnnotation), Issue{Resource: job.ID(), Field: waveAnnotation, Expected: "before " + turn(m).String() + " of " + m.ID(), Actual: turn(job).String()}))
		}
	}
	return issues
}

// annotationLine is where a template writes an annotation of an object: below the line of its kind, because one file has several.
func (e *Env) annotationLine(c *Component, m *helmchart.Manifest, annotation string) helmchart.Pos {
	text, _ := e.tree.read(m.Template)
	lines := strings.Split(string(text), "\n")
	kind := slices.Index(lines, "kind: "+m.Kind())
	for n, l := range lines {
		if n > kind && kind >= 0 && strings.HasPrefix(strings.TrimSpace(l), annotation+":") {
			return helmchart.Pos{File: m.Template, Line: n + 1}
		}
	}
	return e.blame(c, m, annotation)
}

// moment is when Argo CD makes an object: phase, then wave.
type moment struct{ phase, wave int }

func turn(m *helmchart.Manifest) moment {
	phases := []string{"PreSync", "Sync", "PostSync"}
	first, _, _ := strings.Cut(dig.Text(m.Object, "metadata", "annotations", hookAnnotation), ",")
	if n := slices.Index(phases, strings.TrimSpace(first)); n >= 0 {
		return moment{n - 1, wave(m)}
	}
	return moment{0, wave(m)}
}

func (a moment) compare(b moment) int {
	if a.phase != b.phase {
		return a.phase - b.phase
	}
	return a.wave - b.wave
}

func (a moment) String() string {
	return []string{"PreSync", "Sync", "PostSync"}[a.phase+1] + " wave " + strconv.Itoa(a.wave)
}

// bound tells whether a ServiceAccount has rights by a RoleBinding of the chart: then a Pod needs its token.
func (c *Component) bound(account string) bool {
	for _, m := range c.Objects("RoleBinding") {
		if subject, _ := indexed(m.Object, "name", account, "subjects"); account != "" && subject != nil {
			return true
		}
	}
	return false
}

// backstageContainer is the container of a workload that runs Backstage: the first one, or in a Job, where other programs
// may run before and after it, the one that names config files.
func backstageContainer(m *helmchart.Manifest) map[string]any {
	if m.Kind() == "Job" {
		for _, c := range containers(podSpec(m)) {
			if slices.Contains(dig.Texts(c, "args"), "--config") {
				return c
			}
		}
	}
	return mainContainer(m)
}
