package cmd

import (
	"io"
	"os"
	"os/user"
	"path/filepath"
	"runtime/debug"
	"time"

	"golang.org/x/term"
)

// Env is everything of the outside world that a command may touch. Tests build their own.
type Env struct {
	In         io.Reader
	Out        io.Writer
	Err        io.Writer
	Lookup     func(key string) (string, bool) // an environment variable
	ConfigFile string                          // path of the user's config file; need not exist
	Now        func() time.Time
	OutTTY     bool   // stdout is a terminal
	ErrTTY     bool   // stderr is a terminal
	InTTY      bool   // stdin is a terminal
	Width      int    // columns of stdout's terminal; 0 when it is none
	User       string // who runs the process, where no variable says it; empty when unknown
	Build      Build

	messages *messages // what Err is while a command line runs
}

// Build says which ameide this is.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
}

// SystemEnv is the process's own environment. Empty version and commit are read from the build information that the
// Go toolchain embeds.
func SystemEnv(version, commit string) Env {
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		width = 0
	}
	return Env{
		Width: width, User: userName(),
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Lookup: os.LookupEnv, ConfigFile: userConfigFile(), Now: time.Now,
		OutTTY: term.IsTerminal(int(os.Stdout.Fd())), ErrTTY: term.IsTerminal(int(os.Stderr.Fd())), InTTY: term.IsTerminal(int(os.Stdin.Fd())),
		Build: readBuild(version, commit),
	}
}

// userName is the process's user as the system knows it.
func userName() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}

func userConfigFile() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".ameide", "config.yaml")
}

func readBuild(version, commit string) Build {
	b := Build{Version: version, Commit: commit}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Go = info.GoVersion
	if b.Version == "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && b.Commit == "" {
			b.Commit = s.Value
		}
	}
	return b
}

// getenv is a variable's value, empty when unset.
func (e Env) getenv(key string) string {
	v, _ := e.Lookup(key)
	return v
}

// color tells whether output to a stream may be coloured; NO_COLOR (any value that is not empty) forbids it.
func (e Env) color(tty bool) bool {
	return tty && e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb"
}
