package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	pg "github.com/ameideio/ameide/lab"
)

// scaffoldCase starts one domain in Go, beside copier on the same tree and beside the action that the portal's scaffolder
// runs for it.
func scaffoldCase(l *lab) benchCase {
	return benchCase{name: "scaffold, one domain", goal: goal{millis: 60, ratio: 1}, prepare: func(ctx context.Context) ([]side, error) {
		dir := filepath.Join(l.work, "scaffold")
		sides := []side{{name: "ameide scaffold", before: l.emptied(dir), commands: []command{l.scaffold(dir, "stock-count")}}}
		copier, err := l.copierSide(ctx)
		if err != nil {
			return nil, err
		}
		sides = append(sides, copier)
		if action, ok, err := l.fetchSide(ctx); ok || err != nil {
			return append(sides, action), err
		}
		return sides, nil
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

// fetchSide is the portal's real action on the generated skeletons, in a process of its own: without the server, the
// database and the upload that a dry run has in addition. ok is false where Backstage's packages are not installed.
func (l *lab) fetchSide(ctx context.Context) (s side, ok bool, err error) {
	program, err := pg.FetchProgram()
	if errors.Is(err, pg.ErrNoBackstage) {
		return side{}, false, nil
	}
	if err != nil {
		return side{}, false, err
	}
	tree, err := l.generated(ctx, "portal")
	if err != nil {
		return side{}, false, err
	}
	workspace := filepath.Join(l.work, "workspace")
	values := map[string]any{"kind": "domain", "lang": "go", "services": []any{}}
	for word, value := range spellings("stock", "count") {
		values[word] = value
	}
	values["name"] = "stock-count"
	var inputs []map[string]any
	for _, layer := range []string{"common/code", "go/code", "common/repo"} {
		inputs = append(inputs, map[string]any{"url": "./skeleton/" + layer, "targetPath": "./" + strconv.Itoa(len(inputs)), "values": values})
	}
	text, err := json.Marshal(map[string]any{"template": filepath.Join(tree, "sources/backstage/templates/domain"), "workspace": workspace, "inputs": inputs})
	if err != nil {
		return side{}, false, err
	}
	input := filepath.Join(l.work, "fetch.json")
	if err := os.WriteFile(input, text, 0o644); err != nil {
		return side{}, false, err
	}
	run := command{dir: filepath.Dir(program), args: []string{"sh", "-ec", "node --no-node-snapshot " + filepath.Base(program) + " <" + input}}
	return side{name: "Backstage's fetch:template", before: l.emptied(workspace), commands: []command{run}}, true, nil
}
