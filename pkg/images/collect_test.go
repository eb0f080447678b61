package images_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ameideio/ameide/pkg/imagecheck"
	"github.com/ameideio/ameide/pkg/images"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/verify"
)

// example is the example platform's checkout with the portal in it, loaded.
func example(t *testing.T) (*verify.Tree, string) {
	t.Helper()
	dir := t.TempDir()
	for _, tree := range []string{"../../testdata/gitops", "../../testdata/golden/default"} {
		overlay(t, dir, tree)
	}
	loaded, err := spec.LoadOptional(os.DirFS(dir), spec.FileName)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := verify.Load(os.DirFS(dir), loaded, verify.LoadOptions{Envs: loaded.EnvironmentNames(), Scratch: t.TempDir(), Today: "2026-01-02"})
	if err != nil {
		t.Fatal(err)
	}
	return tree, dir
}

// overlay copies a tree over what is there.
func overlay(t *testing.T, dir, tree string) {
	t.Helper()
	err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(tree, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, rel)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheExamplePlatform(t *testing.T) {
	tree, dir := example(t)
	t.Run("every use knows the line that asks for it", func(t *testing.T) { knowsItsLine(t, tree, dir) })
	t.Run("platforms are those of the nodes", func(t *testing.T) { nodesDecide(t, tree) })
	t.Run("the portal's layout is known", func(t *testing.T) { layoutKnown(t, tree) })
}

func knowsItsLine(t *testing.T, tree *verify.Tree, dir string) {
	uses, skipped := images.Collect(tree, nil)
	if len(uses) < 9 || len(skipped) == 0 {
		t.Fatalf("%d uses, %d skipped", len(uses), len(skipped))
	}
	for _, u := range uses {
		data, err := os.ReadFile(filepath.Join(dir, u.Pos.File))
		if err != nil {
			t.Errorf("%s: %v", u.Image, err)
			continue
		}
		lines := strings.Split(string(data), "\n")
		if u.Pos.Line < 1 || u.Pos.Line > len(lines) {
			t.Errorf("%s: no line %s", u.Image, u.Where())
			continue
		}
		line := lines[u.Pos.Line-1]
		_, value, _ := strings.Cut(line, ": ")
		if value = strings.Trim(strings.TrimSpace(value), `"`); value == "" || !strings.Contains(u.Image, value) {
			t.Errorf("%s (%s) is not asked for by %s: %q", u.Image, u.Resource, u.Where(), line)
		}
	}
}

func nodesDecide(t *testing.T, tree *verify.Tree) {
	uses, _ := images.Collect(tree, nil)
	for _, u := range uses {
		e := slices.IndexFunc(tree.Envs, func(e *verify.Env) bool { return e.Name == u.Env })
		if e < 0 {
			t.Errorf("%s is used by no environment", u.Image)
			continue
		}
		var want []string
		for _, arch := range tree.Envs[e].NodeArchitectures {
			want = append(want, "linux/"+arch)
		}
		var got []string
		for _, p := range u.Platforms {
			got = append(got, p.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s in %s: %v, want %v", u.Image, u.Env, got, want)
		}
	}
	forced, _ := images.Collect(tree, []imagecheck.Platform{{OS: "linux", Arch: "s390x"}})
	for _, u := range forced {
		if fmt.Sprint(u.Platforms) != "[linux/s390x]" {
			t.Errorf("%s: %v, want linux/s390x alone", u.Image, u.Platforms)
		}
	}
}

func layoutKnown(t *testing.T, tree *verify.Tree) {
	uses, _ := images.Collect(tree, nil)
	seen := map[string]string{}
	for _, u := range uses {
		if u.Layout != nil {
			seen[u.Layout.Name] = u.Layout.Workdir
			if u.Component != verify.ComponentName || u.Layout.Program != "packages/backend" || len(u.Layout.Users) == 0 {
				t.Errorf("%s: layout %+v", u.Image, *u.Layout)
			}
		}
	}
	if seen["rhdh"] != "/opt/app-root/src" || seen["upstream"] != "/app" {
		t.Errorf("layouts %v, want rhdh and upstream with their working directories", seen)
	}
}

func TestItemsJoinTheUsesOfAnImage(t *testing.T) {
	amd, arm := imagecheck.Platform{OS: "linux", Arch: "amd64"}, imagecheck.Platform{OS: "linux", Arch: "arm64"}
	items := images.Plan([]images.Use{
		{Image: "a:1", Env: "dev", Platforms: []imagecheck.Platform{arm}}, {Image: "a:1", Env: "prod", Platforms: []imagecheck.Platform{amd, arm}}, {Image: "b:1"},
	}, true)
	if len(items) != 2 || fmt.Sprint(items[0].Want.Platforms) != "[linux/amd64 linux/arm64]" || !items[0].Request.Need.Deep || len(items[0].Uses) != 2 {
		t.Errorf("items %+v", items)
	}
	if named := images.Named([]string{"a:1", "a:1"}, nil, false); len(named) != 1 {
		t.Errorf("%d items of one image", len(named))
	}
}
