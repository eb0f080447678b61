package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"go.yaml.in/yaml/v3"
)

// Load reads a catalog from its entry file on: the entities there, and those of every file that a Location names by a
// relative path, each file once. Targets that are URLs lie outside the tree and are not followed. A target without a
// file is not an error here; References reports it.
func Load(tree fs.FS, entry string) ([]Entity, []Problem, error) {
	var all []Entity
	var problems []Problem
	seen := map[string]bool{entry: true}
	for queue := []string{entry}; len(queue) > 0; queue = queue[1:] {
		entities, found, err := Parse(tree, queue[0])
		if err != nil {
			return nil, nil, err
		}
		all, problems = append(all, entities...), append(problems, found...)
		for _, next := range targetsOf(tree, entities) {
			if !seen[next] {
				seen[next] = true
				queue = append(queue, next)
			}
		}
	}
	return all, problems, nil
}

// targetsOf are the files that exist in the tree and that the Locations among entities name.
func targetsOf(tree fs.FS, entities []Entity) []string {
	var files []string
	for _, e := range entities {
		for _, t := range locations(e) {
			found, err := filesAt(tree, e.File, t.node.Value)
			if err == nil {
				files = append(files, found...)
			}
		}
	}
	return files
}

// location is a relative target of a Location, or of a placeholder.
type location struct {
	field string
	node  *yaml.Node
}

// locations are the relative targets of a Location entity; none for every other kind.
func locations(e Entity) []location {
	if e.Kind != "Location" {
		return nil
	}
	var all []location
	if n := e.at("spec", "target"); n != nil && isRelative(n) {
		all = append(all, location{"spec.target", n})
	}
	for i, n := range items(e.at("spec", "targets")) {
		if isRelative(n) {
			all = append(all, location{index("spec.targets", i), n})
		}
	}
	return all
}

func isRelative(n *yaml.Node) bool {
	return typeOf(n) == typeString && n.Value != "" && !schemePattern().MatchString(n.Value)
}

var errOutside = errors.New("leads out of the tree")

// filesAt are the files that a target means, seen from the file that names it. Backstage understands globs in the path
// of a URL.
func filesAt(tree fs.FS, from, target string) ([]string, error) {
	pattern := path.Join(path.Dir(from), target)
	if strings.HasPrefix(target, "/") || !fs.ValidPath(pattern) {
		return nil, errOutside
	}
	if !strings.ContainsAny(pattern, "*?") {
		info, err := fs.Stat(tree, pattern)
		if err != nil {
			return nil, fmt.Errorf("no such file: %s", pattern)
		}
		if info.IsDir() {
			return nil, fmt.Errorf("%s is a directory; name its files", pattern)
		}
		return []string{pattern}, nil
	}
	files, err := doublestar.Glob(tree, pattern, doublestar.WithFilesOnly())
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no file matches %s", pattern)
	}
	slices.Sort(files)
	return files, nil
}

// References judges a whole catalog: entities that are declared twice, references and relative targets that lead
// nowhere. Problems are in the order of entities.
func References(tree fs.FS, entities []Entity) []Problem {
	declared := map[string]Entity{}
	var problems []Problem
	for _, e := range entities {
		c := &checker{entity: e}
		if first, taken := declared[e.Ref()]; taken {
			c.add(e.root, "metadata.name", "Backstage compares kind, namespace and name without case", "%s is declared already in %s:%d", e.Ref(), first.File, first.Line)
			problems = append(problems, c.problems...)
			continue
		}
		declared[e.Ref()] = e
	}
	for _, e := range entities {
		c := &checker{entity: e}
		c.resolve(declared)
		c.locate(tree)
		problems = append(problems, c.problems...)
	}
	return problems
}

func (c *checker) resolve(declared map[string]Entity) {
	for _, r := range referencesOf(c.entity) {
		target, err := r.target()
		if err != nil {
			continue // Validate reports it
		}
		if _, ok := declared[target]; !ok {
			c.add(r.node, r.field, "declare it, or correct the reference", "the catalog has no %s", target)
		}
	}
}

func (c *checker) locate(tree fs.FS) {
	all := locations(c.entity)
	if spec := c.entity.at("spec"); spec != nil {
		all = append(all, placeholders(spec, "spec")...)
	}
	for _, l := range all {
		if _, err := filesAt(tree, c.entity.File, l.node.Value); err != nil {
			c.add(l.node, l.field, "", "%v", err)
		}
	}
}

// placeholders are the relative paths that placeholders below n read.
func placeholders(n *yaml.Node, field string) []location {
	var all []location
	if _, value, ok := placeholder(n); ok {
		if isRelative(value) {
			return []location{{field, value}}
		}
		return nil
	}
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			all = append(all, placeholders(target(n.Content[i+1]), join(field, target(n.Content[i]).Value))...)
		}
	}
	for i, item := range items(n) {
		all = append(all, placeholders(item, index(field, i))...)
	}
	return all
}

// Kinds lists the kinds that a catalog uses, sorted: what catalog.rules must allow. Without rules Backstage allows
// Component, API and Location only.
func Kinds(entities []Entity) []string {
	var kinds []string
	for _, e := range entities {
		if !slices.Contains(kinds, e.Kind) {
			kinds = append(kinds, e.Kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}
