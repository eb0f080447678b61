package dig_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/ameideio/ameide/pkg/dig"
)

func TestALookIntoWhatIsThereAndWhatIsNot(t *testing.T) {
	t.Parallel()
	var v any
	err := yaml.Unmarshal([]byte("spec: {replicas: 2, share: 0.5, big: 1e6, paused: false, empty: '', ports: [{name: http, port: 7007}, metrics, 8080], none: null}\n"), &v)
	if err != nil {
		t.Fatal(err)
	}
	http := map[string]any{"name": "http", "port": 7007}
	for _, test := range []struct{ got, want any }{
		{dig.At(v), v},
		{dig.At(v, "spec", "ports", "0"), http},
		{dig.At(v, "spec", "ports", "3"), nil},
		{dig.At(v, "spec", "ports", "-1"), nil},
		{dig.At(v, "spec", "ports", "name"), nil},
		{dig.At(v, "spec", "replicas", "x"), nil},
		{dig.At(nil, "spec"), nil},
		{dig.Map(v, "spec", "ports", "0"), http},
		{dig.Map(v, "spec", "ports"), map[string]any(nil)},
		{dig.List(v, "spec", "ports"), []any{http, "metrics", 8080}},
		{dig.List(v, "spec"), []any(nil)},
		{dig.Maps(v, "spec", "ports"), []map[string]any{http}},
		{dig.Text(v, "spec", "ports", "1"), "metrics"},
		{dig.Text(v, "spec", "replicas"), "2"},
		{dig.Text(v, "spec", "share"), "0.5"},
		{dig.Text(v, "spec", "big"), "1000000"},
		{dig.Text(v, "spec", "paused"), "false"},
		{dig.Text(v, "spec", "none"), ""},
		{dig.Text(v, "spec", "ports"), ""},
		{dig.Text(v, "spec"), ""},
		{dig.Texts(v, "spec", "ports"), []string{"", "metrics", "8080"}},
		{dig.Texts(v, "spec", "none"), []string(nil)},
		{dig.Number(v, "spec", "ports", "0", "port"), 7007},
		{dig.Number(v, "spec", "share"), 0},
		{dig.Number(v, "status"), 0},
	} {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}
