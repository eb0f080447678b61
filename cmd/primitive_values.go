package cmd

import (
	"io/fs"
	"sync"

	"github.com/ameideio/ameide/pkg/scaffold"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/templates"
)

// primitive is one with all of its values.
type primitive struct {
	values   scaffold.Values
	contract *scaffold.Contract // nil for the skeleton's own
}

func newPrimitive(p scaffold.Params, c *scaffold.Contract, s *spec.Spec) (*primitive, error) {
	rules, err := derivations()
	if err != nil {
		return nil, err
	}
	if c == nil {
		v, err := scaffold.Complete(p, nil, s, rules)
		return &primitive{values: v}, err
	}
	v, err := scaffold.Complete(p, c.Services, s, rules)
	if err != nil {
		return nil, err
	}
	return &primitive{v.WithContract(c), c}, nil
}

// derivations are the rules that belong to this binary, parsed once.
var derivations = sync.OnceValues(func() (*scaffold.Derivations, error) {
	text, err := fs.ReadFile(templates.Primitives(), "values.yaml")
	if err != nil {
		return nil, err
	}
	return scaffold.ParseDerivations(text)
})
