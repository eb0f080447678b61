package skeleton

import (
	"fmt"
	"text/template/parse"
)

// Error is a construct that one of the two engines does not have. Where is file:line:column.
type Error struct {
	Where   string
	Message string
}

func (e *Error) Error() string { return e.Where + ": " + e.Message }

func (c *compiler) errorf(n parse.Node, format string, args ...any) error {
	where, _ := c.tree.ErrorContext(n)
	return &Error{Where: where, Message: fmt.Sprintf(format, args...)}
}
