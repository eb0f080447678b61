package cmd

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestResolveReadsWhatCurlReads(t *testing.T) {
	t.Parallel()
	got, err := parseResolve([]string{"a.example:443:10.0.0.7", "b.example:443:127.0.0.1:8443", "c.example:443:[::1]"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"a.example:443": "10.0.0.7:443", "b.example:443": "127.0.0.1:8443", "c.example:443": "[::1]:443"}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	for _, wrong := range []string{"a.example", "a.example:443", ":443:10.0.0.7", "a.example:443:"} {
		if _, err := parseResolve([]string{wrong}); err == nil {
			t.Errorf("%q is accepted", wrong)
		}
	}
}
