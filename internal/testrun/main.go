// Command testrun is go test that also says which tests were skipped, and why: what a machine lacks must not look like
// success. Its arguments are those of go test. Where the machine has the room, tests write to memory instead of its disk.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
)

func main() {
	dir := scratch()
	err := run(dir, os.Args[1:])
	if dir != "" {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testrun:", err)
		os.Exit(1)
	}
}

// run runs go test with temporary files in dir, "" for the system's place.
func run(dir string, args []string) error {
	// An interrupt reaches go test too, which ends by itself: the directory is removed after it. Not signal.Ignore, which
	// go test would inherit.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	c := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	c.Stderr = os.Stderr
	if dir != "" {
		c.Env = append(os.Environ(), "TMPDIR="+dir)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	report(out, os.Stdout)
	return c.Wait()
}

// event is one line of go test -json (go doc test2json).
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// report writes what go test writes without -v, and then the tests that were skipped.
func report(in io.Reader, out io.Writer) {
	said := map[string]*strings.Builder{}
	var skipped []string
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			skipped = append(skipped, one(line, said, out)...)
		}
		if err != nil {
			break
		}
	}
	if len(skipped) > 0 {
		slices.Sort(skipped)
		fmt.Fprintf(out, "\nskipped %d tests:\n  %s\n", len(skipped), strings.Join(skipped, "\n  "))
	}
}

// one handles one event and returns the test that it skips.
func one(line []byte, said map[string]*strings.Builder, out io.Writer) []string {
	var e event
	if json.Unmarshal(line, &e) != nil { // go test itself speaks, for example about a missing package
		_, _ = out.Write(line)
		return nil
	}
	key := e.Package + "." + e.Test
	switch {
	case e.Action == "build-output", e.Action == "output" && e.Test == "":
		if e.Output != "PASS\n" {
			fmt.Fprint(out, e.Output)
		}
	case e.Action == "output":
		if said[key] == nil {
			said[key] = &strings.Builder{}
		}
		said[key].WriteString(e.Output)
	case e.Action == "fail" && e.Test != "":
		if b := said[key]; b != nil {
			fmt.Fprint(out, b.String())
		}
	case e.Action == "skip" && e.Test != "":
		return []string{e.Package[strings.LastIndexByte(e.Package, '/')+1:] + "." + e.Test + ": " + reason(said[key])}
	}
	if e.Action == "pass" || e.Action == "fail" || e.Action == "skip" {
		delete(said, key)
	}
	return nil
}

// reason is what t.Skip was given: the line that names its file.
func reason(b *strings.Builder) string {
	if b == nil {
		return ""
	}
	for line := range strings.Lines(b.String()) {
		if _, text, ok := strings.Cut(strings.TrimSpace(line), ".go:"); ok {
			_, text, _ = strings.Cut(text, ": ")
			return text
		}
	}
	return ""
}
