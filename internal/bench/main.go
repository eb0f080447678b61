// Command bench times whole runs of ameide beside the tools that it replaces, all in one run on one machine.
//
// Every side of a case is a sequence of processes. After a warm-up the sides take turns (A B A B …), so that a busy moment
// of the machine hits all of them. Peers are built by version with the Go toolchain into the tool cache.
//
// A case is one file case_<name>.go with a function of type newCase, and its line in cases.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
)

type options struct {
	bin     string // the ameide to measure
	tools   string // cache of the peers
	fixture string // GitOps checkout before the portal
	schemas string // embedded schemas of Kubernetes and of custom resources
	only    string // regular expression on case names
	write   string // document whose section is replaced
	runs    int

	java, configCLI string // for keycloak-config-cli
}

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", filepath.Join("bin", "ameide"), "the ameide to measure")
	flag.StringVar(&o.tools, "tools", "", "folder that keeps the peers (default the user's cache)")
	flag.StringVar(&o.fixture, "fixture", filepath.Join("testdata", "gitops"), "GitOps checkout before the portal")
	flag.StringVar(&o.schemas, "schemas", filepath.Join("pkg", "kubeschema", "schemas"), "schemas to make the peers' local schemas of")
	flag.StringVar(&o.only, "only", "", "measure only cases whose name matches this regular expression")
	flag.StringVar(&o.write, "write", "", "replace the section of this Markdown file, for example docs/benchmarks.md")
	flag.IntVar(&o.runs, "runs", 15, "measured runs of each side")
	flag.StringVar(&o.configCLI, "config-cli", "", "jar of keycloak-config-cli, which no registry has: without it that side is left out")
	flag.StringVar(&o.java, "java", "java", "the Java that runs the jar")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, os.Stderr, o); err != nil {
		fmt.Fprintf(os.Stderr, "bench: error: %v\n", err)
		stop()
		os.Exit(1)
	}
}

// errMissed ends a run in which a goal was missed; the table says which.
var errMissed = errors.New("a goal was missed")

// run measures every selected case, prints the table to out and progress to progress.
func run(ctx context.Context, out, progress io.Writer, o options) error {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return err
	}
	l, err := newLab(progress, o)
	if err != nil {
		return err
	}
	defer l.close()
	var rows []row
	for _, construct := range cases() {
		c := construct(l)
		if !only.MatchString(c.name) {
			continue
		}
		fmt.Fprintf(progress, "%s …\n", c.name)
		results, err := c.measure(ctx, o.runs)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		rows = append(rows, c.rows(results)...)
	}
	var table bytes.Buffer
	printTable(&table, machine(), rows)
	if only.MatchString(imageCaseName) {
		fmt.Fprintf(progress, "%s …\n", imageCaseName)
		if err := printImageSizes(ctx, &table, l.work); err != nil {
			return fmt.Errorf("%s: %w", imageCaseName, err)
		}
	}
	if _, err := out.Write(table.Bytes()); err != nil {
		return err
	}
	if o.write != "" {
		if err := replaceSection(o.write, table.String()); err != nil {
			return err
		}
	}
	return missed(rows)
}

func missed(rows []row) error {
	for _, r := range rows {
		if r.missed {
			return errMissed
		}
	}
	return nil
}
