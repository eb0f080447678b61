package verify

import (
	"bytes"
	"io/fs"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/ameideio/ameide/pkg/dig"
)

func primitiveRules() []Rule {
	return []Rule{
		{RuleInfo: rule("primitive/resource", "custom resources of primitives are what the operators' schemas accept", "the schema of the kind says what it may hold"), Tree: resourcesAccepted, Anywhere: true},
	}
}

// primitiveGroup is the API group of every kind of primitive.
const primitiveGroup = "ameide.io/"

// resourcesAccepted finds the resources wherever they stand: documents of their own, or items of a values file's list.
func resourcesAccepted(t *Tree) ([]Issue, error) {
	var issues []Issue
	err := t.deployed(func(p string, src []byte) {
		if !bytes.Contains(src, []byte(primitiveGroup)) {
			return
		}
		decoder := yaml.NewDecoder(bytes.NewReader(src))
		var doc yaml.Node
		for decoder.Decode(&doc) == nil {
			for _, n := range resourcesIn(&doc) {
				issues = append(issues, t.resourceIssues(p, n)...)
			}
			doc = yaml.Node{}
		}
	})
	return sorted(issues), err
}

// resourcesIn are the mappings that say they are of the primitives' group.
func resourcesIn(n *yaml.Node) []*yaml.Node {
	if n.Kind == yaml.MappingNode && strings.HasPrefix(member(n, "apiVersion"), primitiveGroup) {
		return []*yaml.Node{n}
	}
	var found []*yaml.Node
	for _, child := range n.Content {
		found = append(found, resourcesIn(child)...)
	}
	return found
}

// member is the scalar under a key of a mapping; empty when there is none.
func member(n *yaml.Node, key string) string {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1].Value
		}
	}
	return ""
}

func (t *Tree) resourceIssues(file string, n *yaml.Node) []Issue {
	resource := member(n, "kind")
	var object map[string]any
	if err := n.Decode(&object); err != nil {
		return []Issue{{File: file, Line: n.Line, Resource: resource, Actual: err.Error()}}
	}
	if metadata, ok := object["metadata"].(map[string]any); ok {
		resource += "/" + dig.Text(metadata, "name")
	}
	var issues []Issue
	for _, v := range t.Schemas.Validate(object) {
		issues = append(issues, Issue{File: file, Line: lineOf(n, v.Path), Resource: resource, Field: v.Path, Actual: v.Message, Hint: v.Hint})
	}
	return issues
}

// lineOf is the line of a field of a mapping, or of the nearest parent that is there: spec.rollout.replicas.
func lineOf(n *yaml.Node, field string) int {
	line := n.Line
	for part := range strings.SplitSeq(field, ".") {
		name, _, _ := strings.Cut(part, "[")
		found := false
		for i := 0; i+1 < len(n.Content) && !found && n.Kind == yaml.MappingNode; i += 2 {
			if n.Content[i].Value == name {
				line, n, found = n.Content[i].Line, n.Content[i+1], true
			}
		}
		if !found {
			break
		}
	}
	return line
}

// deployed visits every YAML file of the folders that something is deployed from.
func (t *Tree) deployed(visit func(p string, src []byte)) error {
	for _, root := range deployedFolders() {
		if _, err := fs.Stat(t.FS, root); err != nil {
			continue
		}
		err := fs.WalkDir(t.FS, root, func(p string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir():
				return skipForeign(p)
			case !isYAML(p) || !d.Type().IsRegular():
				return nil
			}
			if src, err := t.read(p); err == nil {
				visit(p, src)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
