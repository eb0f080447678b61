package imagecheck_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/ameideio/ameide/pkg/imagecheck"
)

func TestReferencesAreReadWithTagAndDigest(t *testing.T) {
	sum, sum512 := "sha256:"+strings.Repeat("0a", 32), "sha512:"+strings.Repeat("0a", 64)
	type parts struct{ registry, repository, tag, digest, floating string }
	for in, want := range map[string]parts{
		"postgres":                          {"index.docker.io", "library/postgres", "", "", "latest"},
		"docker.io/postgres:17.6":           {"index.docker.io", "library/postgres", "17.6", "", ""},
		"localhost:5000/img:v1@" + sum:      {"localhost:5000", "img", "v1", sum, ""},
		"[::1]:5000/a/b:V1.0_x":             {"[::1]:5000", "a/b", "V1.0_x", "", ""},
		"10.0.0.1:8443/a@" + sum512:         {"10.0.0.1:8443", "a", "", sum512, ""},
		"quay.io/janus-idp/showcase:latest": {"quay.io", "janus-idp/showcase", "latest", "", "latest"},
		"quay.io/authelia:Main@" + sum:      {"quay.io", "authelia", "Main", sum, "Main"},
		"Quay.IO/a:1":                       {"Quay.IO", "a", "1", "", ""},
		"a/b@" + sum:                        {"index.docker.io", "a/b", "", sum, ""},
	} {
		r, err := imagecheck.ParseRef(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		got := parts{r.Registry(), r.Repository(), r.Tag, r.Digest, r.Floating()}
		if got != want {
			t.Errorf("%s = %+v, want %+v", in, got, want)
		}
	}
}

func TestBadReferencesSayWhatIsWrong(t *testing.T) {
	for in, part := range map[string]string{
		"":                      "repository name must be specified",
		"https://quay.io/a":     "no URL scheme",
		"quay.io/A:1":           "repository can only contain",
		"quay.io/a:b c":         `tag "b c"`,
		"quay.io/a:":            `tag ""`,
		"quay.io/a@sha256:abcd": `digest "sha256:abcd"`,
		"quay.io/a@sha256:" + strings.Repeat("A", 64):                                "digest",
		"quay.io/a@md5:" + strings.Repeat("a", 32):                                   "digest",
		"a@sha256:" + strings.Repeat("a", 64) + "@sha256:" + strings.Repeat("a", 64): "digest",
		"repo:1.0@sha256:" + strings.Repeat("a", 64) + "/x":                          "digest",
		"quay.io/a:" + strings.Repeat("t", 129):                                      "tag",
	} {
		_, err := imagecheck.ParseRef(in)
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q: error = %v, want one about %q", in, err, part)
		}
	}
}

func TestADigestReplacesOnlyAFloatingTag(t *testing.T) {
	sum := "sha256:" + strings.Repeat("0a", 32)
	for in, want := range map[string]string{
		"quay.io/a:1.2":    "quay.io/a:1.2@" + sum,
		"quay.io/a:latest": "quay.io/a@" + sum,
		"localhost:5000/a": "localhost:5000/a@" + sum,
		"localhost:5000/a:1@" + "sha256:" + strings.Repeat("ff", 32): "localhost:5000/a:1@" + sum,
	} {
		r, err := imagecheck.ParseRef(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.WithDigest(sum); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// go-containerregistry drops the tag beside a digest; in everything else both must agree on every input.
func FuzzReferencesAgreeWithGoContainerregistry(f *testing.F) {
	sum := "@sha256:" + strings.Repeat("0a", 32)
	for _, s := range []string{
		"postgres", "localhost:5000/img:v1" + sum, "[::1]:5000/a", "[fe80::1%25eth0]:5000/a/b:1", "Quay.IO/a", "quay.io/A", "a:b:c", "a@b@c",
		"10.0.0.1:5000/a@sha512:" + strings.Repeat("0a", 64), "host:port/a", "a/b:" + strings.Repeat("x", 129), "https://a/b", "docker.io/a", "a..b/c", "-", "a/:b", "a:1/b", "ex ample.com/a",
		"a@sha256:" + strings.Repeat("0A", 32), "a:" + sum, "a/b/c:T" + sum, "@", ":", "/", "localhost/a", "localhost",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		theirs, theirErr := name.ParseReference(s)
		ours, err := imagecheck.ParseRef(s)
		if (err == nil) != (theirErr == nil) {
			t.Fatalf("%q: our error %v, theirs %v", s, err, theirErr)
		}
		if err != nil {
			return
		}
		identifier := ours.Digest
		if identifier == "" {
			identifier = ours.Tag
		}
		if identifier == "" {
			identifier = "latest"
		}
		got := []string{ours.Registry(), ours.Repository(), identifier}
		want := []string{theirs.Context().RegistryStr(), theirs.Context().RepositoryStr(), theirs.Identifier()}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-theirs +ours):\n%s", s, diff)
		}
	})
}
