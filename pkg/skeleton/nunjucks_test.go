package skeleton_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/skeleton"
)

// writer makes up skeletons of what both engines can say.
type writer struct {
	*rand.Rand
	b     strings.Builder
	depth int
}

// texts are what a skeleton must not trip over, alone and one after the other.
var texts = []string{
	"plain ", "\n", "\r\n", "  ", "{", "}", "{{", "}}", "$", "${", "${{", "%", "{%", "%}", "#", "{#", "#}", "{{ .Values.x }}",
	"${{ secrets.X }}", "${#list[@]}", "{%d", "{% raw %}", "{% endraw %}", "{# c #}", `"`, `'`, `\`, "`", "é", "\u2028", "-%}", "{%-", "|", "<b>&",
}

var strs = []string{".Name", ".Tenant", ".In", "$.Name", "$.Tenant"}

func (w *writer) body(element string) {
	for range 1 + w.IntN(5) {
		w.piece(element)
	}
}

func (w *writer) piece(element string) {
	w.depth++
	defer func() { w.depth-- }()
	switch n := w.IntN(8); {
	case n < 4 || w.depth > 4:
		w.b.WriteString(texts[w.IntN(len(texts))])
	case n == 4:
		w.action(w.str(element, 2))
	case n == 5:
		w.action("if " + w.condition(element, 2))
		w.body(element)
		for range w.IntN(3) {
			w.action("else if " + w.condition(element, 1))
			w.body(element)
		}
		if w.IntN(2) == 0 {
			w.action("else")
			w.body(element)
		}
		w.action("end")
	default:
		w.loop(element)
	}
}

// action writes one with or without trim marks.
func (w *writer) action(code string) {
	open, end := "[[ ", " ]]"
	if w.IntN(4) == 0 {
		open = "[[- "
	}
	if w.IntN(4) == 0 {
		end = " -]]"
	}
	w.b.WriteString(open + code + end)
}

// loop ranges over a list: of the root, or of the element in hand.
func (w *writer) loop(element string) {
	list, inner := "$.Words", "word"
	switch {
	case element == "service" && w.IntN(2) == 0:
		list, inner = ".Methods", "method"
	case w.IntN(2) == 0:
		list, inner = "$.Services", "service"
	}
	name := fmt.Sprintf("$x%d", w.depth)
	switch w.IntN(3) {
	case 0:
		w.action("range " + list)
	case 1:
		w.action("range " + name + " := " + list)
	default:
		index := fmt.Sprintf("$i%d", w.depth)
		w.action("range " + index + ", " + name + " := " + list)
		w.action(index)
	}
	w.body(inner)
	if w.IntN(3) == 0 {
		w.action("else")
		w.body(element)
	}
	w.action("end")
}

// str is an expression that yields a string.
func (w *writer) str(element string, depth int) string {
	if depth == 0 || w.IntN(3) == 0 {
		return w.field(element)
	}
	arg := "(" + w.str(element, depth-1) + ")"
	switch w.IntN(8) {
	case 0:
		return "lower " + arg
	case 1:
		return "upper " + arg
	case 2:
		return "title " + arg
	case 3:
		return "untitle " + arg
	case 4:
		return `replace "-" "_" ` + arg
	case 5:
		return "quote " + arg
	case 6:
		return `join "-" $.Words`
	}
	return "or " + arg + ` "none"`
}

func (w *writer) field(element string) string {
	switch element {
	case "word":
		return "."
	case "service", "method":
		if w.IntN(2) == 0 {
			return ".Name"
		}
		return "$.Name"
	}
	return strs[w.IntN(len(strs))]
}

func (w *writer) condition(element string, depth int) string {
	if depth == 0 {
		return []string{"$.Custom", "$.Tenant", "$.Words", "$.Services"}[w.IntN(4)]
	}
	a, b := "("+w.condition(element, depth-1)+")", "("+w.condition(element, depth-1)+")"
	switch w.IntN(7) {
	case 0:
		return "not " + a
	case 1:
		return "and " + a + " " + b
	case 2:
		return "or " + a + " " + b
	case 3:
		return "eq (" + w.str(element, 1) + ") (" + w.str(element, 1) + `) "a"`
	case 4:
		return "ne $.Custom true"
	case 5:
		return "gt (len $.Words) 1"
	}
	return w.condition(element, 0)
}

func made(r *rand.Rand) values {
	word := func() string {
		return []string{"", "a", "order-intake", "Order Intake", "x1-2", `q"\'`, "{{x}}", "${{ x }}", "none"}[r.IntN(9)]
	}
	v := values{Name: word(), Tenant: word(), In: word(), Custom: r.IntN(2) == 0, Words: []string{}, Services: []service{}}
	for range r.IntN(4) {
		v.Words = append(v.Words, word())
	}
	for range r.IntN(3) {
		s := service{Name: word(), Methods: []method{}}
		for range r.IntN(3) {
			s.Methods = append(s.Methods, method{Name: word(), Stream: r.IntN(2) == 0})
		}
		v.Services = append(v.Services, s)
	}
	return v
}

// absent is values as Backstage passes them: without empty strings.
func absent(v values) map[string]any {
	m := map[string]any{"custom": v.Custom, "words": v.Words, "services": v.Services}
	for name, s := range map[string]string{"name": v.Name, "tenant": v.Tenant, "in": v.In} {
		if s != "" {
			m[name] = s
		}
	}
	return m
}

// The engines are text/template and the nunjucks of Backstage's scaffolder.
func TestBothEnginesRenderEverySkeletonAlike(t *testing.T) {
	lab.Slow(t)
	var cases []lab.NunjucksCase
	var skeletons, want []string
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := &writer{Rand: r}
		w.body("root")
		v := made(r)
		text, err := skeleton.Execute("f", w.b.String(), v)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, w.b.String())
		}
		compiled, err := skeleton.Compile("f", w.b.String(), valuesType)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, w.b.String())
		}
		cases = append(cases, lab.NunjucksCase{Template: compiled, Values: absent(v)})
		skeletons, want = append(skeletons, w.b.String()), append(want, text)
	}
	for i, got := range lab.Nunjucks(t, cases) {
		if got.Text != want[i] || got.Error != "" {
			t.Fatalf("seed %d\nskeleton %s\nnunjucks %s\ngot  %q %s\nwant %q", i, skeletons[i], cases[i].Template, got.Text, got.Error, want[i])
		}
	}
}
