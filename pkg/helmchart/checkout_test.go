package helmchart_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/helmchart"
)

// The charts of the sample checkout are what a platform team has: each loads, and has the defaults that Helm sees.
func TestTheSampleCheckoutsChartsHaveHelmsDefaults(t *testing.T) {
	const root = "../../testdata/gitops"
	fsys := os.DirFS(root)
	charts, err := fs.Glob(fsys, "sources/charts/*/*/Chart.yaml")
	if err != nil {
		t.Fatal(err)
	}
	deeper, _ := fs.Glob(fsys, "sources/charts/*/*/*/Chart.yaml")
	for _, file := range append(charts, deeper...) {
		c, err := helmchart.Load(fsys, path.Dir(file))
		if err != nil {
			t.Errorf("load: %v", err)
			continue
		}
		none, err := helmchart.LoadValues(fsys, nil, true)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Coalesce(none)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		want, err := helmValues(t, filepath.Join(root, path.Dir(file)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got.Map(), want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", file, diff)
		}
	}
}
