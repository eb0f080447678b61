package kubeschema

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Reason is the class of a violation, spelled as the API server spells it.
type Reason string

// The reasons that are not among the API server's field.ErrorType values ("Required value", "Invalid value",
// "Unsupported value", "Duplicate value", "Forbidden", …).
const (
	ReasonNoSchema     Reason = "No schema"      // the kind is in no embedded or extra schema
	ReasonUnknownField Reason = "Unknown field"  // the schema has no such field
	ReasonBadSchema    Reason = "Invalid schema" // the kind's schema itself cannot be compiled
)

// Violation is one reason why the API server would refuse an object.
type Violation struct {
	Path    string // field path, like spec.rules[0].backendRefs[0].port; empty for the object itself
	Reason  Reason
	Message string // the API server's text without the path, like `Unsupported value: "x": supported values: "y"`
	Hint    string // what to write instead, if that is known
	Value   any    // the offending value, nil if there is none or if it is a Secret's
}

// NoSchema reports that the object was not checked at all because its kind is unknown.
func (v Violation) NoSchema() bool { return v.Reason == ReasonNoSchema }

// String is the path and the message, as the API server prints them.
func (v Violation) String() string {
	if v.Path == "" {
		return v.Message
	}
	return v.Path + ": " + v.Message
}

func fromFieldErrors(errs field.ErrorList) []Violation {
	violations := make([]Violation, 0, len(errs))
	for _, err := range errs {
		v := Violation{Path: err.Field, Reason: Reason(err.Type.String()), Message: err.ErrorBody(), Value: err.BadValue}
		if v.Path == "<nil>" {
			v.Path = ""
		}
		violations = append(violations, v)
	}
	return violations
}

// tidy sorts by path and drops what two steps of the validation say in the same words.
func tidy(violations []Violation) []Violation {
	slices.SortFunc(violations, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(violations, func(a, b Violation) bool { return a.Path == b.Path && a.Message == b.Message })
}

// redact removes the values from what is said about a Secret's content.
func redact(violations []Violation) {
	for i := range violations {
		v := &violations[i]
		content := strings.HasPrefix(v.Path, "data") || strings.HasPrefix(v.Path, "stringData")
		if content && v.Value != nil {
			v.Value = nil
			v.Message = fmt.Sprintf("%s: (not shown)", v.Reason)
		}
	}
}
