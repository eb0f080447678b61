// Package cmd is the command line: one file for each command, and beside them root (the tree), env (what a command may
// touch), flags (flag, environment, file, default), exit (errors to exit codes and hints) and output (what is printed).
//
// A command is an options struct, a constructor and a run function that reads like the flow it performs: load, read,
// diff, apply, print. All logic lives below pkg/, which never imports this package.
package cmd
