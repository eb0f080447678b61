package kubeschema

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
)

// unknownFields makes violations of the paths that pruning removed from an object of the schema.
func unknownFields(s *schema.Structural, paths []string) []Violation {
	violations := make([]Violation, 0, len(paths))
	for _, path := range paths {
		violations = append(violations, Violation{
			Path:    path,
			Reason:  ReasonUnknownField,
			Message: fmt.Sprintf("unknown field %q", path),
			Hint:    nearestField(s, path),
		})
	}
	return violations
}

// nearestField suggests a field of the parent schema whose name is a typo away, or "".
func nearestField(s *schema.Structural, path string) string {
	steps := strings.Split(path, ".")
	last := steps[len(steps)-1]
	parent := schemaAt(s, steps[:len(steps)-1])
	if parent == nil {
		return ""
	}
	best, distance := "", max(len(last)/3, 1)+1
	for _, name := range slices.Sorted(maps.Keys(parent.Properties)) {
		if d := levenshtein.Distance(strings.ToLower(last), strings.ToLower(name), nil); d < distance {
			best, distance = name, d
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + best + "?"
}

// schemaAt follows steps like "rules[0]" from s. It returns nil where the way is not plain, as below a map key with dots.
func schemaAt(s *schema.Structural, steps []string) *schema.Structural {
	for _, step := range steps {
		name, indices, _ := strings.Cut(step, "[")
		if property, ok := s.Properties[name]; ok {
			s = &property
		} else if s.AdditionalProperties != nil && s.AdditionalProperties.Structural != nil {
			s = s.AdditionalProperties.Structural
		} else {
			return nil
		}
		for range strings.Count(indices, "]") {
			if s = s.Items; s == nil {
				return nil
			}
		}
	}
	return s
}
