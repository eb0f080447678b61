package helmchart_test

import (
	"errors"
	"maps"
	"os"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/ameideio/ameide/pkg/helmchart"
)

var (
	release = helmchart.Release{Name: "dev-shop", Namespace: "shop-dev"}
	caps    = helmchart.Capabilities{KubeVersion: "1.34.1"}
)

// shop is the checkout of testdata/shop.txtar with files replaced or, when the text is "-", removed.
func shop(t testing.TB, changes map[string]string) fstest.MapFS {
	t.Helper()
	data, err := os.ReadFile("testdata/shop.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range txtar.Parse(data).Files {
		files[f.Name] = string(f.Data)
	}
	maps.Copy(files, changes)
	out := fstest.MapFS{}
	for name, text := range files {
		if text != "-" {
			out[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return out
}

func mustLoad(t testing.TB, fsys fstest.MapFS) *helmchart.Chart {
	t.Helper()
	c, err := helmchart.Load(fsys, "charts/shop")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustValues(t testing.TB, fsys fstest.MapFS, files ...string) *helmchart.Values {
	t.Helper()
	v, err := helmchart.LoadValues(fsys, files, false)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// problems are the texts and hints of an Errors; it fails the test for any other error.
func problems(t testing.TB, err error) []string {
	t.Helper()
	var list helmchart.Errors
	if !errors.As(err, &list) {
		t.Fatalf("got %T %v, want helmchart.Errors", err, err)
	}
	var out []string
	for _, e := range list {
		out = append(out, e.Error())
	}
	return out
}
