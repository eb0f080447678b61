package helmchart_test

import (
	"testing"

	"github.com/ameideio/ameide/pkg/helmchart"
)

func BenchmarkLoad(b *testing.B) {
	fsys := shop(b, nil)
	for b.Loop() {
		mustLoad(b, fsys)
	}
}

func BenchmarkValues(b *testing.B) {
	fsys := shop(b, nil)
	c := mustLoad(b, fsys)
	for b.Loop() {
		if _, err := c.Coalesce(mustValues(b, fsys, "values/shared.yaml", "values/dev.yaml")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	fsys := shop(b, nil)
	c, v := mustLoad(b, fsys), mustValues(b, fsys, "values/shared.yaml")
	for b.Loop() {
		if _, err := helmchart.Render(c, v, release, caps); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLint(b *testing.B) {
	fsys, scratch := shop(b, nil), b.TempDir()
	c, v := mustLoad(b, fsys), mustValues(b, fsys, "values/shared.yaml")
	for b.Loop() {
		if _, err := helmchart.Lint(c, scratch, v, release, caps); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnittest(b *testing.B) {
	fsys, scratch := shop(b, nil), b.TempDir()
	c := mustLoad(b, fsys)
	for b.Loop() {
		if _, err := helmchart.Unittest(b.Context(), c, scratch); err != nil {
			b.Fatal(err)
		}
	}
}
