package verify_test

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/internal/example"
	"github.com/ameideio/ameide/internal/mutations"
	"github.com/ameideio/ameide/pkg/kubeschema"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/verify"
)

// correctTree is the example's checkout after generate. It is made once; what it holds is not changed.
var correctTree = sync.OnceValues(func() (fstest.MapFS, error) {
	s := spec.Default()
	return example.Installed(&s)
})

func mustTree(t *testing.T) fstest.MapFS {
	t.Helper()
	tree, err := correctTree()
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// schemas are those of the default Kubernetes version: compiling them for each tree would take as long as the rules.
var schemas = sync.OnceValues(func() (*kubeschema.Validator, error) { return kubeschema.New(spec.Default().Kubernetes.Version) })

// findings is every check that does not pass, as rule and environment.
func findings(t *testing.T, tree fs.FS, envs []string, o verify.Options) []string {
	t.Helper()
	loaded, err := spec.LoadOptional(tree, spec.FileName)
	if err != nil {
		return []string{"spec: " + err.Error()}
	}
	load := verify.LoadOptions{Envs: envs, Scratch: t.TempDir(), Today: "2026-01-01"}
	if loaded.Kubernetes.Version == spec.Default().Kubernetes.Version {
		if load.Schemas, err = schemas(); err != nil {
			t.Fatal(err)
		}
	}
	v, err := verify.Load(tree, loaded, load)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, c := range verify.Run(v, verify.Rules(), o).Checks {
		if c.Status == verify.Fail || c.Status == verify.Warn {
			found = append(found, strings.TrimSpace(c.Rule+" "+c.Env))
		}
	}
	return found
}

func TestACorrectTreeHasNoFailures(t *testing.T) {
	t.Parallel()
	tree := mustTree(t)
	loaded, err := spec.LoadOptional(tree, spec.FileName)
	if err != nil {
		t.Fatal(err)
	}
	v, err := verify.Load(tree, loaded, verify.LoadOptions{Envs: loaded.EnvironmentNames(), Scratch: t.TempDir(), Today: "2026-01-01"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range verify.Run(v, verify.Rules(), verify.Options{}).Checks {
		if c.Status == verify.Fail || c.Status == verify.Skip && !slices.Contains(notAsked(), c.Rule+" "+c.Env) {
			t.Errorf("%s %s: %s %s %+v", c.Rule, c.Env, c.Status, c.Message, c.Issues)
		}
	}
}

// notAsked are rules that the example gives no reason to ask: the stock image of the laptop serves no metrics.
func notAsked() []string { return []string{"service/monitor local"} }

// Each mutation breaks one line of a correct tree. The rule that it names fires, in every environment that it names, and
// nothing else does. The chart's own unit tests are left out: they fire on every change of a template, which is their job.
func TestEveryMutationFiresItsRuleAndNoOther(t *testing.T) {
	correct := mustTree(t)
	o := verify.Options{Skip: []string{"chart/unittest"}}
	baseline := findings(t, correct, everywhere(), o)
	table, err := mutations.Table()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range table {
		t.Run(m.Rule, func(t *testing.T) {
			t.Parallel()
			run := o
			if m.Rule == "chart/unittest" {
				run = verify.Options{}
			}
			tree := maps.Clone(correct)
			if delete(tree, m.File); !m.Delete {
				tree[m.File] = &fstest.MapFile{Data: broken(t, correct, m), Mode: 0o644}
			}
			envs := asked(m)
			got := slices.DeleteFunc(findings(t, tree, envs, run), func(f string) bool { return slices.Contains(baseline, f) })
			if diff := cmp.Diff(got, expected(m, envs)); diff != "" {
				t.Errorf("%s: %q becomes %q: -got +want:\n%s", m.File, m.Line, m.Becomes, diff)
			}
		})
	}
}

func everywhere() []string { return []string{"dev", "staging", "production", "local"} }

// asked are the environments to look at: those that the mutation names; of all of them the two that differ most; and for
// a rule about the tree the one whose files the mutations break, and another.
func asked(m mutations.Mutation) []string {
	switch len(m.Envs) {
	case 0:
		return []string{"dev", "local"}
	case len(everywhere()):
		return []string{"production", "local"}
	}
	return m.Envs
}

// expected is what must fire in some environments.
func expected(m mutations.Mutation, envs []string) []string {
	return slices.DeleteFunc(m.Findings(), func(f string) bool {
		_, env, inEnv := strings.Cut(f, " ")
		return inEnv && !slices.Contains(envs, env)
	})
}

func TestEveryRuleHasAMutation(t *testing.T) {
	t.Parallel()
	table, err := mutations.Table()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range verify.RuleInfos() {
		if !slices.ContainsFunc(table, func(m mutations.Mutation) bool { return m.Rule == r.ID }) {
			t.Errorf("%s: no mutation shows that it fires", r.ID)
		}
	}
}

// broken is a file of the tree with the mutation's line replaced.
func broken(t *testing.T, tree fstest.MapFS, m mutations.Mutation) []byte {
	t.Helper()
	file, ok := tree[m.File]
	if !ok {
		if m.Line == "" {
			return []byte(m.Becomes)
		}
		t.Fatalf("%s is not in the tree", m.File)
	}
	text := string(file.Data)
	if n := strings.Count(text, m.Line); n != 1 {
		t.Fatalf("%s: %q stands there %d times", m.File, m.Line, n)
	}
	return []byte(strings.Replace(text, m.Line, m.Becomes, 1))
}
