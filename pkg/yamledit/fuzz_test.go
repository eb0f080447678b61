package yamledit

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// outline writes a tree as text without using the comparison under test.
func outline(n *yaml.Node) string {
	var b strings.Builder
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		fmt.Fprintf(&b, "%d %s %q %q (", n.Kind, n.ShortTag(), n.Anchor, n.Value)
		for _, c := range n.Content {
			walk(c)
		}
		b.WriteByte(')')
	}
	walk(n)
	return b.String()
}

func decode(t *testing.T, src []byte) []*yaml.Node {
	t.Helper()
	d := &Document{name: "f", src: src, lines: newLines(src)}
	if err := d.load(); err != nil {
		t.Fatalf("%q does not parse: %v", src, err)
	}
	return d.docs
}

// removed takes the longest common prefix and suffix away and returns what
// was lost from old and what came into next.
func removed(old, next []byte) (lost, added []byte) {
	i := 0
	for i < len(old) && i < len(next) && old[i] == next[i] {
		i++
	}
	j := 0
	for j < len(old)-i && j < len(next)-i && old[len(old)-1-j] == next[len(next)-1-j] {
		j++
	}
	return old[i : len(old)-j], next[i : len(next)-j]
}

// subsequence reports whether old is next with bytes taken away.
func subsequence(old, next []byte) bool {
	for _, c := range next {
		if len(old) > 0 && old[0] == c {
			old = old[1:]
		}
	}
	return len(old) == 0
}

func places(d *Document) []*place {
	var out []*place
	var walk func(p *place)
	walk = func(p *place) {
		out = append(out, p)
		for i, n := range p.node.Content {
			if n.Kind == yaml.AliasNode {
				continue
			}
			c := &place{node: n, parent: p}
			if p.node.Kind == yaml.MappingNode {
				if i%2 == 0 {
					continue
				}
				c.key = p.node.Content[i-1]
			}
			walk(c)
		}
	}
	for _, doc := range d.docs {
		walk(&place{node: doc.Content[0]})
	}
	return out
}

func addSeeds(f *testing.F) {
	for _, s := range []string{
		"a: 1\n", "a:\n  - b\n  - c # x\n# y\n", "a: [b, {c: d}]\n", "- a\n- - b\n  -\n", "a: |\n  x\n  # y\n\nb: >-\n  z\n",
		"? a\n? b\n", "\ufeffa:\r\n- b\r\n", "---\na: &x {b: c}\n...\n---\nd: *x\n", "a: 'x\n  y'\nb: \"p\\\"\n  q\"\n", "a: !!str\nb: !t [x]\n",
		"a: |+\n  x\n\n\n", "a:\n# c\n- b\n", "{}\n", "# only\n", "a: ~\nb: []\nc: {}\n", "l: [\n  a, # c\n  b\n]\n", "{a, b: , ? c}\n", "a\n b\n",
	} {
		for nth := range uint8(4) {
			f.Add([]byte(s), nth, nth%2 == 0)
		}
	}
}

// FuzzSplice appends to any collection of any file. What is not ours must stay
// byte for byte, and the result must be the old document plus ours.
func FuzzSplice(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, src []byte, nth uint8, flow bool) {
		d, err := Parse("f", src)
		if err != nil || len(d.docs) == 0 {
			return
		}
		all := places(d)
		p := all[int(nth)%len(all)]
		frag, em, err := d.fragment("", map[bool]string{true: "{ours: [1, 'x']}", false: "ours:\n  - 1\n  - 'x'\n"}[flow])
		if err != nil {
			t.Fatal(err)
		}
		var e *edit
		switch {
		case p.node.Kind == yaml.SequenceNode:
			e = d.addItem(p, frag, em)
		case p.node.Kind == yaml.MappingNode && !hasStep(p.node, step{key: "ours"}):
			e = d.addPair(p, frag.Content[0], frag.Content[1], em)
		default:
			return
		}
		next, err := d.apply(e)
		if err != nil {
			return
		}
		checkSplice(t, src, next.src, p.node, frag)
	})
}

func checkSplice(t *testing.T, src, next []byte, target, frag *yaml.Node) {
	t.Helper()
	old := decode(t, src)
	if len(target.Content) > 0 && !subsequence(src, next) {
		t.Errorf("%q\nbecame %q:\nbytes that are not ours are gone", src, next)
	}
	if lost, _ := removed(src, next); len(target.Content) == 0 && strings.Trim(string(lost), "[]{}\r\n \t\u0085\u2028\u2029") != "" {
		t.Errorf("%q\nbecame %q:\nlost %q", src, next, lost)
	}
	var want strings.Builder
	for _, doc := range old {
		want.WriteString(outlineWith(doc, target, frag))
	}
	var got strings.Builder
	for _, doc := range decode(t, next) {
		got.WriteString(outline(doc))
	}
	if got.String() != want.String() {
		t.Errorf("%q\nbecame %q:\n got %s\nwant %s", src, next, got.String(), want.String())
	}
}

// outlineWith is the outline of a freshly parsed tree with ours added to the
// node that stands where target stands.
func outlineWith(doc, target, frag *yaml.Node) string {
	var find func(n *yaml.Node)
	find = func(n *yaml.Node) {
		if n.Kind == target.Kind && n.Line == target.Line && n.Column == target.Column && outline(n) == outline(target) {
			if n.Kind == yaml.SequenceNode {
				n.Content = append(n.Content, frag)
			} else {
				n.Content = append(n.Content, frag.Content...)
			}
			return
		}
		for _, c := range n.Content {
			find(c)
		}
	}
	find(doc)
	return outline(doc)
}

// FuzzEnsure runs the public operations on any file: they refuse or succeed,
// are idempotent, and never take a byte away that is not a null, an empty
// collection or a replaced scalar.
func FuzzEnsure(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, src []byte, nth uint8, _ bool) {
		d, err := Parse("f", src)
		if err != nil {
			return
		}
		ops := [][2]string{{"a", "{x: 1, y: [z]}"}, {"a[x=1]", "x: 1\ny: 2\n"}, {"a.b.c", "text"}, {"ours.l[name=b]", "name: b\n"}, {"a", "|\n  x\n  y\n"}, {"[x=1]", "y: 1"}}
		op := ops[int(nth)%len(ops)]
		next, err := d.Ensure(op[0], op[1])
		if err != nil {
			return
		}
		if again, err := next.Ensure(op[0], op[1]); err != nil || again != next {
			t.Errorf("%q became %q and is not done (%v)", src, next.Bytes(), err)
		}
		if op[0] == "ours.l[name=b]" && !bytes.Contains(src, []byte("ours")) && len(d.docs) < 2 {
			if lost, _ := removed(src, next.src); strings.Trim(string(lost), "{}~nulNUL\r\n \t\u0085\u2028\u2029") != "" {
				t.Errorf("%q became %q and lost %q", src, next.src, lost)
			}
		}
	})
}
