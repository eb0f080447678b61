// Package lazy makes what a program may never need when it is needed. Compiled at the start, the hundred regular expressions
// of rules and incidents took 3 ms of every run, of any command. For a small one, regexp.MustCompile does.
package lazy

import (
	"regexp"
	"sync"
)

// Regexp is a regular expression that is compiled when it is asked for. A bad one panics then, as regexp.MustCompile does.
func Regexp(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
