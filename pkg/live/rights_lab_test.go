package live_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ameideio/ameide/internal/livelab"
	"github.com/ameideio/ameide/pkg/verify"
)

// namespaceRules are what an SRE of one namespace may read in it; secrets are left out.
func namespaceRules() []map[string]any {
	return []map[string]any{
		livelab.Rule("", "pods,pods/log,services,events", "get", "list"), livelab.Rule("", "pods/portforward", "create", "get"),
		livelab.Rule("apps", "deployments", "get"), livelab.Rule("batch", "jobs", "list"), livelab.Rule("discovery.k8s.io", "endpointslices", "list"),
		livelab.Rule("gateway.networking.k8s.io", "httproutes,gateways", "get"), livelab.Rule("monitoring.coreos.com", "servicemonitors", "get"),
		livelab.Rule("external-secrets.io", "externalsecrets,secretstores", "get", "list"),
	}
}

// unseen are the checks that could not see everything.
func unseen(r livelab.Result) []string {
	var out []string
	for _, c := range r.Report.Checks {
		if c.Unseen {
			out = append(out, strings.TrimPrefix(c.Rule, "live/"))
		}
	}
	slices.Sort(out)
	return out
}

func (i *installation) rights(t *testing.T) {
	secrets := livelab.Rule("", "secrets", "get")
	i.cluster.Grant(t, "namespaced", ns, append(namespaceRules(), secrets)...)
	i.cluster.Grant(t, "nosecrets", ns, namespaceRules()...)
	i.cluster.Grant(t, "nosecrets", "argocd", livelab.Rule("argoproj.io", "applications", "get"))
	i.cluster.Grant(t, "nosecrets", "", livelab.Rule("", "nodes", "list"))
	for _, test := range []struct {
		user   string
		unseen []string
		says   []string
	}{
		{"nobody", []string{"argocd", "database", "deployment", "health", "log-format", "logs", "metrics", "migration-job", "migrations", "nodes", "plugins", "pods", "restarts", "route", "secret-chain", "secrets", "traces"},
			[]string{`{apiGroups: [""], resources: ["pods"], verbs: ["list"]} in a Role of namespace ameide-dev`, `{apiGroups: ["apps"], resources: ["deployments"], verbs: ["get"]}`}},
		{"namespaced", []string{"argocd", "nodes"},
			[]string{`{apiGroups: ["argoproj.io"], resources: ["applications"], verbs: ["get"]} in a Role of namespace argocd`, `{apiGroups: [""], resources: ["nodes"], verbs: ["list"]} in a ClusterRole`}},
		{"nosecrets", []string{"database", "migrations", "secret-chain", "secrets"},
			[]string{`{apiGroups: [""], resources: ["secrets"], verbs: ["get"]} in a Role of namespace ameide-dev`}},
	} {
		t.Run(test.user, func(t *testing.T) {
			r := i.Verify(t, i.cluster.Kubeconfig(t, test.user, "ameide-dev"), "dev")
			if got := failing(r); r.Code != 3 || len(got) > 0 {
				t.Errorf("exit %d, failing %v, want 3 and none\n%.3000s", r.Code, got, issues(r))
			}
			if got := unseen(r); !slices.Equal(got, test.unseen) {
				t.Errorf("unseen %v, want %v\n%.6000s", got, test.unseen, issues(r))
			}
			for _, text := range test.says {
				if !strings.Contains(issues(r), text) {
					t.Errorf("nothing says %s:\n%.6000s", text, issues(r))
				}
			}
			for _, c := range r.Report.Checks {
				if strings.HasPrefix(c.Rule, "live/") && !c.Unseen && c.Status != verify.Pass {
					t.Errorf("%s is %s: the other checks go on", c.Rule, c.Status)
				}
			}
		})
	}
}
