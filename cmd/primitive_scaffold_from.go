package cmd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/scaffold"
	"github.com/ameideio/ameide/pkg/spec"
)

// maxRequest bounds a line of a list of primitives.
const maxRequest = 1 << 20

// scaffoldRequest is a line of a list of primitives. What it leaves out, the flags say.
type scaffoldRequest struct {
	scaffold.Params
	ProtoPath string `json:"proto_path"`
}

// listedPrimitive is one primitive of a list.
type listedPrimitive struct {
	at      string // file:line
	options scaffoldOptions
	*primitive
}

// scaffoldListReport is the document that scaffold prints with --from and --json.
type scaffoldListReport struct {
	Summary    string                 `json:"summary"`
	Primitives []listedScaffoldReport `json:"primitives"`
}

type listedScaffoldReport struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	scaffoldReport
}

// together is how many primitives of a list are written at once: a disk puts the files of many down in the time of a few.
const together = 16

// scaffoldList starts the primitives of a list. Every line is checked before the first byte is written; what only a checkout
// can tell, at its turn: then the primitives before it are written and those behind it are not.
func scaffoldList(ctx context.Context, env Env, o scaffoldOptions, code *os.Root, t *tree) error {
	listed, err := o.listed(ctx, env, &t.spec.Spec)
	if err != nil {
		return usage(err, "")
	}
	run := scaffoldRun{listed: listed, dryRun: o.dryRun}
	planning, stop := context.WithCancel(ctx)
	defer stop()
	for next := range planAhead(planning, listed) {
		if err = run.add(ctx, next, code, t); err != nil {
			break
		}
	}
	if failed := run.flush(ctx); failed != nil {
		err = failed
	}
	report := run.report()
	if o.json {
		return errors.Join(printJSON(env.Out, report), err)
	}
	return errors.Join(report.print(env), err)
}

// scaffoldRun is how far a list is.
type scaffoldRun struct {
	listed           []listedPrimitive
	dryRun           bool
	pending          []*scaffolding         // compared and not written
	done             []listedScaffoldReport // of those that are written
	created, skipped int
	blocked          []listedScaffoldReport // of the one that something is in the way of
}

// add compares the next primitive, and writes those that have been compared when they are enough.
func (r *scaffoldRun) add(ctx context.Context, next plannedPrimitive, code *os.Root, t *tree) error {
	at := len(r.done) + len(r.pending)
	l := r.listed[at]
	if next.err != nil {
		return r.stopped(at, next.err)
	}
	job, err := l.options.compare(l.primitive, next.plans, code, t)
	if err == nil {
		if err = job.free(); err != nil {
			r.blocked = append(r.blocked, l.report(job))
		}
	}
	if err != nil {
		return r.stopped(at, err)
	}
	r.pending = append(r.pending, job)
	if len(r.pending) >= together || job.alone() {
		return r.flush(ctx)
	}
	return nil
}

// flush writes what is compared and not written.
func (r *scaffoldRun) flush(ctx context.Context) error {
	jobs := r.pending
	r.pending = nil
	err := ctx.Err()
	if err == nil && !r.dryRun && len(jobs) > 0 {
		err = applyAll(jobs)
	}
	if err != nil {
		return r.stopped(len(r.done), err)
	}
	for _, job := range jobs {
		r.created, r.skipped = r.created+job.count(checkout.Create), r.skipped+job.count(checkout.Skip)
		r.done = append(r.done, r.listed[len(r.done)].report(job))
	}
	return nil
}

func (l listedPrimitive) report(job *scaffolding) listedScaffoldReport {
	return listedScaffoldReport{l.options.kind, l.values.Name, job.report(l.options)}
}

// stopped is why a list was not finished, with the exit code of that.
func (r *scaffoldRun) stopped(at int, err error) error {
	said := err
	if at < len(r.listed) {
		said = fmt.Errorf("%s: %w", r.listed[at].at, err)
	}
	if at > 0 {
		said = fmt.Errorf("%w\n  %d of %d primitives come before it and are done; run it again for the others", said, at, len(r.listed))
	}
	var f *failure
	if errors.As(err, &f) {
		return &failure{f.code, said, f.hint}
	}
	return said
}

