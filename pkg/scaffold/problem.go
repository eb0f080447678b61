package scaffold

import "strings"

// Problem is one thing that is wrong with what somebody asked for, and what to do about it.
type Problem struct {
	Field   string // the parameter as JSON names it: name, definition_id
	Message string
	Advice  string
}

// Problems are everything that is wrong, found before the first byte is written.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.Message
	}
	return strings.Join(lines, "\n  ")
}

// Hint is what to do about each of them.
func (p Problems) Hint() string {
	var advice []string
	for _, problem := range p {
		if problem.Advice != "" {
			advice = append(advice, problem.Advice)
		}
	}
	return strings.Join(advice, "\n  ")
}

// Err is nil for no problems.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}
