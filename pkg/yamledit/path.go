package yamledit

import (
	"fmt"
	"strings"
)

// step is one step of a path: into the value of a key, or to the item of a
// list whose fields have these values.
type step struct {
	key    string
	fields []field // set for a list item
}

type field struct{ name, value string }

// parsePath reads a path: keys are joined with dots, an item of a list is
// selected by its fields in brackets, and names with other characters are
// quoted, as in
//
//	managed.roles[name=backstage]
//	metadata.annotations."argocd.argoproj.io/hook"
//	clients[clientId=backstage,realm=ameide].spec
func parsePath(path string) ([]step, error) {
	p := pathReader{rest: path}
	var steps []step
	for p.rest != "" {
		s, err := p.step(len(steps) == 0)
		if err != nil {
			return nil, &Error{File: "path", Path: path, Kind: ErrSyntax, Problem: err.Error(),
				Hint: `write key.key[field=value].key, with "quotes" around names that hold . [ ] = or ,`}
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// pathReader holds the part of a path that is still to be read.
type pathReader struct{ rest string }

func (p *pathReader) take(prefix string) bool {
	rest, ok := strings.CutPrefix(p.rest, prefix)
	p.rest = rest
	return ok
}

func (p *pathReader) step(first bool) (step, error) {
	if p.take("[") {
		return p.selector()
	}
	if !first && !p.take(".") {
		return step{}, fmt.Errorf("unexpected %q", p.rest)
	}
	key, err := p.name()
	return step{key: key}, err
}

func (p *pathReader) selector() (step, error) {
	var s step
	for {
		name, err := p.name()
		if err != nil {
			return s, err
		}
		if !p.take("=") {
			return s, fmt.Errorf("field %q of a list item has no value", name)
		}
		value, err := p.name()
		if err != nil {
			return s, err
		}
		s.fields = append(s.fields, field{name, value})
		if p.take("]") {
			return s, nil
		}
		if !p.take(",") {
			return s, fmt.Errorf("missing ] before %q", p.rest)
		}
	}
}

// name reads a quoted or bare name. Inside quotes a backslash protects the next character.
func (p *pathReader) name() (string, error) {
	if !p.take(`"`) {
		end := strings.IndexAny(p.rest+".", `.[]=,"`)
		name := p.rest[:end]
		p.rest = p.rest[end:]
		if name == "" {
			return "", fmt.Errorf("empty name before %q", p.rest)
		}
		return name, nil
	}
	var b strings.Builder
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '\\' && i+1 < len(p.rest):
			i++
			b.WriteByte(p.rest[i])
		case c == '"':
			p.rest = p.rest[i+1:]
			return b.String(), nil
		default:
			b.WriteByte(c)
		}
	}
	return "", fmt.Errorf("unclosed quote")
}
