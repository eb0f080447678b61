package live

import (
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/verify"
)

// Summarize is the environment's part of a report: each thing as Git declares it and as it runs, with both verdicts; the
// known incidents; and the success criteria. checks are those of the whole run.
func Summarize(l Look, checks []verify.Check) verify.Environment {
	env := l.Declared.Env.Name
	isLive := func(rule string) bool { return strings.HasPrefix(rule, Area) }
	return verify.Environment{
		Name:      env,
		Offline:   verify.Worst(checks, env, func(rule string) bool { return !isLive(rule) }),
		Live:      liveStatus(checks, env),
		Facts:     facts(l, checks),
		Incidents: incidents(l.Declared, l.Snapshot),
		Criteria:  criteria(l, checks),
		Requests:  l.Snapshot.Requests,
	}
}

// liveStatus is the worst of the live checks. What could not be seen keeps it from passing.
func liveStatus(checks []verify.Check, env string) verify.Status {
	worst := verify.Worst(checks, env, func(rule string) bool { return strings.HasPrefix(rule, Area) })
	blind := slices.ContainsFunc(checks, func(c verify.Check) bool { return c.Env == env && c.Unseen })
	if blind && worst != verify.Fail {
		return verify.Skip
	}
	return worst
}

// row is one line of the comparison.
type row struct {
	subject  string
	check    string // live rule, without its area
	offline  []string
	declared func(d *Declared) string
	running  func(d *Declared, s *Snapshot) string
}

func rows() []row {
	return []row{
		{"Application", "argocd", []string{"appset/application"}, (*Declared).ApplicationName, runningApplication},
		{"image", "pods", []string{"image/"}, (*Declared).Image, runningImage},
		{"rollout", "deployment", []string{"rollout/"}, declaredRollout, runningRollout},
		{"Pods", "pods", []string{"rollout/"}, func(d *Declared) string {
			return orElse(dig.Text(d.Deployment, "spec", "replicas"), "autoscaled") + " ready"
		}, runningPods},
		{"nodes", "nodes", []string{"image/architecture"}, func(d *Declared) string { return strings.Join(d.Env.NodeArchitectures, ", ") }, runningNodes},
		{"route", "route", []string{"route/", "host/"}, declaredRoute, runningRoute},
		{"health", "health", []string{"route/health", "rollout/probes"}, func(d *Declared) string { return d.ProbePath("readinessProbe") + " 200" }, runningHealth},
		{"plugins", "plugins", []string{"config/"}, func(d *Declared) string { return strings.Join(d.Plugins(), ", ") }, runningPlugins},
		{"secrets", "secrets", []string{"secret/"}, func(d *Declared) string { return strings.Join(d.SecretNames(), ", ") }, runningSecrets},
		{"client secret", "secret-chain", []string{"oidc/extraction", "oidc/vault-key", "oidc/secret-key"}, declaredChain, runningChain},
		{"sign-in", "login", []string{"oidc/"}, declaredLogin, runningLogin},
		{"database", "database", []string{"database/"}, declaredDatabase, runningDatabase},
		{"migrations", "migrations", []string{"hook/"}, func(*Declared) string { return "every lock FREE" }, runningMigrations},
		{"metrics", "metrics", []string{"service/monitor"}, declaredMetrics, runningMetrics},
	}
}

func facts(l Look, checks []verify.Check) []verify.Fact {
	var out []verify.Fact
	env := l.Declared.Env.Name
	for _, r := range rows() {
		f := verify.Fact{Subject: r.subject, Check: Area + r.check, Declared: orNothing(r.declared(l.Declared)), Running: r.running(l.Declared, l.Snapshot)}
		f.Offline = verify.Worst(checks, env, func(rule string) bool {
			return slices.ContainsFunc(r.offline, func(prefix string) bool { return strings.HasPrefix(rule, prefix) })
		})
		f.Live = verify.Worst(checks, env, func(rule string) bool { return rule == f.Check })
		out = append(out, f)
	}
	return out
}
