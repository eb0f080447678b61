package verify

import (
	"fmt"

	"github.com/ameideio/ameide/pkg/appset"
	"github.com/ameideio/ameide/pkg/spec"
)

// Running is a tree of which only the spec and the environments' names are known. Rules that look at what runs can be asked
// of it where there is no checkout, in a Pod; rules about Git have nothing to look at.
func Running(s *spec.Loaded, envs []string, today string) (*Tree, error) {
	t := &Tree{Spec: s, Sets: &appset.Result{}, Today: today}
	for _, name := range envs {
		e, ok := s.Spec.Environment(name)
		if !ok {
			return nil, fmt.Errorf("unknown environment %q", name)
		}
		t.Envs = append(t.Envs, &Env{Environment: e, Image: s.ImageOf(e), tree: t})
	}
	return t, nil
}
