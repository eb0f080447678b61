package scaffold_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/ameideio/ameide/pkg/scaffold"
)

func TestTheLongestNameFitsEverywhere(t *testing.T) {
	environments := []string{"dev", "production"}
	for _, k := range scaffold.Kinds() {
		name := strings.Repeat("x", scaffold.MaxName(k, environments))
		release := string(k) + "-" + name + "-v0-smoke"
		application := "production-" + release
		if len(release) > 53 || len(application) > 63 || len(release) < 53 && len(application) < 63 {
			t.Errorf("%s: a name of %d makes a release of %d and an Application of %d", k, len(name), len(release), len(application))
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, fits, not string
	}{
		{scaffold.NamePattern, "a order-intake x1-2", "-a a- a--b A 1a a_b ../x a.b"},
		{scaffold.DefinitionPattern, "L2O_v3 core-platform-coder-v4", "-x 3x a/b"},
		{scaffold.VersionPattern, "3 v3 1.2.0", "latest 1.2.3.4 v"},
		{scaffold.ModelPattern, "gpt-4o-mini openai/gpt-5.1-pro", "-x"},
		{scaffold.HostPattern, "orders.ameide.io a.b", "orders Orders.io -a.io a..io a.1"},
	} {
		re := regexp.MustCompile(c.pattern)
		for s := range strings.FieldsSeq(c.fits) {
			if !re.MatchString(s) {
				t.Errorf("%s refuses %q", c.pattern, s)
			}
		}
		for s := range strings.FieldsSeq(c.not) {
			if re.MatchString(s) {
				t.Errorf("%s takes %q", c.pattern, s)
			}
		}
	}
}
