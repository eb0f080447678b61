package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/charmbracelet/huh"

	"github.com/ameideio/ameide/pkg/scaffold"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/tenancy"
)

// mayAsk tells whether somebody sits there who could say what the command line leaves out.
func (o scaffoldOptions) mayAsk(env Env) bool {
	return env.InTTY && env.ErrTTY && !o.json && (o.params.Kind == "" || o.params.Name == "")
}

// askPrimitive asks for what is not said yet. Nobody is asked twice for what a flag says.
func askPrimitive(ctx context.Context, env Env, o scaffoldOptions, s *spec.Spec) (scaffoldOptions, error) {
	p := &o.params
	var kind []huh.Field
	if p.Kind == "" {
		kind = append(kind, choice("What kind of primitive?", &o.kind, scaffold.KindWords()))
	}
	if err := showForm(ctx, env, kind); err != nil {
		return o, err
	}
	p.Kind, o.definition = scaffold.ParseKind(o.kind)
	if err := showForm(ctx, env, o.questions(s)); err != nil {
		return o, err
	}
	code := tenancy.Code{Origin: tenancy.Origin(p.Origin), SKU: tenancy.SKU(p.SKU)}
	var tenant []huh.Field
	if p.Tenant == "" && code.NeedsTenant() {
		tenant = append(tenant, o.input("Which tenant?", "its id without a prefix, for example acme", &p.Tenant, "tenant", s))
	}
	o.asked = true
	return o, showForm(ctx, env, tenant)
}

// questions are those that every primitive of the kind has.
func (o *scaffoldOptions) questions(s *spec.Spec) []huh.Field {
	p := &o.params
	var fields []huh.Field
	if p.Name == "" {
		fields = append(fields, o.input("What is it called?", "kebab case, for example order-intake", &p.Name, "name", s))
	}
	if languages := scaffold.Languages(p.Kind); p.Lang == "" && len(languages) > 1 && !o.definition {
		fields = append(fields, choice("In which language?", (*string)(&p.Lang), languages))
	}
	if p.Description == "" {
		fields = append(fields, o.input("What is it for?", "one sentence; empty to leave it open", &p.Description, "description", s))
	}
	if p.Origin == "" {
		fields = append(fields, choice("Who writes the code?", &p.Origin, tenancy.Origins()))
	}
	if p.SKU == "" {
		fields = append(fields, choice("How was the platform bought?", &p.SKU, tenancy.SKUs()))
	}
	return fields
}

// input takes what the checks of the command line take.
func (o *scaffoldOptions) input(title, example string, value *string, name string, s *spec.Spec) huh.Field {
	params := o.params
	return huh.NewInput().Title(title).Description(example).Value(value).Validate(func(text string) error {
		p := params
		switch name {
		case "name":
			p.Name = text
		case "tenant":
			p.Tenant, p.Origin, p.SKU = text, o.params.Origin, o.params.SKU
		case "description":
			p.Description = text
		}
		return problemOf(scaffold.Check(p.WithDefaults(s), s), name)
	})
}

// problemOf is the first problem with one parameter.
func problemOf(err error, name string) error {
	var found scaffold.Problems
	if !errors.As(err, &found) {
		return err
	}
	for _, problem := range found {
		if problem.Field == name {
			return fmt.Errorf("%s: %s", problem.Message, problem.Advice)
		}
	}
	return nil
}

func choice[T ~string](title string, value *string, options []T) huh.Field {
	words := make([]string, len(options))
	for i, o := range options {
		words[i] = string(o)
	}
	return huh.NewSelect[string]().Title(title).Options(huh.NewOptions(words...)...).Value(value)
}

// showForm asks on the terminal.
func showForm(ctx context.Context, env Env, fields []huh.Field) error {
	if len(fields) == 0 {
		return nil
	}
	form := huh.NewForm(huh.NewGroup(fields...)).WithInput(env.In).WithOutput(env.Err).WithAccessible(env.lineByLine())
	if !env.color(env.ErrTTY) {
		form = form.WithTheme(huh.ThemeBase())
	}
	err := runForm(ctx, form, env.lineByLine())
	if errors.Is(err, huh.ErrUserAborted) {
		return unavailable(errors.New("stopped before anything was written"), "")
	}
	return err
}

// runForm ends with the context. A form that asks line by line waits for a line and hears nothing else meanwhile.
func runForm(ctx context.Context, form *huh.Form, lineByLine bool) error {
	if !lineByLine {
		return form.RunWithContext(ctx)
	}
	done := make(chan error, 1)
	go func() { done <- form.RunWithContext(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lineByLine tells that questions are asked one after the other as plain text: for those who hear the screen, and on
// terminals that can do no more.
func (e Env) lineByLine() bool { return e.getenv("ACCESSIBLE") != "" || e.getenv("TERM") == "dumb" }

// confirmPrimitive shows what would be written and where it will run, says how to ask for the same without questions, and
// goes on when somebody agrees.
func confirmPrimitive(ctx context.Context, env Env, o scaffoldOptions, job *scaffolding) error {
	p := &printer{w: env.Err, style: newRenderer(env.Err, env.color(env.ErrTTY))}
	for _, part := range job.parts {
		for _, line := range treeLines(part.changes.Files) {
			p.line("%s", line)
		}
	}
	p.line("")
	job.printPlaces(p)
	p.line("")
	p.line("The same without questions:")
	p.line("  %s", o.commandLine())
	p.line("")
	if p.err != nil || o.dryRun {
		return p.err
	}
	agreed := !env.lineByLine() // there the end of the input counts as the answer that is offered
	if err := showForm(ctx, env, []huh.Field{huh.NewConfirm().Title("Write these files?").Value(&agreed)}); err != nil {
		return err
	}
	if !agreed {
		return unavailable(errors.New("nothing was written"), "")
	}
	return nil
}

// commandLine is what to type for the same.
func (o scaffoldOptions) commandLine() string {
	p := o.params
	words := []string{"ameide primitive scaffold"}
	for _, f := range [][2]string{
		{"kind", o.kind}, {"name", p.Name}, {"lang", string(p.Lang)}, {"origin", p.Origin}, {"sku", p.SKU}, {"tenant", p.Tenant},
		{"owner", p.Owner}, {"system", p.System}, {"description", p.Description}, {"definition-id", p.DefinitionID},
		{"definition-version", p.DefinitionVersion}, {"model", p.Model}, {"risk-tier", p.RiskTier}, {"host", p.Host},
		{"proto-path", o.protoPath}, {"repo-root", unless(o.repoRoot, ".")}, {"gitops-root", unless(o.gitops.root, ".")}, {"spec", o.gitops.specFile},
	} {
		if f[1] != "" {
			words = append(words, "--"+f[0]+" "+shellWord(f[1]))
		}
	}
	for _, f := range []struct {
		name string
		set  bool
	}{{"include-gitops", o.withGitOps}, {"include-test-harness", o.harness}, {"dry-run", o.dryRun}} {
		if f.set {
			words = append(words, "--"+f.name)
		}
	}
	return strings.Join(words, " ")
}

func unless(value, usual string) string {
	if value == usual {
		return ""
	}
	return value
}

// shellWord quotes a word for a POSIX shell where it needs it.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:@,+", r)
	}
	if strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
