package verify

import (
	"fmt"
	"strconv"

	"github.com/ameideio/ameide/pkg/dig"
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
	strategy := dig.Map(d.Object, "spec", "strategy")
	surge := dig.Text(strategy, "rollingUpdate", "maxSurge")
	if dig.Text(strategy, "type") == "Recreate" || surge == "0" || surge == "0%" { // chart/schema asks whether the rest fits
		return e.tooManyPods(c, d)
	}
	return []Issue{at(c.Values.Origin("strategy", "rollingUpdate", "maxSurge"), Issue{
		Resource: d.ID(), Field: "spec.strategy.rollingUpdate.maxSurge", Expected: "0", Actual: orNothing(surge),
	})}, nil
}

// tooManyPods are replicas that migrate when they start: they would do so at once.
func (e *Env) tooManyPods(c *Component, d *helmchart.Manifest) ([]Issue, error) {
	replicas := dig.Text(d.Object, "spec", "replicas")
	if n, err := strconv.Atoi(replicas); err != nil || n <= 1 {
		return nil, nil
	}
	_, configs, err := e.appConfigs()
	if err != nil {
		return nil, err
	}
	if skip, _ := setting(configs, "backend", "database", "skipMigrations"); skip == true || c.migrationJob() != nil {
		return nil, nil // hook/migrations asks whether the two fit
	}
	return []Issue{at(c.Values.Origin("replicaCount"), Issue{
		Resource: d.ID(), Field: "spec.replicas", Expected: "1, because every Pod migrates when it starts", Actual: replicas,
		Hint: "set migrations.mode to job before you add Pods",
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
	probe := dig.Map(mainContainer(d), "startupProbe")
	if got := dig.Text(probe, "httpGet", "path"); got != readinessPath {
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
	n, err := strconv.Atoi(dig.Text(probe, field))
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
		got := dig.Text(mainContainer(d), p.probe, "httpGet", "path")
		startup := dig.Text(mainContainer(d), "startupProbe", "httpGet", "path")
		if got == p.want || p.probe == "readinessProbe" && got == startup { // rollout/startup-budget reports that one
			continue
		}
		issues = append(issues, at(c.Values.Origin("probes", p.leaf), Issue{Resource: d.ID(), Field: p.probe + ".httpGet.path", Expected: p.want, Actual: orNothing(got)}))
	}
	return append(issues, e.probePorts(c, d)...), nil
}

// probePorts are probes of a port that the container does not declare: a name that leads nowhere kills every Pod.
func (e *Env) probePorts(c *Component, d *helmchart.Manifest) []Issue {
	var issues []Issue
	for _, probe := range []string{"startupProbe", "livenessProbe", "readinessProbe"} {
		port := dig.Text(mainContainer(d), probe, "httpGet", "port")
		_, byName := indexed(mainContainer(d), "name", port, "ports")
		_, byNumber := indexed(mainContainer(d), "containerPort", port, "ports")
		if port != "" && byName < 0 && byNumber < 0 {
			issues = append(issues, at(e.blame(c, d, probe, "httpGet", "port"), Issue{
				Resource: d.ID(), Field: probe + ".httpGet.port", Expected: "a port of the container", Actual: port,
			}))
		}
	}
	return issues
}