func (r *scaffoldRun) report() scaffoldListReport {
	out := scaffoldListReport{Primitives: append(r.done, r.blocked...)}
	if out.Primitives == nil {
		out.Primitives = []listedScaffoldReport{}
	}
	out.Summary = fmt.Sprintf("%d primitives: %d created, %d skipped", len(r.done), r.created, r.skipped)
	if r.dryRun {
		out.Summary += " (nothing was written)"
	}
	return out
}

func (r *scaffoldListReport) print(env Env) error {
	p := newPrinter(env)
	for _, one := range r.Primitives {
		p.line("%s %s  %s", one.Kind, p.color(cyan, one.Name), one.Summary)
		for _, f := range one.Files {
			if f.Action == checkout.Collide {
				p.line("  %s  %s", f.Path, f.Reason)
			}
		}
	}
	p.line("%s", r.Summary)
	return p.err
}

// plannedPrimitive are the files of one primitive of a list.
type plannedPrimitive struct {
	plans scaffold.Plans
	err   error
}

// planAhead makes the files of primitives in their order while those before them are written.
func planAhead(ctx context.Context, listed []listedPrimitive) <-chan plannedPrimitive {
	ready := make(chan plannedPrimitive, 1)
	go func() {
		defer close(ready)
		for _, l := range listed {
			var p plannedPrimitive
			p.plans, p.err = l.options.plans(l.primitive)
			select {
			case ready <- p:
			case <-ctx.Done():
				return
			}
		}
	}()
	return ready
}

// listed reads the list and checks each of its primitives; an error names all lines that are wrong.
func (o scaffoldOptions) listed(ctx context.Context, env Env, s *spec.Spec) ([]listedPrimitive, error) {
	if o.params.Name != "" {
		return nil, errors.New("--name is one primitive and --from is many: leave one of them out")
	}
	in, name := env.In, "standard input"
	if o.from != "-" {
		f, err := os.Open(o.from)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in, name = f, o.from
	}
	var all []listedPrimitive
	var wrong scaffold.Problems
	seen := map[string]string{}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxRequest)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		at := fmt.Sprintf("%s:%d", name, n)
		one, err := o.request(lines.Bytes())
		var p *primitive
		if err == nil {
			p, err = one.primitive(ctx, s)
		}
		if err == nil {
			err = clash(seen, p, one, at)
		}
		wrong = append(wrong, problemsAt(at, err)...)
		all = append(all, listedPrimitive{at, one, p})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return all, allProblems(wrong.Err())
}

// clash refuses a primitive whose folder or image an earlier line has.
func clash(seen map[string]string, p *primitive, o scaffoldOptions, at string) error {
	keys := []string{"the " + o.kind + " " + p.values.Name}
	if !o.definition {
		keys = append(keys, "the image "+p.values.Image)
	}
	for _, key := range keys {
		if before, twice := seen[key]; twice {
			return fmt.Errorf("%s is that of %s already", key, before)
		}
		seen[key] = at
	}
	return nil
}

// request is what a line asks for.
func (o scaffoldOptions) request(line []byte) (scaffoldOptions, error) {
	r := scaffoldRequest{o.params, o.protoPath}
	r.Kind = scaffold.Kind(o.kind)
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return o, fmt.Errorf("not one JSON object with the names of the flags: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return o, errors.New("more than one JSON object on a line")
	}
	o.params, o.protoPath, o.kind = r.Params, r.ProtoPath, string(r.Kind)
	o.params.Kind, o.definition = scaffold.ParseKind(o.kind)
	return o, nil
}

// problemsAt are the problems of one line.
func problemsAt(at string, err error) scaffold.Problems {
	if err == nil {
		return nil
	}
	var found scaffold.Problems
	if !errors.As(err, &found) {
		found = scaffold.Problems{{Message: err.Error()}}
	}
	out := make(scaffold.Problems, len(found))
	for i, p := range found {
		p.Message = at + ": " + p.Message
		out[i] = p
	}
	return out
}
