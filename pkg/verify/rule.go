package verify

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/ameideio/ameide/pkg/helmchart"
)

// Rule is one thing that must be true. Exactly one of Env and Tree is set: Env is asked once for each environment, Tree
// once for all. They return the findings; an error of type notApplicable makes the check a SKIP, which says why.
type Rule struct {
	RuleInfo
	Env  func(*Env) ([]Issue, error)
	Tree func(*Tree) ([]Issue, error)
	Slow bool // takes as long as all others together: it is asked first, beside them

	Anywhere bool // of a tenant's own repository, too
}

// notApplicable is why a rule could not be asked; another rule reports the cause.
type notApplicable string

func (n notApplicable) Error() string { return string(n) }

// NotApplicable is the answer of a rule that could not be asked, and why; another rule reports the cause.
func NotApplicable(reason string) error { return notApplicable(reason) }

// Unseen is the answer of a rule about a running environment that could not look at something: a right is missing, or a
// server did not answer. The findings that come with it stand; without any the check is a SKIP, never a PASS.
type Unseen struct {
	Reason string  // what was not looked at
	Issues []Issue // one for each thing, with what would help
}

func (u *Unseen) Error() string { return u.Reason }

// errNotRendered is the answer of rules about rendered objects when there are none.
const errNotRendered = notApplicable("the chart does not render, see chart/render")

// rendered is the portal's component if it has objects.
func (e *Env) rendered() (*Component, error) {
	c := e.Portal()
	if c == nil {
		return nil, notApplicable("no Application is generated, see appset/application")
	}
	if !e.layered() {
		return nil, errLayers
	}
	if c.Err != nil {
		return nil, errNotRendered
	}
	return c, nil
}

// object is an object of the portal's, or the reason to skip a rule about it.
func (e *Env) object(kind string) (*Component, *helmchart.Manifest, error) {
	c, err := e.rendered()
	if err != nil {
		return nil, nil, err
	}
	m := c.Object(kind, "")
	if m == nil {
		return nil, nil, notApplicable("the chart renders no " + kind)
	}
	return c, m, nil
}

// skipped tells the reason when an error means that a rule did not apply.
func skipped(err error) (string, bool) {
	var reason notApplicable
	ok := errors.As(err, &reason)
	return string(reason), ok
}

// at puts a place of a value file or template into an issue.
func at(p helmchart.Pos, i Issue) Issue {
	i.File, i.Line = p.File, p.Line
	return i
}

// text is a value as a finding shows it; an absent one is nothing.
func text(v any) string {
	if v == nil {
		return "nothing"
	}
	return fmt.Sprint(v)
}

// orNothing is a string as a finding shows it.
func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// sorted orders findings by place, so that a map's order never shows.
func sorted(issues []Issue) []Issue {
	slices.SortFunc(issues, func(a, b Issue) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Actual, b.Actual))
	})
	return issues
}
