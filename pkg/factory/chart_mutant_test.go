package factory_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"text/template/parse"

	"github.com/ameideio/ameide/pkg/helmchart"
)

// unbent begins the names of files that are only read and printed again: no suite may notice those.
const unbent = "printed again: "

// A branch that no test takes is a branch that nobody knows. So every if, with and range of every template is bent, once
// to be never taken and once to be always taken, and a suite must notice. All of them take a minute: they run with
// the lab; otherwise every fortieth does.
func TestTheSuitesNoticeEveryBentBranch(t *testing.T) {
	files := chartFiles(t)
	mutants := bentBranches(t, files)
	step := 40
	if os.Getenv("AMEIDE_LAB") == "1" {
		step = 1
	}
	if len(mutants) < 100 {
		t.Fatalf("%d mutants: the templates are not read", len(mutants))
	}
	t.Logf("%d mutants, one in %d tried", len(mutants), step)
	for i := 0; i < len(mutants); i += step {
		m := mutants[i]
		if noticed, want := suitesNotice(t, files, m), !strings.HasPrefix(m.name, unbent); noticed != want {
			t.Errorf("%s: a suite notices: %v, want %v", m.name, noticed, want)
		}
	}
}

// mutant is a template with one branch bent.
type mutant struct {
	name string // file, the action and how it is bent
	file string
	text string
}

// suitesNotice tells whether a suite fails on a mutant. The suites of the mutant's own template come first, and the
// first failure ends the search. The schema is left out: it would only be compiled again and again.
func suitesNotice(t *testing.T, files fstest.MapFS, m mutant) bool {
	t.Helper()
	base := maps.Clone(files)
	delete(base, chartDir+"/values.schema.json")
	base[m.file] = &fstest.MapFile{Data: []byte(m.text)}
	own := strings.TrimSuffix(strings.TrimPrefix(path.Base(m.file), "_"), path.Ext(m.file)) + "_test.yaml"
	var suites []string
	for name := range files {
		if path.Base(path.Dir(name)) == "tests" {
			suites = append(suites, name)
			delete(base, name)
		}
	}
	slices.SortFunc(suites, func(a, b string) int {
		if (path.Base(a) == own) != (path.Base(b) == own) {
			return map[bool]int{true: -1, false: 1}[path.Base(a) == own]
		}
		return strings.Compare(a, b)
	})
	for _, suite := range suites {
		tree := maps.Clone(base)
		tree[suite] = files[suite]
		chart, err := helmchart.Load(tree, chartDir)
		if err != nil {
			t.Fatalf("%s: %v\n%s", m.name, err, m.text)
		}
		results, err := helmchart.Unittest(context.Background(), chart, t.TempDir())
		if err != nil {
			t.Fatalf("%s: %v", m.name, err)
		}
		for _, r := range results {
			if len(failures(r)) > 0 {
				return true
			}
		}
	}
	return false
}

// bentBranches are all mutants of all templates, in order.
func bentBranches(t *testing.T, files fstest.MapFS) []mutant {
	t.Helper()
	var out []mutant
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if path.Base(path.Dir(file)) != "templates" {
			continue
		}
		tree := parse.New(file)
		tree.Mode = parse.SkipFuncCheck
		trees := map[string]*parse.Tree{}
		if _, err := tree.Parse(string(files[file].Data), "", "", trees); err != nil {
			t.Fatal(err)
		}
		if trees[file] == nil {
			trees[file] = tree
		}
		b := &bender{file: file, trees: trees}
		b.out = []mutant{{name: unbent + file, file: file, text: b.print()}}
		for _, name := range slices.Sorted(maps.Keys(trees)) {
			b.list(trees[name].Root)
		}
		out = append(out, b.out...)
	}
	return out
}

// bender walks the parse trees of one file, and for each branch writes the file with that branch bent.
type bender struct {
	file  string
	trees map[string]*parse.Tree
	out   []mutant
}

func (b *bender) list(l *parse.ListNode) {
	if l == nil {
		return
	}
	for i, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.IfNode:
			b.bend(l, i, "if", &n.BranchNode, text(n.List))
		case *parse.WithNode:
			b.bend(l, i, "with", &n.BranchNode, fmt.Sprintf("{{range list (%s)}}%s{{end}}", n.Pipe, n.List))
		case *parse.RangeNode:
			b.bend(l, i, "range", &n.BranchNode, "")
		}
	}
}

// bend replaces one branch by what it would be if it were never taken (its else) and always taken.
func (b *bender) bend(l *parse.ListNode, i int, kind string, n *parse.BranchNode, always string) {
	original := l.Nodes[i]
	title := fmt.Sprintf("%s {{%s %s}}", strings.TrimPrefix(b.file, chartDir+"/"), kind, n.Pipe)
	b.replaced(l, i, title+" never", text(n.ElseList))
	if always != "" {
		b.replaced(l, i, title+" always", always)
	}
	l.Nodes[i] = original
	b.list(n.List)
	b.list(n.ElseList)
}

func (b *bender) replaced(l *parse.ListNode, i int, name, by string) {
	l.Nodes[i] = &parse.TextNode{NodeType: parse.NodeText, Text: []byte(by)}
	n := 1
	for _, m := range b.out {
		if m.name == name || strings.HasPrefix(m.name, name+" #") {
			n++
		}
	}
	if n > 1 {
		name = fmt.Sprintf("%s #%d", name, n)
	}
	b.out = append(b.out, mutant{name: name, file: b.file, text: b.print()})
}

// print is the file as its trees stand now.
func (b *bender) print() string {
	var out strings.Builder
	for _, tree := range slices.Sorted(maps.Keys(b.trees)) {
		if tree != b.file {
			fmt.Fprintf(&out, "{{define %q}}%s{{end}}", tree, b.trees[tree].Root)
		}
	}
	out.WriteString(b.trees[b.file].Root.String())
	return out.String()
}

func text(l *parse.ListNode) string {
	if l == nil {
		return ""
	}
	return l.String()
}
