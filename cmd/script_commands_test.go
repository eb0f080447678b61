package cmd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// scriptCommands is what scripts can say beyond testscript's own commands.
func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"gitops":       gitops,
		"exits":        exits,
		"remember":     remember,
		"untouched":    untouched,
		"put":          put,
		"jsonkeys":     jsonKeys,
		"environments": environments,
		"somebody":     somebody,
		"secretless":   secretless,
	}
}

// gitops DIR is the example platform's checkout, in Git.
func gitops(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 1, "gitops DIR")
	dir := ts.MkAbs(args[0])
	ts.Check(os.CopyFS(dir, os.DirFS(ts.Getenv("GITOPS"))))
	ts.Check(os.Mkdir(filepath.Join(dir, ".git"), 0o755))
}

func want(ts *testscript.TestScript, args []string, n int, usage string) {
	if len(args) < n {
		ts.Fatalf("usage: %s", usage)
	}
}

// exits CODE PROGRAM [ARG...] runs a program that must end with this exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "exits CODE PROGRAM [ARG...]")
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s\n%s", code, args[0], ts.ReadFile("stderr"))
	}
}

// remember DIR notes what a tree holds; untouched DIR compares.
func remember(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 1, "remember DIR")
	trees(ts)[args[0]] = treeOf(ts, args[0])
}

func untouched(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 1, "untouched DIR")
	before, ok := trees(ts)[args[0]]
	if !ok {
		ts.Fatalf("untouched %s: nothing was remembered", args[0])
	}
	if diff := cmp.Diff(before, treeOf(ts, args[0])); diff != "" {
		ts.Fatalf("%s has changed, -before +after:\n%s", args[0], diff)
	}
}

func trees(ts *testscript.TestScript) map[string]map[string]string {
	t, ok := ts.Value("trees").(map[string]map[string]string)
	if !ok {
		ts.Fatalf("no place to remember trees")
	}
	return t
}

// treeOf is mode, time of change and content of everything below a directory.
func treeOf(ts *testscript.TestScript, dir string) map[string]string {
	all := map[string]string{}
	ts.Check(filepath.WalkDir(ts.MkAbs(dir), func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		all[p] = fmt.Sprint(info.Mode(), info.ModTime().UnixNano())
		if !info.Mode().IsRegular() {
			return nil
		}
		content, err := os.ReadFile(p)
		all[p] += " " + string(content)
		return err
	}))
	return all
}

// put FILE TEXT [TIMES] writes a text with Go's escapes, repeated; put -append FILE TEXT writes it behind what is there.
func put(ts *testscript.TestScript, _ bool, args []string) {
	var before []byte
	if len(args) > 0 && args[0] == "-append" {
		args = args[1:]
		want(ts, args, 2, "put [-append] FILE TEXT [TIMES]")
		before = []byte(ts.ReadFile(args[0]))
	}
	want(ts, args, 2, "put [-append] FILE TEXT [TIMES]")
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(args[1], `"`, `\"`) + `"`)
	ts.Check(err)
	if len(args) > 2 {
		n, err := strconv.Atoi(args[2])
		ts.Check(err)
		text = strings.Repeat(text, n)
	}
	file := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(file), 0o755))
	ts.Check(os.WriteFile(file, append(before, text...), 0o644))
}

// jsonkeys KEY... checks that stdout is exactly one JSON object with these keys.
func jsonKeys(ts *testscript.TestScript, _ bool, args []string) {
	dec := json.NewDecoder(bytes.NewReader([]byte(ts.ReadFile("stdout"))))
	var doc map[string]any
	if err := dec.Decode(&doc); err != nil {
		ts.Fatalf("stdout is not a JSON object: %v", err)
	}
	var more any
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		ts.Fatalf("more than one JSON document on stdout")
	}
	slices.Sort(args)
	if got := slices.Sorted(maps.Keys(doc)); !slices.Equal(got, args) {
		ts.Fatalf("keys %v, want %v", got, args)
	}
}

// environments COUNT FILE writes a spec with so many environments.
func environments(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "environments COUNT FILE")
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	var out strings.Builder
	out.WriteString("version: 1\nenvironments:\n")
	for i := range n {
		fmt.Fprintf(&out, "  - name: e%03d\n    dnsZone: e%03d.ameide.io\n", i, i)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(out.String()), 0o644))
}
