package verify

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/lazy"
)

var (
	roleWrite = lazy.Regexp(`vault write auth/kubernetes/role/(\S+)((?:[^\\\n]|\\\n|\\[^\n])*)`)
	roleField = lazy.Regexp(`(\w+)=(\S+)`)
)

// vaultRoles are the roles of Vault's Kubernetes auth method that a script writes, with their fields.
func vaultRoles(script string) map[string]map[string]string {
	roles := map[string]map[string]string{}
	for _, m := range roleWrite().FindAllStringSubmatch(script, -1) {
		fields := map[string]string{}
		for _, f := range roleField().FindAllStringSubmatch(m[2], -1) {
			fields[f[1]] = strings.Trim(f[2], `"'`)
		}
		roles[m[1]] = fields
	}
	return roles
}

// vaultRoleIssues follow the Job's login: its role is written by the Vault bootstrap, binds the Job's ServiceAccount, and
// has a policy that covers every entry that the Job writes.
func (e *Env) vaultRoleIssues(job *helmchart.Manifest) []Issue {
	bootstrap := e.Component(vaultBootstrap)
	if bootstrap == nil || bootstrap.Err != nil {
		return nil // oidc/vault-policy reports it
	}
	name, account := flag(dig.Texts(mainContainer(job), "args"), "--vault-role"), dig.Text(podSpec(job), "serviceAccountName")
	var writer *helmchart.Manifest
	for _, m := range bootstrap.Manifests {
		all := vaultRoles(scripts(m))
		if len(all) > 0 {
			writer = m
		}
		role, ok := all[name]
		if !ok {
			continue
		}
		if bound := strings.Split(role["bound_service_account_names"], ","); !slices.Contains(bound, account) && !slices.Contains(bound, "*") {
			return []Issue{e.roleIssue(m, job, "role "+name, "bound_service_account_names="+account, orNothing(role["bound_service_account_names"]))}
		}
		return e.uncovered(m, job, strings.Split(role["policies"], ","))
	}
	if writer == nil {
		return nil
	}
	return []Issue{e.roleIssue(writer, job, "role "+name, "bound to ServiceAccount "+account, "nothing")}
}

// uncovered are the entries that no policy of the role lets the Job write: Vault answers permission denied.
func (e *Env) uncovered(m, job *helmchart.Manifest, policies []string) []Issue {
	c := e.Component(realmComponent)
	mount, _, _ := c.Values.Lookup("clientPatcher", "vault", "kvPath")
	var issues []Issue
	for _, list := range []string{"clients", "masterRealmClients"} {
		entries, _, _ := c.Values.Lookup("clientPatcher", "secretExtraction", list)
		for n, entry := range dig.List(entries) {
			key := dig.Text(entry, "vaultKey")
			want := path.Join(dig.Text(mount), "data", key)
			if key == "" || slices.ContainsFunc(grants(scripts(m)), func(g grant) bool {
				return slices.Contains(policies, g.policy) && g.covers(want) && slices.Contains(g.capabilities, "create") && slices.Contains(g.capabilities, "update")
			}) {
				continue
			}
			pos := c.Values.Origin("clientPatcher", "secretExtraction", list, strconv.Itoa(n), "vaultKey")
			issues = append(issues, at(pos, Issue{
				Resource: job.ID(), Field: "vaultKey", Expected: "an entry that policy " + strings.Join(policies, ", ") + " lets the Job create and update", Actual: want,
				Hint: "add the path to the policy in " + m.Template,
			}))
		}
	}
	return issues
}

func (e *Env) roleIssue(m, job *helmchart.Manifest, field, want, got string) Issue {
	line := 0
	text, _ := e.tree.read(m.Template)
	for n, l := range strings.Split(string(text), "\n") {
		if strings.Contains(l, "auth/kubernetes/role/") {
			line = n + 1
		}
	}
	return Issue{File: m.Template, Line: line, Resource: job.ID(), Field: field, Expected: want, Actual: got, Hint: "Vault refuses the Job's login: run generate with hooks.runner ameide"}
}

// flag is the value of --name=value.
func flag(args []string, name string) string {
	for _, a := range args {
		if value, ok := strings.CutPrefix(a, name+"="); ok {
			return value
		}
	}
	return ""
}
