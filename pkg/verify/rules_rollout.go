package verify

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ameideio/ameide/pkg/helmchart"
)

func rolloutRules() []Rule {
	return []Rule{
		{RuleInfo: rule("rollout/strategy", "an old and a new Pod never run at once", "use RollingUpdate with maxSurge 0 and maxUnavailable 1, or Recreate"), Env: rolloutNeverOverlaps},
		{RuleInfo: rule("rollout/startup-budget", "the startup probe waits for readiness, ten minutes at least", "a Pod that is killed while it migrates leaves a lock behind; give it time"), Env: startupBudget},
		{RuleInfo: rule("rollout/probes", "liveness and readiness ask Backstage's health paths", "use /.backstage/health/v1/liveness and /readiness"), Env: probePaths},
		{RuleInfo: rule("hook/annotations", "hook Jobs are Argo CD PreSync hooks that end, are replaced, and depend on nothing of the sync", "see the chart's migrations Job"), Env: hookAnnotations},
		{RuleInfo: rule("hook/unlock-script", "the unlock script is what a POSIX shell and psql take", "use plain statements; no DO $$, no heredoc that ends at the margin"), Env: unlockScript},
		{RuleInfo: advice("hook/unlock-off", "the unlock Job is off", "turn migrations.unlock.enabled off once production is green again"), Env: unlockOff},
		{RuleInfo: rule("hook/migrations", "migrations run either in the hook or at startup", "set migrations.mode and let the chart do the rest"), Env: migrationsOnce},
	}
}

func rolloutNeverOverlaps(e *Env) ([]Issue, error) {
	c, d, err := e.object("Deployment")
	if err != nil {
		return nil, err
	}
	strategy := mapping(d.Object, "spec", "strategy")
	surge := str(strategy, "rollingUpdate", "maxSurge")
	if str(strategy, "type") == "Recreate" || surge == "0" || surge == "0%" {
		return nil, nil
	}
	return []Issue{at(c.Values.Origin("strategy", "rollingUpdate", "maxSurge"), Issue{
		Resource: d.ID(), Field: "spec.strategy.rollingUpdate.maxSurge", Expected: "0", Actual: orNothing(surge),
	})}, nil
}

// minStartup is the least time that a first boot or an upgrade may need, in seconds: building an index of a large
// catalog takes many minutes.
const minStartup = 600

func startupBudget(e *Env) ([]Issue, error) {
	c, d, err := e.object("Deployment")
	if err != nil {
		return nil, err
	}
	probe := mapping(mainContainer(d), "startupProbe")
	if got := str(probe, "httpGet", "path"); got != readinessPath {
		return []Issue{at(c.Values.Origin("probes", "readinessPath"), Issue{Resource: d.ID(), Field: "startupProbe.httpGet.path", Expected: readinessPath, Actual: orNothing(got)})}, nil
	}
	budget := seconds(probe, "initialDelaySeconds", 0) + seconds(probe, "periodSeconds", 10)*seconds(probe, "failureThreshold", 3)
	if budget >= minStartup {
		return nil, nil
	}
	return []Issue{at(c.Values.Origin("probes", "startup", "failureThreshold"), Issue{
		Resource: d.ID(), Field: "startupProbe", Expected: fmt.Sprintf("%d s or more", minStartup), Actual: fmt.Sprintf("%d s", budget),
	})}, nil
}

// seconds is a number of a probe, or what Kubernetes takes when it is not given.
func seconds(probe map[string]any, field string, otherwise int) int {
	n, err := strconv.Atoi(str(probe, field))
	if err != nil {
		return otherwise
	}
	return n
}

func probePaths(e *Env) ([]Issue, error) {
	c, d, err := e.object("Deployment")
	if err != nil {
		return nil, err
	}
	var issues []Issue
	for _, p := range []struct{ probe, want, leaf string }{
		{"livenessProbe", livenessPath, "livenessPath"}, {"readinessProbe", readinessPath, "readinessPath"},
	} {
		got := str(mainContainer(d), p.probe, "httpGet", "path")
		startup := str(mainContainer(d), "startupProbe", "httpGet", "path")
		if got == p.want || p.probe == "readinessProbe" && got == startup { // rollout/startup-budget reports that one
			continue
		}
		issues = append(issues, at(c.Values.Origin("probes", p.leaf), Issue{Resource: d.ID(), Field: p.probe + ".httpGet.path", Expected: p.want, Actual: orNothing(got)}))
	}
	return issues, nil
}

const hookAnnotation, policyAnnotation = "argocd.argoproj.io/hook", "argocd.argoproj.io/hook-delete-policy"

