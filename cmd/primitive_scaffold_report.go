package cmd

import (
	"fmt"
	"path"

	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/scaffold"
)

// scaffoldReport is the document that scaffold prints with --json.
type scaffoldReport struct {
	Summary      string            `json:"summary"`
	Files        []scaffoldLine    `json:"files"`
	FilesCreated []string          `json:"files_created"`
	TestsCreated []string          `json:"tests_created"`
	Namespaces   map[string]string `json:"namespaces"`
	NextSteps    []string          `json:"next_steps"`
}

// scaffoldLine is a file with its path below the root of its checkout: code or gitops.
type scaffoldLine struct {
	changeLine
	Root string `json:"root"`
}

func (s *scaffolding) report(o scaffoldOptions) scaffoldReport {
	r := scaffoldReport{
		Summary: s.summary(o), Files: []scaffoldLine{}, FilesCreated: []string{}, TestsCreated: []string{},
		Namespaces: map[string]string{}, NextSteps: s.nextSteps(o),
	}
	blocked := s.count(checkout.Collide) > 0
	for _, part := range s.parts {
		for _, f := range part.changes.Files {
			r.Files = append(r.Files, scaffoldLine{changeLine{f.Path, f.Action, f.Reason}, part.name})
			if f.Action == checkout.Create && !blocked {
				r.FilesCreated = append(r.FilesCreated, f.Path)
			}
		}
		if !blocked && part.name == codeCheckout {
			r.TestsCreated = scaffold.Tests(s.values, part.changes)
		}
	}
	for _, p := range s.values.Places {
		r.Namespaces[p.Environment] = p.Namespace
	}
	return r
}

func (s *scaffolding) summary(o scaffoldOptions) string {
	text := fmt.Sprintf("%d created, %d skipped", s.count(checkout.Create), s.count(checkout.Skip))
	n := s.count(checkout.Collide)
	if n > 0 {
		text += fmt.Sprintf(", %d in conflict", n)
	}
	if n > 0 || o.dryRun {
		text += " (nothing was written)"
	}
	return text
}

func (s *scaffolding) print(env Env, o scaffoldOptions) error {
	report := s.report(o)
	if o.json {
		return printJSON(env.Out, report)
	}
	p := newPrinter(env)
	for _, part := range s.parts {
		if len(s.parts) > 1 {
			p.line("%s", p.color(cyan, part.root.Name()))
		}
		p.changes(part.changes)
	}
	p.line("")
	p.line("%s", report.Summary)
	s.printPlaces(p)
	for _, step := range report.NextSteps {
		p.line("next: %s", step)
	}
	return p.err
}

// printPlaces says where the primitive will run.
func (s *scaffolding) printPlaces(p *printer) {
	width := 0
	for _, place := range s.values.Places {
		width = max(width, len(place.Environment))
	}
	for _, place := range s.values.Places {
		p.line("%-*s  %s", width, place.Environment, p.color(green, place.Namespace))
	}
}

// nextSteps is what to type now; nothing where something is in the way.
func (s *scaffolding) nextSteps(o scaffoldOptions) []string {
	steps := []string{}
	if s.count(checkout.Collide) > 0 {
		return steps
	}
	if s.contract != nil {
		steps = append(steps, s.contract.Notes...)
	}
	if o.dryRun {
		return append(steps, "run it without --dry-run to write the files")
	}
	v := s.values
	if o.definition {
		return append(steps, "fill it in", "commit it in "+v.Repository+" and open a pull request",
			"ameide primitive scaffold --kind "+string(v.Kind)+" --name "+v.Name+" starts what executes it")
	}
	if s.workspace && v.Lang == scaffold.Go {
		steps = append(steps, "go work use ./"+v.Dir)
	}
	steps = append(steps,
		"cd "+v.Dir+" && "+firstBuild(v),
		"write the business logic that each "+scaffold.Marker+" in the tests asks for",
		"commit it in "+v.Repository+" and open a pull request")
	if o.withGitOps {
		steps = append(steps, "commit the manifests in "+v.GitopsRepository+" when the image exists, and pin it by digest")
	}
	return steps
}

// firstBuild are the commands that a fresh primitive's README begins with.
func firstBuild(v scaffold.Values) string {
	switch v.Lang {
	case scaffold.TypeScript:
		return "npm ci && npm test"
	case scaffold.Python:
		return "python -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest"
	}
	if v.Kind == scaffold.Domain {
		return "go generate ./... && go test ./..."
	}
	return "go test ./..."
}

// treeLines are the new files of a plan as a tree, one folder deep below another.
func treeLines(files []checkout.Change) []string {
	var lines []string
	dir := ""
	for _, f := range files {
		if f.Action != checkout.Create {
			continue
		}
		if d := path.Dir(f.Path); d != dir {
			dir = d
			lines = append(lines, dir+"/")
		}
		lines = append(lines, "  "+path.Base(f.Path))
	}
	return lines
}
