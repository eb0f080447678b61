package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/ameideio/ameide/internal/mutations"
	"github.com/ameideio/ameide/pkg/verify"
)

func TestCheckNamesWhatIsMissingDifferentOrLeftOver(t *testing.T) {
	out := t.TempDir()
	docs := documentSet{"rules.md": []byte("a"), "reference/x.md": []byte("b"), "same.md": []byte("c")}
	if err := docs.write(out, []string{"same.md"}); err != nil {
		t.Fatal(err)
	}
	old := documentSet{"reference/old.md": []byte("x"), "rules.md": []byte("old")}
	if err := old.write(out, []string{"reference/old.md", "rules.md"}); err != nil {
		t.Fatal(err)
	}
	stale, err := docs.compare(out)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"reference/x.md", "rules.md", "reference/old.md"}, stale); diff != "" {
		t.Errorf("stale (-want +got):\n%s", diff)
	}
	if err := refuse(out, stale); err == nil || !strings.Contains(err.Error(), "reference/old.md") {
		t.Errorf("error = %v, want one that names the stale documents", err)
	}
	if err := docs.write(out, stale); err != nil {
		t.Fatal(err)
	}
	if stale, err = docs.compare(out); err != nil || len(stale) > 0 {
		t.Errorf("after writing: stale = %v, error = %v", stale, err)
	}
	if _, err := os.Stat(filepath.Join(out, "reference", "old.md")); !os.IsNotExist(err) {
		t.Errorf("left-over page: error = %v, want it removed", err)
	}
}

func TestEveryCommandHasAPage(t *testing.T) {
	root := &cobra.Command{Use: "tool"}
	child := &cobra.Command{Use: "child", Short: "Do it", Run: func(*cobra.Command, []string) {}}
	child.Flags().String("env", "dev", "environment")
	hidden := &cobra.Command{Use: "hidden", Hidden: true, Run: func(*cobra.Command, []string) {}}
	root.AddCommand(child, hidden)
	docs := documentSet{}
	if err := addReference(docs, root); err != nil {
		t.Fatal(err)
	}
	if len(docs) != 2 {
		t.Errorf("%d pages, want 2", len(docs))
	}
	page := string(docs["reference/tool_child.md"])
	for _, want := range []string{"--env string", `(default "dev")`, "Do it"} {
		if !strings.Contains(page, want) {
			t.Errorf("page has no %q:\n%s", want, page)
		}
	}
	for _, line := range strings.Split(page, "\n") {
		if strings.TrimRight(line, " \t") != line {
			t.Errorf("line ends in blanks: %q", line)
		}
	}
}

func TestRulesAreListedByArea(t *testing.T) {
	page := string(rulesPage([]verify.RuleInfo{
		{ID: "host/agree", Severity: verify.Error, Summary: "a | b"}, {ID: "image/pinned", Severity: verify.Warning}, {ID: "host/zone", Severity: verify.Error},
	}, []mutations.Mutation{{Rule: "host/zone", File: "a.yaml", Line: "zone: a|b"}}))
	var order []string
	for _, line := range strings.Split(page, "\n") {
		if strings.HasPrefix(line, "## ") || strings.HasPrefix(line, "| `") {
			order = append(order, strings.SplitN(line, " | ", 2)[0])
		}
	}
	want := []string{"## host", "| `host/agree`", "| `host/zone`", "## image", "| `image/pinned`", "## Evidence", "| `host/zone`"}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
	if !strings.Contains(page, "`zone: a\\|b` | nothing |") {
		t.Errorf("a mutation is not shown:\n%s", page)
	}
	if !strings.Contains(page, `a \| b`) {
		t.Errorf("a bar in a cell is not escaped:\n%s", page)
	}
}

func TestTheSameCodeMakesTheSameDocuments(t *testing.T) {
	a, err := documents()
	if err != nil {
		t.Fatal(err)
	}
	b, err := documents()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
}
