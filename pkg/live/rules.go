package live

import (
	"errors"

	"github.com/ameideio/ameide/pkg/verify"
)

// Area is what the ids of all rules start with.
const Area = "live/"

// judge is one rule: pure, it decides from what is declared and what was seen.
type judge struct {
	verify.RuleInfo
	decide func(d *Declared, s *Snapshot, v *verdict)
}

func judges() []judge {
	fails := func(id, summary, hint string, decide func(*Declared, *Snapshot, *verdict)) judge {
		return judge{verify.RuleInfo{ID: Area + id, Severity: verify.Error, Summary: summary, Hint: hint}, decide}
	}
	warns := func(id, summary, hint string, decide func(*Declared, *Snapshot, *verdict)) judge {
		return judge{verify.RuleInfo{ID: Area + id, Severity: verify.Warning, Summary: summary, Hint: hint}, decide}
	}
	return []judge{
		fails("argocd", "Argo CD has synced the Application, and it is healthy", "see the Application in Argo CD", judgeApplication),
		fails("deployment", "the Deployment is what Git declares and is rolled out, one revision at a time", "let Argo CD sync; see what holds the rollout in live/pods", judgeDeployment),
		fails("pods", "every Pod runs the declared image and is ready", "see live/logs and live/health for the cause", judgePods),
		warns("restarts", "no container was restarted", "see how it ended", judgeRestarts),
		fails("logs", "no log has the lines of a known incident", "follow the incident's way out", judgeLogs),
		warns("log-format", "logs are JSON lines", "run with NODE_ENV=production; collectors drop lines that they cannot read", judgeLogFormat),
		fails("nodes", "the image is built for every node that a Pod may land on", "use an image index with all platforms, or set nodeSelector kubernetes.io/arch", judgeNodes),
		fails("route", "the HTTPRoute is accepted, its Service has endpoints, and its host is the listener's", "see the Gateway's and the HTTPRoute's status", judgeRoute),
		fails("health", "every Pod says that it is ready, and so does the public host", "readiness decides: liveness stays 200 after a failed start", judgeHealth),
		fails("plugins", "every plugin's API is mounted and started", "401 is a plugin that answers; 404 is one that the image lacks or that did not start", judgePlugins),
		fails("secrets", "the Secrets are there, fresh, and hold no placeholder", "see the ExternalSecret's and the SecretStore's status", judgeSecrets),
		fails("secret-chain", "Keycloak, Vault, Secret and Pod have one client secret", "run reconcile; then let External Secrets refresh and Reloader restart the Pods", judgeChain),
		fails("login", "people can sign in", "run reconcile --env for the client; see the message", judgeLogin),
		fails("database", "the portal's role reaches its database and may create what it needs", "see the role in the CloudNativePG cluster", judgeDatabase),
		fails("migrations", "every migration lock is free, and the plugins' databases are migrated", "see docs/migrations.md; run ameide platform backstage migrations", judgeMigrations),
		fails("migration-job", "the migrations of this revision have run", "see the hook Job's log", judgeMigrationJob),
		fails("metrics", "the ServiceMonitor selects the Service, and the endpoint serves metrics", "the port's name and the labels must agree, and the image must preload the SDK", judgeMetrics),
		warns("traces", "the collector that traces are sent to has a ready endpoint", "see the collector's Pods", judgeTraces),
	}
}

// RuleInfos describes the rules.
func RuleInfos() []verify.RuleInfo {
	var infos []verify.RuleInfo
	for _, j := range judges() {
		infos = append(infos, j.RuleInfo)
	}
	return infos
}

// Look is one environment, declared and seen.
type Look struct {
	Declared *Declared
	Snapshot *Snapshot
}

// Rules are the checks of running environments as rules of verify. look is called by every rule and gives each of them
// the same; its error is why there is nothing to judge.
func Rules(look func(env string) (Look, error)) []verify.Rule {
	var rules []verify.Rule
	for i, j := range judges() {
		rules = append(rules, verify.Rule{RuleInfo: j.RuleInfo, Env: func(e *verify.Env) ([]verify.Issue, error) {
			l, err := look(e.Name)
			if err == nil {
				return j.ask(l)
			}
			var unseen *verify.Unseen
			if i > 0 && errors.As(err, &unseen) {
				return nil, &verify.Unseen{Reason: unseen.Reason} // the first rule tells the rest
			}
			return nil, err
		}})
	}
	return rules
}

func (j judge) ask(l Look) ([]verify.Issue, error) {
	var v verdict
	j.decide(l.Declared, l.Snapshot, &v)
	return v.answer()
}
