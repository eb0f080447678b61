package cmd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Execute runs one command line and returns its exit code.
func Execute(ctx context.Context, env Env, args []string) int {
	env.messages = &messages{w: env.Err}
	env.Err = env.messages
	root := newRootCmd(env)
	root.SetArgs(args)
	return finish(env.Err, root.ExecuteContext(ctx))
}

func newRootCmd(env Env) *cobra.Command {
	root := group("ameide", "Write, check and operate a Backstage installation run by GitOps",
		newPlatformCmd(env), newPrimitiveCmd(env), newVersionCmd(env))
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	root.SetIn(env.In)
	root.SetOut(env.Out)
	root.SetErr(env.Err)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage(err, flagHint(c, err))
	})
	root.SetHelpCommand(newHelpCmd())
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error {
		err := applySettings(env, c)
		if env.messages != nil {
			env.messages.logLines(c)
		}
		return err
	}
	help := root.HelpFunc()
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		if err := applySettings(env, c); err != nil {
			finish(env.Err, err)
		}
		help(c, args)
	})
	return root
}

// newHelpCmd is cobra's help command with an exit code: cobra's own ends a misspelt nested command with 0.
func newHelpCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Explain a command",
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			target, _, err := c.Root().Find(args)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, child := range target.Commands() {
				if child.IsAvailableCommand() {
					names = append(names, child.Name()+"\t"+child.Short)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			target, rest, err := c.Root().Find(args)
			if err != nil {
				return usage(err, "run `ameide --help`")
			}
			if err := target.ValidateArgs(rest); err != nil {
				return err
			}
			target.InitDefaultHelpFlag()
			return target.Help()
		},
	}
}

// flagHint names the flag that was probably meant.
func flagHint(c *cobra.Command, err error) string {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && len(unknown.GetSpecifiedName()) > 1 {
		return fmt.Sprintf("did you mean `--%s`? run `%s --help`", nearest(unknown.GetSpecifiedName(), slices.Sorted(maps.Keys(flagNames(c)))), c.CommandPath())
	}
	return fmt.Sprintf("run `%s --help`", c.CommandPath())
}

func newPlatformCmd(env Env) *cobra.Command {
	return group("platform", "Operate the platform's own services", group("backstage", "The developer portal",
		newGenerateCmd(env), newVerifyCmd(env), newMigrationsCmd(env), newUnlockMigrationsCmd(env), newReconcileCmd(env), newCheckImageCmd(env)))
}

// group is a command that only holds others. Cobra lets a misspelt nested command exit 0; this does not.
func group(use, short string, children ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, SuggestionsMinimumDistance: 2}
	c.AddCommand(children...)
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		hint := fmt.Sprintf("run `%s --help`", c.CommandPath())
		if near := c.SuggestionsFor(args[0]); len(near) > 0 {
			hint = fmt.Sprintf("did you mean `%s %s`?", c.CommandPath(), strings.Join(near, "` or `"+c.CommandPath()+" "))
		}
		return usage(fmt.Errorf("unknown command %q for %q", args[0], c.CommandPath()), hint)
	}
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	return c
}

// noArgs refuses arguments of a command that takes only flags.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usage(fmt.Errorf("unexpected argument %q", args[0]), fmt.Sprintf("run `%s --help`", c.CommandPath()))
}
