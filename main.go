// Command ameide writes, checks and operates a Backstage installation that is run by GitOps.
//
// This file holds what belongs to the process alone: signals, streams, the environment and the exit code.
package main

import (
	"context"
	"io"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/ameideio/ameide/cmd"
	_ "github.com/ameideio/ameide/internal/heap"
)

// version and commit are set by the release build; a `go install` build reads them from its build information.
var version, commit string

func main() {
	quiet()
	outlive()
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	code := cmd.Execute(ctx, cmd.SystemEnv(version, commit), os.Args[1:])
	stop()
	os.Exit(code)
}

// endings are the signals that end a run in order: a lost terminal, too, unless it was said to be ignored (nohup).
func endings() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// outlive turns a write to a pipe whose reader has gone into an error: a process that dies of it (unlock-migrations | head)
// would leave undone what it must undo. Unlike an ignored signal, this is not inherited by the programs that we start.
func outlive() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// quiet silences libraries that log on their own (Helm's lint does): what ameide has to say, it prints.
func quiet() {
	log.SetOutput(io.Discard)
	slog.SetDefault(slog.New(slog.DiscardHandler))
}
