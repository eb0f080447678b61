package tenancy

// Error is an input that the rules refuse, and what to type instead.
type Error struct {
	Message string
	Advice  string
}

func (e *Error) Error() string { return e.Message }

// Hint is the next thing to type.
func (e *Error) Hint() string { return e.Advice }
