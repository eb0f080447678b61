package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/ameideio/ameide/pkg/spec/yamltext"
)

// FileName is the spec's place in a GitOps checkout.
const FileName = "ameide.yaml"

// maxSize bounds the file, in bytes: a spec of a hundred environments has less than a tenth of it.
const maxSize = 1 << 20

// Loaded is a spec that passed every check, and where its file says what.
type Loaded struct {
	Spec
	File      string // as given to Load; empty when the defaults hold because there is no file
	positions map[string]Position
}

// Load reads a spec file over the defaults. A scalar or a field of a mapping replaces its default; a list replaces the
// whole default list. The list of environments decides which exist, and each of them starts from what its name, zone and
// namespace imply; see DefaultEnvironment. Content that is not acceptable is reported as Problems, all at once.
func Load(fsys fs.FS, name string) (*Loaded, error) {
	text, err := read(fsys, name)
	if err != nil {
		return nil, err
	}
	return Parse(name, text)
}

// LoadOptional is Load, or the defaults when the file does not exist.
func LoadOptional(fsys fs.FS, name string) (*Loaded, error) {
	l, err := Load(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return &Loaded{Spec: Default()}, nil
	}
	return l, err
}

// Parse is Load for text that is already in memory. name is what problems call the file.
func Parse(name string, text []byte) (*Loaded, error) {
	if f, bad := yamltext.Unreadable(text); bad {
		return nil, flaw(name, f)
	}
	root, problems := document(name, text)
	if problems != nil {
		return nil, problems
	}
	s := Default()
	d := newDecoder(name, &s)
	d.root(root)
	d.settle()
	d.checkAll()
	if len(d.problems) > 0 {
		return nil, d.problems.sorted()
	}
	return &Loaded{Spec: s, File: name, positions: d.positions}, nil
}

// Pos is where the file says a field, for example "oidc.realm" or "environments[dev].host". When the file leaves the
// field out, it is the place of the nearest enclosing key that the file does give, and exact is false; when there is
// none, the position is the zero value.
func (l *Loaded) Pos(path string) (p Position, exact bool) {
	return nearest(l.positions, l.byIndex(path))
}

// byIndex writes environments[dev] as environments[0], which is how positions are kept.
func (l *Loaded) byIndex(path string) string {
	rest, ok := strings.CutPrefix(path, "environments[")
	if !ok {
		return path
	}
	name, rest, _ := strings.Cut(rest, "]")
	for i, e := range l.Environments {
		if e.Name == name {
			return "environments[" + strconv.Itoa(i) + "]" + rest
		}
	}
	return path
}

func nearest(positions map[string]Position, path string) (Position, bool) {
	exact := true
	for path != "" {
		if p, ok := positions[path]; ok {
			return p, exact
		}
		exact = false
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return Position{}, false
}

func read(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read spec: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read spec: %w", err)
	}
	if len(text) > maxSize {
		return nil, Problems{{File: name, Message: "the file is larger than 1 MiB", Hint: "a spec has a few hundred lines; is this the right file?"}}
	}
	return text, nil
}

// document is the root node of the one document in text, nil when the file says nothing.
func document(file string, text []byte) (*yaml.Node, Problems) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, flaw(file, yamltext.Syntax(text, err))
	}
	if err := dec.Decode(&second); err == nil {
		return nil, Problems{{File: file, Line: second.Line, Column: second.Column, Message: "a second YAML document", Hint: "a spec is one document: remove the line ---"}}
	} else if !errors.Is(err, io.EOF) {
		return nil, flaw(file, yamltext.Syntax(text, err))
	}
	root := doc.Content[0]
	if root.ShortTag() == "!!null" {
		return nil, nil
	}
	return root, nil
}

func flaw(file string, f yamltext.Flaw) Problems {
	return Problems{{File: file, Line: f.Line, Column: f.Column, Message: f.Message, Hint: f.Hint}}
}
