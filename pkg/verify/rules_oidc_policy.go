package verify

import (
	"path"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/lazy"
)

var (
	policyStart = lazy.Regexp(`vault policy write\s+(\S+)`)
	policyPath  = lazy.Regexp(`^\s*path\s+"([^"]+)"\s*\{[^}]*capabilities\s*=\s*\[([^\]]*)\]`)
)

// grant is one path of a Vault policy.
type grant struct {
	policy, path string
	capabilities []string
}

// grants reads the policies that a script writes.
func grants(script string) []grant {
	var all []grant
	policy := ""
	for line := range strings.Lines(script) {
		if m := policyStart().FindStringSubmatch(line); m != nil {
			policy = m[1]
		}
		if m := policyPath().FindStringSubmatch(line); m != nil {
			words := strings.FieldsFunc(m[2], func(r rune) bool { return strings.ContainsRune(`", `, r) })
			all = append(all, grant{policy, m[1], words})
		}
	}
	return all
}

// covers tells whether a policy's path means a path: a * at its end is any rest, a + any one segment.
func (g grant) covers(p string) bool {
	prefix, open := strings.CutSuffix(g.path, "*")
	want, have := strings.Split(p, "/"), strings.Split(prefix, "/")
	if len(have) > len(want) || !open && len(have) != len(want) {
		return false
	}
	for n, segment := range have {
		last := open && n == len(have)-1
		if segment != "+" && segment != want[n] && !(last && strings.HasPrefix(want[n], segment)) {
			return false
		}
	}
	return true
}

func policyCovers(t *Tree) ([]Issue, error) {
	var issues []Issue
	asked := 0
	for _, e := range t.Envs {
		found, err := e.policyCovers()
		if _, skip := skipped(err); skip {
			continue
		}
		asked++
		for _, i := range found {
			if !slices.Contains(issues, i) {
				issues = append(issues, i)
			}
		}
	}
	if asked == 0 {
		return nil, notApplicable("no environment has a Vault bootstrap in this tree")
	}
	return issues, nil
}

const vaultBootstrap = "foundation-vault-bootstrap"

func (e *Env) policyCovers() ([]Issue, error) {
	c := e.Component(vaultBootstrap)
	if c == nil {
		return nil, notApplicable("no Application")
	}
	if c.Err != nil {
		return chartIssues(c.Err), c.Err
	}
	role := e.patcherRole()
	vault := e.tree.Spec.OIDC.Vault
	want := path.Join(vault.Mount, "data", vault.Key)
	var writer *helmchart.Manifest
	for _, m := range c.Manifests {
		for _, g := range grants(scripts(m)) {
			if g.policy != role {
				continue
			}
			writer = m
			if g.covers(want) && slices.Contains(g.capabilities, "create") && slices.Contains(g.capabilities, "update") {
				return nil, nil
			}
		}
	}
	if writer == nil {
		return nil, notApplicable("no script writes the policy " + role)
	}
	return []Issue{{
		File: writer.Template, Line: e.tree.policyLine(writer.Template, want), Resource: writer.ID(), Field: "policy " + role,
		Expected: `path "` + want + `" with create and update`, Actual: "nothing",
		Hint: "Vault answers permission denied to the client patcher, and the Secret never comes to be",
	}}, nil
}

// patcherRole is the Vault role that the client patcher logs in with; its policy has the same name.
func (e *Env) patcherRole() string {
	if c, err := e.values(realmComponent); err == nil {
		if v, _, ok := c.Values.Lookup("clientPatcher", "vault", "authRole"); ok {
			return dig.Text(v)
		}
	}
	return "keycloak-client-patcher"
}

// scripts are the commands of an object's containers.
func scripts(m *helmchart.Manifest) string {
	var all []string
	for _, c := range containers(podSpec(m)) {
		all = append(all, dig.Texts(c, "command")...)
		all = append(all, dig.Texts(c, "args")...)
	}
	return strings.Join(all, "\n")
}

// policyLine is the line of a template that grants most of a path, or of the last policy path.
func (t *Tree) policyLine(file, want string) int {
	text, _ := t.read(file)
	last, n := 0, 0
	for line := range strings.Lines(string(text)) {
		n++
		m := policyPath().FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if (grant{path: m[1]}).covers(want) && strings.Contains(m[1], "-") {
			return n
		}
		last = n
	}
	return last
}
