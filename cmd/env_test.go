package cmd_test

import (
	"io"
	"strings"
	"time"

	"github.com/ameideio/ameide/cmd"
)

// testEnv is an environment without variables, config file or terminal; out takes both streams.
func testEnv(out io.Writer) cmd.Env {
	return cmd.Env{
		In: strings.NewReader(""), Out: out, Err: out,
		Lookup: func(string) (string, bool) { return "", false },
		Now:    func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
		Build:  cmd.Build{Version: "v0.0.0-test"},
	}
}