// hooks are the portal's objects that are not part of the sync itself.
func (c *Component) hooks() (hooks, synced []*helmchart.Manifest) {
	for _, m := range c.Manifests {
		if str(m.Object, "metadata", "annotations", hookAnnotation) != "" {
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
		if m.Kind() == "Job" || str(m.Object, "metadata", "annotations", "helm.sh/hook") != "" {
			issues = append(issues, at(e.blame(c, m, "metadata", "annotations"), Issue{Resource: m.ID(), Field: hookAnnotation, Expected: "PreSync", Actual: "nothing"}))
		}
	}
	for _, m := range hooks {
		issues = append(issues, e.hookIssues(c, m, synced)...)
	}
	return issues, nil
}

func (e *Env) hookIssues(c *Component, m *helmchart.Manifest, synced []*helmchart.Manifest) []Issue {
	var issues []Issue
	add := func(field, want, got string, path ...string) {
		issues = append(issues, at(e.blame(c, m, path...), Issue{Resource: m.ID(), Field: field, Expected: want, Actual: orNothing(got)}))
	}
	annotations := mapping(m.Object, "metadata", "annotations")
	if got := str(annotations, hookAnnotation); got != "PreSync" {
		add(hookAnnotation, "PreSync", got, hookAnnotation)
	}
	if got := str(annotations, policyAnnotation); !strings.Contains(got, "BeforeHookCreation") {
		add(policyAnnotation, "BeforeHookCreation: a Job that is still there blocks every further sync", got, policyAnnotation)
	}
	if m.Kind() != "Job" {
		return issues
	}
	if str(m.Object, "spec", "activeDeadlineSeconds") == "" {
		add("spec.activeDeadlineSeconds", "a deadline", "", "spec", "activeDeadlineSeconds")
	}
	for _, s := range synced {
		if kind, path := uses(podSpec(m), s); kind != "" {
			add(path, "nothing that exists only after the sync", s.ID(), "spec", "template", "spec")
		}
	}
	return issues
}

// uses tells where a Pod refers to an object of the chart: a ConfigMap, Secret or ServiceAccount.
func uses(pod map[string]any, m *helmchart.Manifest) (kind, path string) {
	name := m.Name()
	if m.Kind() == "ExternalSecret" {
		name = str(m.Object, "spec", "target", "name")
	}
	switch m.Kind() {
	case "ServiceAccount":
		if str(pod, "serviceAccountName") == name {
			return m.Kind(), "spec.template.spec.serviceAccountName"
		}
	case "ConfigMap":
		if configMaps(pod)[name] {
			return m.Kind(), "spec.template.spec.volumes"
		}
	case "ExternalSecret", "Secret":
		for _, c := range containers(pod) {
			if _, ok := secretsOf(c)[name]; ok {
				return m.Kind(), "spec.template.spec.containers"
			}
		}
	}
	return "", ""
}

// secretsOf are the Secrets that a container takes its environment from.
func secretsOf(container map[string]any) map[string]bool {
	names := map[string]bool{}
	for _, v := range items(container, "env") {
		names[str(v, "valueFrom", "secretKeyRef", "name")] = true
	}
	for _, v := range items(container, "envFrom") {
		names[str(v, "secretRef", "name")] = true
	}
	delete(names, "")
	return names
}

// unlockJob is the Job that clears locks, nil when it is off.
func (c *Component) unlockJob() *helmchart.Manifest {
	for _, m := range c.Objects("Job") {
		if strings.HasSuffix(m.Name(), "-unlock") {
			return m
		}
	}
	return nil
}

// unlockScript reads the chart's own files, because the Job is off and therefore not rendered.
func unlockScript(e *Env) ([]Issue, error) {
	c, err := e.rendered()
	if err != nil {
		return nil, err
	}
	var issues []Issue
	for _, name := range []string{"files/unlock.sh", "files/unlock.sql", "files/lock-tables.sql", "files/sessions.sql", "templates/migrations-unlock-job.yaml"} {
		file := c.Chart.Dir() + "/" + name
		text, err := e.tree.read(file)
		if err != nil {
			issues = append(issues, Issue{File: file, Expected: "a file of the unlock Job", Actual: "nothing"})
			continue
		}
		for n, line := range strings.Split(string(text), "\n") {
			if why := unfitForShell(line); why != "" {
				issues = append(issues, Issue{File: file, Line: n + 1, Expected: "plain statements", Actual: why})
			}
		}
	}
	return issues, nil
}

func unfitForShell(line string) string {
	code, _, _ := strings.Cut(line, "#")
	switch {
	case strings.HasPrefix(strings.TrimSpace(line), "--"):
		return ""
	case strings.Contains(code, "DO $"), strings.Contains(code, "$$;"):
		return "a DO $$ block: the shell eats its dollars"
	case strings.Contains(code, "<<"):
		return "a heredoc: its end must not stand at the margin of a YAML block"
	case strings.Contains(code, "[["), strings.HasPrefix(strings.TrimSpace(code), "function "):
		return "a construct of bash"
	}
	return ""
}

func unlockOff(e *Env) ([]Issue, error) {
	c, err := e.rendered()
	if err != nil {
		return nil, err
	}
	job := c.unlockJob()
	if job == nil {
		return nil, nil
	}
	return []Issue{at(c.Values.Origin("migrations", "unlock", "enabled"), Issue{Resource: job.ID(), Field: "migrations.unlock.enabled", Expected: "false", Actual: "true"})}, nil
}

func migrationsOnce(e *Env) ([]Issue, error) {
	c, configs, err := e.appConfigs()
	if err != nil {
		return nil, err
	}
	skip, config := setting(configs, "backend", "database", "skipMigrations")
	job := false
	for _, m := range c.Objects("Job") {
		job = job || strings.HasSuffix(m.Name(), "-migrations")
	}
	switch {
	case job && skip != true:
		return []Issue{at(e.blame(c, configs[0].manifest, "skipMigrations"), Issue{
			Resource: configs[0].manifest.ID(), Field: "backend.database.skipMigrations", Expected: "true, because the hook migrates", Actual: text(skip),
		})}, nil
	case !job && skip == true:
		return []Issue{at(e.blame(c, config.manifest, "skipMigrations"), Issue{
			Resource: config.manifest.ID(), Field: "backend.database.skipMigrations", Expected: "nothing, because no hook migrates", Actual: "true",
		})}, nil
	}
	return nil, nil
}
