package yamledit_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ameideio/ameide/pkg/yamledit"
)

func TestParseRefuses(t *testing.T) {
	cases := []struct {
		name, in string
		kind     error
		want     string
	}{
		{"what does not parse", "a: 1\nb: [\n", yamledit.ErrSyntax, "f.yaml:"},
		{"tabs as indentation", "a:\n\tb: 1\n", yamledit.ErrSyntax, "f.yaml:2:1: "},
		{"NUL bytes", "a: 1\nb: \x00\n", yamledit.ErrEncoding, "f.yaml:2:4: NUL byte"},
		{"text that is not UTF-8", "a: é\nb: \xff\n", yamledit.ErrEncoding, "f.yaml:2:4: not valid UTF-8"},
		{"UTF-16", "\xff\xfea\x00", yamledit.ErrEncoding, "f.yaml:1:1: not valid UTF-8"},
		{"duplicate keys", "x:\n  a: 1\n  b: 2\n  a: 3\n", yamledit.ErrAmbiguous, `f.yaml:4:3: key "a" is already on line 2`},
		{"huge files", "a: " + strings.Repeat("x", yamledit.MaxSize), yamledit.ErrTooLarge, "f.yaml: the file has 5242883 bytes"},
		{"unknown aliases", "a: *x\n", yamledit.ErrSyntax, "f.yaml:"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, err := yamledit.Parse("f.yaml", []byte(tc.in))
			checkRefusal(t, err, tc.kind, tc.want)
		})
	}
}

func TestEnsureRefuses(t *testing.T) {
	const item = "name: b\nx: 2\n"
	cases := []struct {
		name, in, path string
		kind           error
		want           string
	}{
		{"two items of one name", "l:\n  - name: b\n  - name: b\n", "l[name=b]", yamledit.ErrAmbiguous, "f.yaml:3:5: l[name=b]: a second item; the first is on line 2"},
		{"several documents with the key", "l: []\n---\nl: []\n", "l[name=b]", yamledit.ErrAmbiguous, "f.yaml:3:1: l[name=b]: the file has 2 YAML documents and 2 of them"},
		{"several documents without the key", "a: 1\n---\nb: 1\n", "l[name=b]", yamledit.ErrAmbiguous, "0 of them"},
		{"a list that is an alias", "d: &d []\nl: *d\n", "l[name=b]", yamledit.ErrShared, "f.yaml:2:4: l: the value is the alias *d of line 1"},
		{"an item that is an alias", "d: &d {name: b}\nl:\n  - *d\n", "l[name=b]", yamledit.ErrShared, "f.yaml:3:5: l[name=b]: the value is the alias *d"},
		{"a list that others refer to", "l: &d\n  - name: a\nm: *d\n", "l[name=b]", yamledit.ErrShared, "f.yaml:1:4: l: the value is the anchor &d that line 3 refers to"},
		{"a parent that others refer to", "p: &p\n  l: []\nm:\n  <<: *p\n", "p.l[name=b]", yamledit.ErrShared, "f.yaml:1:4: p: the value is the anchor &p that line 4"},
		{"a list that comes from a merge", "p: &p\n  l: []\nm:\n  <<: *p\n", "m.l[name=b]", yamledit.ErrShared, `f.yaml:4:7: m.l: the key "l" comes from line 2 through a merge key`},
		{"a mapping in the place of a list", "l:\n  a: 1\n", "l[name=b]", yamledit.ErrKind, "f.yaml:2:3: l: a list is expected here, not a mapping"},
		{"a scalar in the place of a mapping", "l: text\n", "l.m[name=b]", yamledit.ErrKind, "f.yaml:1:4: l: a mapping is expected here, not a scalar"},
		{"a mapping in the place of a scalar", "l:\n- name: b\n  x: {y: 1}\n", "l[name=b]", yamledit.ErrKind, "f.yaml:3:6: l[name=b].x: a scalar is expected here, not a mapping"},
		{"a block scalar that the missing line break belongs to", "l:\n  - |\n    x", "l[name=b]", yamledit.ErrUnsafe, "f.yaml:3:6: l: the result would not be"},
		{"a list in which a merge is cyclic", "l: &l\n  - &x\n    <<: [*x, *x]\n    z: *l\n", "l[name=b]", yamledit.ErrShared, "f.yaml:1:4: l: "},
		{"a bad path", "l: 1\n", "l[name", yamledit.ErrSyntax, `path: l[name: field "name" of a list item has no value`},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			doc, err := yamledit.Parse("f.yaml", []byte(tc.in))
			if err != nil {
				t.Fatal(err)
			}
			got, err := doc.Ensure(tc.path, item)
			checkRefusal(t, err, tc.kind, tc.want)
			if got != nil {
				t.Errorf("a refused edit returned %q", got.Bytes())
			}
		})
	}
}

