package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
)

// row is one side of one case.
type row struct {
	caseName, side, verdict string
	result                  result
	missed                  bool
}

// machine is what the figures depend on.
func machine() string {
	return fmt.Sprintf("%s/%s, %d CPUs, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
}

// printTable writes the rows as a Markdown table that is aligned for a terminal, too.
func printTable(w io.Writer, machine string, rows []row) {
	fmt.Fprintf(w, "%s; wall times in ms of whole processes, sides taking turns\n\n", machine)
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	fmt.Fprintln(t, "| case\t| side\t| median\t| min\t| max\t| peak MB\t| runs\t| verdict\t|")
	fmt.Fprintln(t, "|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|")
	for _, r := range rows {
		s := r.result.sorted()
		fmt.Fprintf(t, "| %s\t| %s\t| %.1f\t| %.1f\t| %.1f\t| %.0f\t| %d\t| %s\t|\n",
			r.caseName, r.side, r.result.median(), s[0], s[len(s)-1], r.result.peakMB(), len(s), r.verdict)
	}
	t.Flush()
}

const (
	sectionBegin = "<!-- bench:begin -->\n"
	sectionEnd   = "<!-- bench:end -->\n"
)

// replaceSection puts a table between the markers of a document. A document that does not exist is made.
func replaceSection(file, table string) error {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = []byte("# Benchmarks\n\n"+sectionBegin+sectionEnd), nil
	}
	if err != nil {
		return err
	}
	text, err := spliceSection(string(data), table)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

func spliceSection(text, table string) (string, error) {
	before, rest, ok := strings.Cut(text, sectionBegin)
	_, after, ok2 := strings.Cut(rest, sectionEnd)
	if !ok || !ok2 {
		return "", fmt.Errorf("no lines %q and %q in this order", strings.TrimSpace(sectionBegin), strings.TrimSpace(sectionEnd))
	}
	return before + sectionBegin + table + sectionEnd + after, nil
}
