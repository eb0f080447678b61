package yamledit_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/yamledit"
)

func TestInsertAfterKeepsTheOrderOfAList(t *testing.T) {
	const in = "steps:\n  # first\n  - a: 1 # one\n    b: [x]\n  # last\n  - a: 3\nother: 1\n"
	doc, err := yamledit.Parse("f.yaml", []byte(in))
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		index int
		want  string
	}{
		{0, "steps:\n  # first\n  - a: 1 # one\n    b: [x]\n  - a: 2\n  # last\n  - a: 3\nother: 1\n"},
		{1, "steps:\n  # first\n  - a: 1 # one\n    b: [x]\n  # last\n  - a: 3\n  - a: 2\nother: 1\n"},
	}
	for _, tc := range cases {
		got, err := doc.InsertAfter("steps", tc.index, "a: 2\n")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(got.Bytes()), tc.want); diff != "" {
			t.Errorf("after %d: -got +want:\n%s", tc.index, diff)
		}
	}
	if _, err := doc.InsertAfter("steps", 2, "a: 2\n"); !errors.Is(err, yamledit.ErrNotFound) {
		t.Errorf("after an item that does not exist: %v, want ErrNotFound", err)
	}
}
