package cmd

import (
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// Reference is the command tree for programs that document it: its defaults are the built-in ones, whatever the
// environment and the user's config file say.
func Reference() *cobra.Command {
	root := newRootCmd(Env{
		In: strings.NewReader(""), Out: io.Discard, Err: io.Discard,
		Lookup: func(string) (string, bool) { return "", false },
		Now:    func() time.Time { return time.Time{} },
	})
	root.InitDefaultCompletionCmd()
	return root
}
