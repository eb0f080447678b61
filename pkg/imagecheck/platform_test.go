package imagecheck_test

import (
	"testing"

	"github.com/ameideio/ameide/pkg/imagecheck"
)

func TestPlatformsOfOtherSpellingsAreTheSame(t *testing.T) {
	for in, want := range map[string]string{
		"linux/arm64/v8": "linux/arm64", "Linux/AArch64": "linux/arm64", "linux/x86_64": "linux/amd64", "linux/amd64/v1": "linux/amd64",
		"linux/amd64/v3": "linux/amd64/v3", "linux/arm": "linux/arm/v7", "linux/arm/6": "linux/arm/v6", "linux/armhf": "linux/arm/v7",
		"windows/arm64": "windows/arm64", " linux/s390x ": "linux/s390x", "linux/i686": "linux/386",
	} {
		p, err := imagecheck.ParsePlatform(in)
		if err != nil || p.String() != want {
			t.Errorf("%s = %s, %v; want %s", in, p, err, want)
		}
	}
	for _, bad := range []string{"", "arm64", "linux/", "/arm64", "linux/arm64/v8/x", "linux/ar m", "linux//v8"} {
		if p, err := imagecheck.ParsePlatform(bad); err == nil {
			t.Errorf("%q is read as %s", bad, p)
		}
	}
}

func TestAnImageRunsOnItsNodeAndOnNewerOnes(t *testing.T) {
	for _, test := range []struct {
		image, node string
		want        bool
	}{
		{"linux/amd64", "linux/amd64", true}, {"linux/amd64", "linux/amd64/v3", true}, {"linux/amd64/v2", "linux/amd64/v3", true},
		{"linux/amd64/v3", "linux/amd64", false}, {"linux/amd64/v4", "linux/amd64/v3", false},
		{"linux/arm64", "linux/arm64/v8", true}, {"linux/arm64/v8", "linux/arm64", true}, {"linux/arm64/v9", "linux/arm64", false},
		{"linux/arm64/v8.1", "linux/arm64/v9", true}, {"linux/arm/v6", "linux/arm", true}, {"linux/arm/v7", "linux/arm/v6", false},
		{"windows/arm64", "linux/arm64", false}, {"linux/arm64", "linux/amd64", false}, {"linux/arm/v7", "linux/arm64", false},
	} {
		image, err := imagecheck.ParsePlatform(test.image)
		if err != nil {
			t.Fatal(err)
		}
		node, err := imagecheck.ParsePlatform(test.node)
		if err != nil {
			t.Fatal(err)
		}
		if got := image.Runs(node); got != test.want {
			t.Errorf("%s on %s: %v, want %v", test.image, test.node, got, test.want)
		}
	}
}
