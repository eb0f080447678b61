package cmd

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newVersionCmd(env Env) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version",
		Short: "Tell version, commit and Go version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return printJSON(env.Out, env.Build)
			}
			_, err := fmt.Fprintf(env.Out, "ameide %s (commit %s, %s)\n", env.Build.Version, orUnknown(env.Build.Commit), env.Build.Go)
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return c
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
