package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	servers "github.com/ameideio/ameide/lab"
)

// scaffoldCase starts one domain in Go, beside copier on the same tree and beside a dry run of the portal's scaffolder.
func scaffoldCase(l *lab) benchCase {
	return benchCase{name: "scaffold, one domain", goal: goal{millis: 60, ratio: 1}, prepare: func(ctx context.Context) ([]side, error) {
		dir := filepath.Join(l.work, "scaffold")
		sides := []side{{name: "ameide scaffold", before: l.emptied(dir), commands: []command{l.scaffold(dir, "stock-count")}}}
		copier, err := l.copierSide(ctx)
		if err != nil {
			return nil, err
		}
		sides = append(sides, copier)
		dryRun, err := l.dryRunSide(ctx)
		return append(sides, dryRun), err
	}}
}

// manyPrimitivesCase starts a list of primitives in one checkout.
func manyPrimitivesCase(count int) newCase {
	return func(l *lab) benchCase {
		return benchCase{name: fmt.Sprintf("scaffold, %d domains in one checkout", count), goal: goal{millis: 15_000}, prepare: func(context.Context) ([]side, error) {
			var list bytes.Buffer
			for i := range count {
				fmt.Fprintf(&list, `{"kind": "domain", "name": "stock-%d", "description": "Counts."}`+"\n", i)
			}
			file, dir := filepath.Join(l.work, "primitives.jsonl"), filepath.Join(l.work, "many")
			run := command{dir: dir, args: []string{l.ameide, "primitive", "scaffold", "--from", file, "--origin", "platform", "--sku", "Shared"}}
			return []side{{name: "ameide scaffold", before: l.emptied(dir), commands: []command{run}}}, writeFile(file, list.Bytes())
		}}
	}
}

func (l *lab) scaffold(dir, name string) command {
	return command{dir: dir, args: []string{l.ameide, "primitive", "scaffold", "--kind", "domain", "--name", name, "--origin", "platform", "--sku", "Shared", "--description", "Counts."}}
}

// copierVersion is the peer that is nearest to a scaffolder in a terminal: it renders a folder of templates.
const copierVersion = "9.10.2"

// copierSide has a template that gives the very tree that ameide gives; that it does is checked before anything is timed.
func (l *lab) copierSide(ctx context.Context) (side, error) {
	copier, err := l.peers.Python(ctx, "copier", copierVersion)
	if err != nil {
		return side{}, err
	}
	template, want, got := filepath.Join(l.work, "copier"), filepath.Join(l.work, "copier-want"), filepath.Join(l.work, "copier-got")
	if err := l.copierTemplate(ctx, template); err != nil {
		return side{}, err
	}
	s := side{name: "copier " + copierVersion, before: l.emptied(got)}
	args := []string{copier, "copy", "--quiet", "--defaults", "--overwrite"}
	for word, value := range spellings("stock", "count") {
		args = append(args, "--data", word+"="+value)
	}
	s.commands = []command{{dir: l.work, args: append(args, template, got)}}
	reference := side{before: l.emptied(want), commands: []command{l.scaffold(want, "stock-count")}}
	for _, once := range []side{s, reference} {
		if _, err := once.run(ctx); err != nil {
			return side{}, err
		}
	}
	out, err := exec.CommandContext(ctx, "diff", "-r", want, got).CombinedOutput()
	if err != nil {
		return side{}, fmt.Errorf("copier writes another tree: %w: %s", err, tail(string(out)))
	}
	return s, nil
}

