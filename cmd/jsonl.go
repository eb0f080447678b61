package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
)

// Formats of commands that print facts.
const (
	formatText  = "text"
	formatJSON  = "json"
	formatLines = "jsonl" // one JSON document in a line for each fact, on stderr too: what a Pod's log is read by
)

// factFormat is how a command prints what it found.
type factFormat struct {
	format string
	json   bool
}

func (f *factFormat) register(c *cobra.Command) {
	c.Flags().StringVar(&f.format, "format", formatText, "text, json, or jsonl: one line of JSON for each fact, for logs")
	c.Flags().BoolVar(&f.json, "json", false, "print one JSON document (= --format json)")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{formatText, formatJSON, formatLines}, cobra.ShellCompDirectiveNoFileComp))
}

// name is the format, --json taken as one.
func (f *factFormat) name() string {
	if f.json {
		return formatJSON
	}
	return f.format
}

// check refuses a format that does not exist.
func (f *factFormat) check() error {
	if !slices.Contains([]string{formatText, formatJSON, formatLines}, f.format) {
		return usage(fmt.Errorf("unknown format %q", f.format), "use text, json or jsonl")
	}
	return nil
}

// Levels of facts and messages, as log systems read them.
const (
	levelInfo  = "info"
	levelWarn  = "warn"
	levelError = "error"
)

// factWriter writes facts as lines of JSON and keeps the first error.
type factWriter struct {
	w   io.Writer
	err error
}

// fact writes one struct as a line that begins with what it is and how bad.
func (f *factWriter) fact(kind, level string, v any) {
	if f.err != nil {
		return
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if f.err = enc.Encode(v); f.err != nil {
		return
	}
	line := fmt.Sprintf(`{"fact":%q,"level":%q`, kind, level)
	if rest := bytes.TrimPrefix(body.Bytes(), []byte("{")); !bytes.HasPrefix(rest, []byte("}")) {
		line += ","
	}
	_, f.err = f.w.Write(plainJSON([]byte(line + strings.TrimPrefix(body.String(), "{"))))
}

// messages is stderr: lines of text, or lines of JSON once the command says that it prints those. Several goroutines may
// write lines to it.
type messages struct {
	mu    sync.Mutex
	w     io.Writer
	lines bool
	part  []byte // of a line that has no end yet
}

// logLines makes stderr lines of JSON if the command prints facts as such.
func (m *messages) logLines(c *cobra.Command) {
	f := c.Flags().Lookup("format")
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lines = f != nil && f.Value.String() == formatLines
}

// message is what ameide says beside its facts.
type message struct {
	Message string `json:"message"`
}

// Write takes text that consists of lines; "ameide: error: …" has its level in it.
func (m *messages) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.lines {
		return m.w.Write(p)
	}
	m.part = append(m.part, p...)
	out := factWriter{w: m.w}
	for {
		line, rest, whole := bytes.Cut(m.part, []byte("\n"))
		if !whole {
			return len(p), out.err
		}
		m.part = rest
		if json.Valid(line) && bytes.HasPrefix(line, []byte("{")) { // a record of its own
			_, out.err = m.w.Write(append(line[:len(line):len(line)], '\n'))
			continue
		}
		kind, level, text := said(string(line))
		out.fact(kind, level, message{text})
	}
}

// said takes a line of ours apart; any other line goes on with an error.
func said(line string) (kind, level, text string) {
	for _, m := range [][2]string{{"error", levelError}, {"warning", levelWarn}, {"note", levelInfo}, {"hint", levelInfo}} {
		if text, ok := strings.CutPrefix(line, "ameide: "+m[0]+": "); ok {
			return m[0], m[1], text
		}
	}
	return "error", levelError, line
}
