package imagecheck_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/imagecheck"
)

func facts(digest string) *imagecheck.Facts {
	return &imagecheck.Facts{Digest: digest, Index: true, Images: []imagecheck.Child{{Platform: imagecheck.Platform{OS: "linux", Arch: "arm64"}, Digest: "sha256:c"}}}
}

func TestALockIsTheSameBytesInAnyOrder(t *testing.T) {
	var a, b imagecheck.Lock
	a.Put("x:1", imagecheck.Need{}, facts("sha256:1"))
	a.Put("a:1", imagecheck.Need{}, facts("sha256:2"))
	b.Put("a:1", imagecheck.Need{}, facts("sha256:0"))
	b.Put("a:1", imagecheck.Need{}, facts("sha256:2"))
	b.Put("x:1", imagecheck.Need{}, facts("sha256:1"))
	first, err := a.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Errorf("(-a +b):\n%s", cmp.Diff(string(first), string(second)))
	}
	again, err := imagecheck.ParseLock("lock", first)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&a, again); diff != "" {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
}

func TestWhatALockDoesNotKnowIsSaid(t *testing.T) {
	var l imagecheck.Lock
	sum := "sha256:" + strings.Repeat("ab", 32)
	l.Put("a:1", imagecheck.Need{}, facts(sum))
	l.Put("b:1", imagecheck.Need{Deep: true, Platforms: arm64()}, facts(sum))
	l.Put("c:1@"+sum, imagecheck.Need{}, facts("sha256:"+strings.Repeat("cd", 32)))
	for _, test := range []struct {
		image string
		need  imagecheck.Need
		want  string // part of the error; empty for facts
	}{
		{"a:1", imagecheck.Need{Platforms: arm64()}, ""},
		{"b:1", imagecheck.Need{Deep: true, Config: true, Platforms: arm64()}, ""},
		{"z:1", imagecheck.Need{}, "does not know it"},
		{"a:1", imagecheck.Need{Deep: true, Platforms: arm64()}, "stale: it was made without --deep"},
		{"a:1", imagecheck.Need{Config: true, Platforms: arm64()}, "stale: it says too little about linux/arm64"},
		{"c:1@" + sum, imagecheck.Need{}, "stale: it is about sha256:cd"},
		{"UPPER/x", imagecheck.Need{}, "bad-reference"},
	} {
		a := l.Answer(test.image, test.need)
		switch {
		case test.want == "" && a.Err != nil:
			t.Errorf("%s: %v", test.image, a.Err)
		case test.want != "" && (a.Err == nil || !strings.Contains(a.Err.Error(), test.want)):
			t.Errorf("%s: error %v, want one about %q", test.image, a.Err, test.want)
		}
	}
	used := func(image string) bool { return image == "a:1" }
	if diff := cmp.Diff([]string{"b:1", "c:1@" + sum}, l.Keep(used)); diff != "" {
		t.Errorf("stale (-want +got):\n%s", diff)
	}
	if len(l.Images) != 1 {
		t.Errorf("%d entries are kept, want 1", len(l.Images))
	}
}

func TestALockOfAnotherFormatIsRefused(t *testing.T) {
	for _, text := range []string{"", "{}", `{"version":2,"images":[]}`, `{"version":1,"imgs":[]}`, `[]`} {
		if _, err := imagecheck.ParseLock("x.lock", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), "x.lock: ") {
			t.Errorf("%q: error %v", text, err)
		}
	}
}