// spellings are a name of two words in every case that the tree has it in.
func spellings(a, b string) map[string]string {
	capital := func(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
	return map[string]string{
		"kebab": a + "-" + b, "snake": a + "_" + b, "upper": strings.ToUpper(a + "_" + b), "flat": a + b,
		"title": capital(a) + " " + capital(b), "pascal": capital(a) + capital(b), "camel": a + capital(b),
	}
}

// copierTemplate is the tree of one domain with its name taken out, in delimiters that no file has.
func (l *lab) copierTemplate(ctx context.Context, dir string) error {
	from := filepath.Join(l.work, "copier-from")
	made := side{before: l.emptied(from), commands: []command{l.scaffold(from, "quux-zork")}}
	if _, err := made.run(ctx); err != nil {
		return err
	}
	var questions bytes.Buffer
	questions.WriteString("_templates_suffix: ''\n_envops: {variable_start_string: '@<', variable_end_string: '>@', block_start_string: '@%', block_end_string: '%@', comment_start_string: '@~', comment_end_string: '~@', keep_trailing_newline: true}\n_exclude: [copier.yml]\n")
	var pairs []string
	for word, value := range spellings("quux", "zork") {
		fmt.Fprintf(&questions, "%s: {type: str}\n", word)
		pairs = append(pairs, value, "@<"+word+">@")
	}
	renamed := strings.NewReplacer(pairs...)
	err := fs.WalkDir(os.DirFS(from), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		return writeFile(filepath.Join(dir, renamed.Replace(name)), []byte(renamed.Replace(string(text))))
	})
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "copier.yml"), questions.Bytes())
}

func writeFile(name string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}

// dryRunSide asks the portal's real scaffolder, which has started and waits, for a dry run of the generated template: one
// request with the template's folder in it, as the portal's template editor sends it, answered with the files. That they are
// the files that ameide writes is checked before anything is timed.
func (l *lab) dryRunSide(ctx context.Context) (side, error) {
	tree, err := l.generated(ctx, "portal")
	if err != nil {
		return side{}, err
	}
	order, err := servers.NewDryRun(os.DirFS(filepath.Join(tree, "sources/backstage/templates/domain")), map[string]any{
		"name": "stock-count", "lang": "go", "origin": "platform", "sku": "Shared", "description": "Counts.",
		"owner": "group:default/platform", "system": "system:default/platform-factory",
	})
	if err != nil {
		return side{}, err
	}
	text, err := json.Marshal(order)
	if err != nil {
		return side{}, err
	}
	var url, token string
	err = l.hold(ctx, func(t *holder) {
		b := servers.Scaffolder(t)
		url, token = b.URL()+servers.DryRunPath, b.GuestToken(t)
	})
	if err != nil {
		return side{}, err
	}
	body, config, answer := filepath.Join(l.work, "dry-run.json"), filepath.Join(l.work, "dry-run.curl"), filepath.Join(l.work, "dry-run-answer.json")
	request := fmt.Sprintf("url = %q\nheader = \"Content-Type: application/json\"\nheader = \"Authorization: Bearer %s\"\ndata-binary = \"@%s\"\n", url, token, body)
	if err := errors.Join(os.WriteFile(body, text, 0o600), os.WriteFile(config, []byte(request), 0o600)); err != nil {
		return side{}, err
	}
	s := side{name: "Backstage scaffolder's dry run", commands: []command{{dir: l.work, out: answer, args: []string{"curl", "--silent", "--show-error", "--fail-with-body", "--config", config}}}}
	if _, err := s.run(ctx); err != nil {
		return side{}, err
	}
	return s, l.sameFiles(ctx, answer)
}

// sameFiles holds the answer to a dry run against the tree that ameide writes for the same order.
func (l *lab) sameFiles(ctx context.Context, answer string) error {
	text, err := os.ReadFile(answer)
	if err != nil {
		return err
	}
	var run servers.DryRun
	if err := json.Unmarshal(text, &run); err != nil {
		return err
	}
	dir := filepath.Join(l.work, "dry-run-want")
	want := side{before: l.emptied(dir), commands: []command{l.scaffold(dir, "stock-count")}}
	if _, err := want.run(ctx); err != nil {
		return err
	}
	written := map[string]string{}
	for _, f := range run.Files {
		if name, ok := strings.CutPrefix(f.Path, "code/"); ok {
			written[name] = string(f.Content)
		}
	}
	err = fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil && written[name] != string(text) {
			return fmt.Errorf("the scaffolder writes another %s", name)
		}
		delete(written, name)
		return err
	})
	if err == nil && len(written) > 0 {
		return fmt.Errorf("the scaffolder writes more: %v", slices.Sorted(maps.Keys(written)))
	}
	return err
}
