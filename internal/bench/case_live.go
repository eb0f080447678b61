package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ameideio/ameide/internal/livelab"
)

// liveCase is a look at running environments that are well: real servers on loopback, Backstage and the Kubernetes API
// included. There is no peer: people do it with kubectl, psql, curl and a browser.
func liveCase(name string, millis float64, envs ...string) newCase {
	return func(l *lab) benchCase {
		return benchCase{name: "verify --live, " + name, goal: goal{millis: millis}, prepare: func(ctx context.Context) ([]side, error) {
			return l.living(ctx, envs)
		}}
	}
}

// living starts the environments, and is the command that looks at them.
func (l *lab) living(ctx context.Context, envs []string) (sides []side, err error) {
	err = l.hold(ctx, func(t *holder) {
		t.Setenv("AMEIDE_LAB", "1")
		first := livelab.New(t, envs[0])
		cluster := livelab.NewCluster(t)
		var contexts, resolve []string
		for i, env := range envs {
			w := first
			if i > 0 {
				w = first.Beside(t, env)
				resolve = append(resolve, w.Resolve()...)
			}
			w.Start(t, w.ClientSecret(t))
			w.AwaitReady(t)
			w.Connect(t, cluster)
			contexts = append(contexts, w.Declared.Env.KubeContext)
		}
		args := append([]string{"env"}, first.Environ(cluster.Kubeconfig(t, "", contexts...))...)
		args = append(append(args, l.ameide), first.Args(strings.Join(envs, ","), resolve...)...)
		sides = []side{{name: "ameide verify --live", commands: []command{{args: args}}}}
	})
	return sides, err
}

// hold starts servers that live until the lab is closed; what fails a test is its error.
func (l *lab) hold(ctx context.Context, start func(t *holder)) (err error) {
	defer func() {
		if stopped := recover(); stopped != nil {
			err = fmt.Errorf("start the servers: %v", stopped)
		}
	}()
	start(&holder{ctx: ctx, lab: l})
	return nil
}

// holder lets the lab's servers, which are made for tests, live as long as a bench run. A failure ends the preparation.
type holder struct {
	testing.TB
	ctx context.Context //nolint:containedctx // testing.TB has it as a method
	lab *lab
}

func (h *holder) Helper()                  {}
func (h *holder) Context() context.Context { return h.ctx }
func (h *holder) Name() string             { return "bench" }
func (h *holder) Log(...any)               {}
func (h *holder) Logf(string, ...any)      {}

// Cleanup runs when the lab is closed, the last one first.
func (h *holder) Cleanup(f func()) { h.lab.closers = append([]func(){f}, h.lab.closers...) }

// TempDir is removed with the lab.
func (h *holder) TempDir() string {
	dir, err := os.MkdirTemp(h.lab.work, "live-")
	if err != nil {
		h.Fatal(err)
	}
	return dir
}

// Setenv lasts as long as the process.
func (h *holder) Setenv(key, value string) {
	if err := os.Setenv(key, value); err != nil {
		h.Fatal(err)
	}
}

func (h *holder) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }
func (h *holder) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (h *holder) Skip(args ...any)                  { h.Fatal(args...) }
func (h *holder) Skipf(format string, args ...any)  { h.Fatalf(format, args...) }
