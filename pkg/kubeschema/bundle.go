package kubeschema

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// compiled is one schema in the two forms that the API server's packages want. Both share their inner maps with every
// other schema of the bundle that refers to the same definition, so neither may be changed.
type compiled struct {
	structural *schema.Structural
	openapi    *spec.Schema
}

// bundle is one embedded file: the definitions of one Kubernetes version or of one CRD. It is opened when the first of
// its kinds is asked for and decodes only the definitions that this kind reaches.
type bundle struct {
	path   string
	titled bool // definitions keep their name as title: the checks of built-in types go by it

	mu    sync.Mutex
	lines map[string][]byte // definition -> JSON; nil until opened
	built map[string]*compiled
}

// get returns a definition in its compiled form.
func (b *bundle) get(name string) (*compiled, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lines == nil {
		if err := b.open(); err != nil {
			return nil, fmt.Errorf("open embedded schemas %s: %w", b.path, err)
		}
	}
	return b.resolve(name)
}

func (b *bundle) open() error {
	packed, err := embedded.ReadFile("schemas/" + b.path)
	if err != nil {
		return err
	}
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	text, err := io.ReadAll(bufio.NewReader(zip))
	if err != nil {
		return err
	}
	b.lines, b.built = map[string][]byte{}, map[string]*compiled{}
	for line := range bytes.Lines(text) {
		name, definition, ok := bytes.Cut(line, []byte("\t"))
		if !ok {
			return fmt.Errorf("bad line %.40q", line)
		}
		b.lines[string(name)] = definition
	}
	return nil
}

// resolve compiles a definition once. The definitions of a bundle have no cycles.
func (b *bundle) resolve(name string) (*compiled, error) {
	if done, ok := b.built[name]; ok {
		return done, nil
	}
	line, ok := b.lines[name]
	if !ok {
		return nil, fmt.Errorf("schemas %s have no definition %s", b.path, name)
	}
	var n node
	if err := json.Unmarshal(line, &n); err != nil {
		return nil, fmt.Errorf("decode definition %s of schemas %s: %w", name, b.path, err)
	}
	c, err := n.compile(b.resolve)
	if err != nil {
		return nil, fmt.Errorf("compile definition %s of schemas %s: %w", name, b.path, err)
	}
	if b.titled {
		c.structural.Title = name
	}
	b.built[name] = c
	return c, nil
}