func TestRefusalAfterTheFirstOfSeveralEditsReturnsNothing(t *testing.T) {
	doc, err := yamledit.Parse("f.yaml", []byte("a: {x: 1, z: [1]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := doc.Ensure("a", "x: 2\ny: 3\nz: text\n")
	checkRefusal(t, err, yamledit.ErrKind, "f.yaml:1:14: a.z: a scalar is expected here, not a list")
	if got != nil || string(doc.Bytes()) != "a: {x: 1, z: [1]}\n" {
		t.Errorf("got %v; the document is %q", got, doc.Bytes())
	}
}

func TestDeepNestingAndManyLinesAreHandled(t *testing.T) {
	deep := "a: " + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "\n"
	long := "a: 1\nl:\n" + strings.Repeat("  - name: x # y\n", 50_000)
	for _, in := range []string{deep, long} {
		doc, err := yamledit.Parse("f.yaml", []byte(in))
		if err != nil {
			t.Fatal(err)
		}
		got, err := doc.Set("b", "2")
		if err != nil {
			t.Fatal(err)
		}
		if string(got.Bytes()) != in+"b: 2\n" {
			t.Errorf("a document of %d bytes became one of %d", len(in), len(got.Bytes()))
		}
	}
}

func checkRefusal(t *testing.T, err, kind error, want string) {
	t.Helper()
	var e *yamledit.Error
	if !errors.As(err, &e) || !errors.Is(err, kind) {
		t.Fatalf("got %v, want an *Error of kind %v", err, kind)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("got %q, want %q in it", err, want)
	}
	if e.Hint == "" {
		t.Errorf("%v has no hint", err)
	}
}

func TestSharedPlaceThatAlreadySaysSoIsNoError(t *testing.T) {
	doc, err := yamledit.Parse("f.yaml", []byte("d: &d [{name: b, x: 0x2}]\nl: *d\nm: {<<: {l: *d}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"d[name=b]", "l[name=b]", "m.l[name=b]"} {
		if got, err := doc.Ensure(path, "name: b\nx: 2\n"); err != nil || got != doc {
			t.Errorf("%s: got a change or an error: %v", path, err)
		}
	}
}

// aliases is a file in which every list holds the one before twice.
func aliases(levels int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x]\n")
	for i := 1; i < levels; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [*a%d, *a%d]\n", i, i, i-1, i-1)
	}
	return b.String()
}

// Whoever writes the aliases out dies of it; this costs nothing, because nothing does.
func TestAliasBombIsRefused(t *testing.T) {
	_, err := yamledit.Parse("f.yaml", []byte(aliases(60)))
	checkRefusal(t, err, yamledit.ErrTooLarge, "f.yaml:19:6: aliases stand for more than 1000000 values")
}

func TestAliasesOfAliasesAreKept(t *testing.T) {
	doc, err := yamledit.Parse("f.yaml", []byte(aliases(15)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := doc.Ensure("l[name=b]", "name: b\n")
	if err != nil {
		t.Fatal(err)
	}
	if want := aliases(15) + "l:\n  - name: b\n"; string(got.Bytes()) != want {
		t.Errorf("got %q, want the aliases and one item", got.Bytes())
	}
	if _, err := doc.Ensure("a14", "[y]"); err != nil {
		t.Errorf("got %v, want an item appended to the last list", err)
	}
}

func TestFragmentWithAliasIsRefused(t *testing.T) {
	doc, err := yamledit.Parse("f.yaml", []byte("a: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = doc.Ensure("b", "x: &x 1\ny: *x\n")
	checkRefusal(t, err, yamledit.ErrSyntax, "without anchors and aliases")
}
