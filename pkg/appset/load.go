package appset

import (
	"errors"
	"io/fs"
	"path"
	"sort"
	"strings"
)

const (
	overlaysDir = "argocd/overlays"
	plainDir    = "argocd/applicationsets"
)

// Load evaluates every overlay of a tree. What is wrong with the tree is in Result.Problems; the error is for a tree
// that has no ApplicationSets to look at or an overlay in opts that does not exist.
func Load(tree fs.FS, opts Options) (Result, error) {
	overlays := opts.Overlays
	if len(overlays) == 0 {
		var err error
		if overlays, err = directories(tree, overlaysDir); err != nil {
			return Result{}, err
		}
	}
	l := loader{tree: tree, opts: opts, problems: &problems{}, files: newFileCache(tree)}
	for _, dir := range overlays {
		if info, err := fs.Stat(tree, dir); err != nil || !info.IsDir() {
			return Result{}, problemf(Position{File: dir}, "no such overlay")
		}
		l.problems.overlay = path.Base(dir)
		l.overlay(path.Base(dir), (&builder{tree: tree, problems: l.problems}).build(path.Clean(dir), nil))
	}
	if len(overlays) == 0 {
		objects, err := plainSets(tree, l.problems)
		if err != nil {
			return Result{}, err
		}
		l.overlay("", objects)
	}
	l.result.Problems = l.problems.sorted()
	return l.result, nil
}

// directories lists the directories below dir that can be built, sorted; none when dir does not exist.
func directories(tree fs.FS, dir string) ([]string, error) {
	entries, err := fs.ReadDir(tree, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, problemf(Position{File: dir}, "%v", cause(err))
	}
	var dirs []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			dirs = append(dirs, path.Join(dir, e.Name()))
		}
	}
	return dirs, nil
}

// plainSets reads the ApplicationSets of a tree that has no overlays.
func plainSets(tree fs.FS, p *problems) ([]*node, error) {
	entries, err := fs.ReadDir(tree, plainDir)
	if err != nil {
		return nil, problemf(Position{File: plainDir}, "no ApplicationSets: %v", cause(err))
	}
	b := builder{tree: tree, problems: p}
	var objects []*node
	for _, e := range entries {
		if ext := path.Ext(e.Name()); !e.IsDir() && (ext == ".yaml" || ext == ".yml") {
			objects = append(objects, b.read(path.Join(plainDir, e.Name()))...)
		}
	}
	return objects, nil
}

type loader struct {
	tree     fs.FS
	opts     Options
	problems *problems
	files    *fileCache
	result   Result
}

// overlay evaluates the ApplicationSets of one cluster. Two Applications of one name are a Problem, whichever sets they
// come from: Argo CD refuses the set, or the sets fight over the object.
func (l *loader) overlay(name string, objects []*node) {
	first := len(l.result.Applications)
	for _, o := range applicationSets(objects) {
		set, apps := l.set(o)
		set.Overlay = name
		l.result.Sets = append(l.result.Sets, set)
		for _, a := range apps {
			a.Overlay = name
			l.result.Applications = append(l.result.Applications, a)
		}
	}
	apps := l.result.Applications[first:]
	sort.SliceStable(apps, func(i, j int) bool { return apps[i].Name < apps[j].Name })
	for i := 1; i < len(apps); i++ {
		if a, b := apps[i-1], apps[i]; a.Name == b.Name {
			l.problems.add(problemf(b.origin(), "Application %q is generated twice; also from %s", b.Name, a.origin()))
		}
	}
}

// origin is the most specific place that an Application comes from.
func (a Application) origin() Position {
	if len(a.Origins) > 0 {
		return a.Origins[len(a.Origins)-1]
	}
	return a.Template
}
