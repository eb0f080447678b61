package yamledit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// MaxSize is the size in bytes above which a file is refused.
const MaxSize = 5 << 20

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): `)

// Document is a parsed file: its bytes and, for positions only, its nodes. It
// may hold several YAML documents or none.
type Document struct {
	name      string
	src       []byte
	docs      []*yaml.Node // the document nodes, in order
	lines     *lines
	aliased   map[*yaml.Node]*yaml.Node // an anchored node -> the first alias that refers to it
	lenient   bool
	rendering style
}

// Parse reads a file. The name is used in messages. It refuses what cannot be
// edited: text that does not parse, is not UTF-8, holds NUL bytes or duplicate
// keys or a YAML bomb, or is larger than [MaxSize]. Every error is an [*Error].
func Parse(name string, data []byte) (*Document, error) {
	return parse(name, data, false)
}

// ParseMasked is [Parse] for text whose template actions were masked. The
// branches of a template repeat keys, so duplicate keys are refused only on
// the way to a place that is asked for.
func ParseMasked(name string, data []byte) (*Document, error) {
	return parse(name, data, true)
}

func parse(name string, data []byte, lenient bool) (*Document, error) {
	d := &Document{name: name, src: data, lenient: lenient}
	if err := d.checkBytes(); err != nil {
		return nil, err
	}
	d.lines = newLines(data)
	if err := d.load(); err != nil {
		return nil, err
	}
	if err := d.checkExpansion(); err != nil {
		return nil, err
	}
	d.aliased = map[*yaml.Node]*yaml.Node{}
	for _, doc := range d.docs {
		if err := d.scan(doc); err != nil {
			return nil, err
		}
	}
	d.rendering = detectStyle(d)
	return d, nil
}

// Name is the name that was given to [Parse].
func (d *Document) Name() string { return d.name }

// Bytes is the text of the file. It must not be changed.
func (d *Document) Bytes() []byte { return d.src }

// CheckText refuses bytes that are not the text of a file that can be edited, as [Parse] does before it parses.
func CheckText(name string, data []byte) error {
	return (&Document{name: name, src: data}).checkBytes()
}

func (d *Document) checkBytes() error {
	if len(d.src) > MaxSize {
		return &Error{File: d.name, Kind: ErrTooLarge,
			Problem: fmt.Sprintf("the file has %d bytes, more than the %d that are edited", len(d.src), MaxSize),
			Hint:    "check that the path names the right file, or split the file"}
	}
	for i := 0; i < len(d.src); {
		r, n := utf8.DecodeRune(d.src[i:])
		if r == 0 {
			return d.badByte(i, "NUL byte", "remove the NUL byte; the file may be damaged or binary")
		}
		if r == utf8.RuneError && n == 1 {
			return d.badByte(i, "not valid UTF-8", "save the file as UTF-8")
		}
		i += n
	}
	return nil
}

func (d *Document) badByte(offset int, problem, hint string) error {
	line := 1 + bytes.Count(d.src[:offset], []byte("\n"))
	column := 1 + utf8.RuneCount(d.src[bytes.LastIndexByte(d.src[:offset], '\n')+1:offset])
	return &Error{File: d.name, Line: line, Column: column, Problem: problem, Hint: hint, Kind: ErrEncoding}
}

// load fills docs. Decoding into a node does not expand aliases. The scanner
// of the library panics on some malformed input, which is bad input here, too.
func (d *Document) load() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = d.syntaxError(fmt.Errorf("yaml: %v", r))
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(d.src))
	for {
		var n yaml.Node
		err := dec.Decode(&n)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return d.syntaxError(err)
		}
		d.docs = append(d.docs, &n)
	}
}

func (d *Document) syntaxError(err error) error {
	e := &Error{File: d.name, Line: 1, Column: 1, Kind: ErrSyntax,
		Problem: strings.TrimPrefix(err.Error(), "yaml: "), Hint: "correct the YAML by hand and run again"}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		e.Line, _ = strconv.Atoi(m[1])
		e.Problem = strings.TrimPrefix(err.Error(), m[0])
	}
	if tab := d.tabIndent(); tab > 0 {
		e.Line = tab
		e.Hint = "the line is indented with a tab; indent with spaces"
	}
	return e
}

// tabIndent is the first line with a tab in its indentation, or zero.
func (d *Document) tabIndent() int {
	for i, start := range d.lines.start {
		rest := bytes.TrimLeft(d.src[start:], " ")
		if len(rest) > 0 && rest[0] == '\t' {
			return i + 1
		}
	}
	return 0
}

// scan notes which anchored nodes are referred to and refuses duplicate keys.
func (d *Document) scan(n *yaml.Node) error {
	if n.Kind == yaml.AliasNode && d.aliased[n.Alias] == nil {
		d.aliased[n.Alias] = n
	}
	if n.Kind == yaml.MappingNode && !d.lenient {
		if err := d.duplicateKey(n); err != nil {
			return err
		}
	}
	for _, c := range n.Content {
		if err := d.scan(c); err != nil {
			return err
		}
	}
	return nil
}

func (d *Document) duplicateKey(m *yaml.Node) error {
	seen := map[string]*yaml.Node{}
	for i := 0; i < len(m.Content); i += 2 {
		key := m.Content[i]
		if key.Kind != yaml.ScalarNode {
			continue
		}
		if first := seen[key.Value]; first != nil {
			return d.errorAt(key, "", ErrAmbiguous, fmt.Sprintf("key %q is already on line %d", key.Value, first.Line),
				"remove one of the two; readers of YAML differ in which one they take")
		}
		seen[key.Value] = key
	}
	return nil
}

func (d *Document) errorAt(n *yaml.Node, path string, kind error, problem, hint string) *Error {
	e := &Error{File: d.name, Path: path, Problem: problem, Hint: hint, Kind: kind}
	if n != nil && n.Line > 0 {
		e.Line, e.Column = n.Line, n.Column
	}
	return e
}
