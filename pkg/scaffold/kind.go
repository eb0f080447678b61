package scaffold

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
