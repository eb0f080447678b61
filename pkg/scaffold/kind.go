package scaffold

import (
	"slices"
	"strings"
)

// Kind is a kind of primitive.
type Kind string

// The kinds, in the order in which they are shown.
const (
	Domain    Kind = "domain"
	Process   Kind = "process"
	Agent     Kind = "agent"
	UISurface Kind = "uisurface"
)

// Lang is the language of a primitive's code.
type Lang string

// The languages.
const (
	Go         Lang = "go"
	TypeScript Lang = "ts"
	Python     Lang = "python"
)

// Kinds lists every kind.
func Kinds() []Kind { return []Kind{Domain, Process, Agent, UISurface} }

// definitionSuffix makes a kind of design-time artifact of the kind that executes it.
const definitionSuffix = "-definition"

// ParseKind reads what somebody typed for a kind. definition tells the design-time artifact that a process or an agent
// executes from the primitive itself: process-definition, agent-definition. What is neither comes back as it is.
func ParseKind(word string) (k Kind, definition bool) {
	base, ok := strings.CutSuffix(word, definitionSuffix)
	if ok && slices.Contains(Executing(), Kind(base)) {
		return Kind(base), true
	}
	return Kind(word), false
}

// Executing lists the kinds that execute a design-time artifact.
func Executing() []Kind { return []Kind{Process, Agent} }

// DefinitionWord is the word for the design-time artifact that a kind executes.
func DefinitionWord(k Kind) string { return string(k) + definitionSuffix }

// KindWords are those that ParseKind knows.
func KindWords() []string {
	var words []string
	for _, k := range Kinds() {
		words = append(words, string(k))
	}
	for _, k := range Executing() {
		words = append(words, DefinitionWord(k))
	}
	return words
}

// Languages are those that a kind has skeletons in, the default first.
func Languages(k Kind) []Lang {
	switch k {
	case Domain:
		return []Lang{Go, TypeScript}
	case Process:
		return []Lang{Go}
	case Agent:
		return []Lang{Python}
	case UISurface:
		return []Lang{TypeScript}
	}
	return nil
}

// Has tells whether primitives of a kind have a parameter, by its name in JSON. What all of them have is true for each.
func Has(k Kind, param string) bool {
	switch param {
	case "definition_id", "definition_version":
		return k == Process || k == Agent
	case "model", "risk_tier":
		return k == Agent
	case "host":
		return k == UISurface
	}
	return true
}
