package imagecheck

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// deep streams an image's layers, from the top, until the program that it starts is found. What cannot be found is said in
// the facts; the error is for a registry that does not answer.
func (r *reader) deep(ctx context.Context, c *Child, commands [][]string) error {
	argvs := c.Config.argvs(commands)
	if len(argvs) == 0 {
		c.DeepError = "the image has neither ENTRYPOINT nor CMD"
		return nil
	}
	fs := newRootfs()
	s := search{fs: fs, config: c.Config}
	layers := r.manifests[c.Digest].Layers
	for i := len(layers) - 1; i >= 0 && !s.settled(argvs); i-- {
		fs.layer = len(layers) - 1 - i
		if err := r.layer(ctx, layers[i], fs, func() bool { return s.settled(argvs) }); err != nil {
			return layerProblem(ctx, c, layers[i], err)
		}
	}
	s.all = true
	c.Programs, c.DeepError = s.everything(argvs)
	return nil
}

// layerProblem makes a broken layer a fact about the image, and passes on that the registry failed.
func layerProblem(ctx context.Context, c *Child, d v1.Descriptor, err error) error {
	var known *Error
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, errTooMany):
		c.DeepError = err.Error()
	case errors.As(err, &known) && known.Kind == Corrupt:
		c.Broken = known.Err.Error()
	case isRequest(err):
		return err
	default:
		c.Broken = fmt.Sprintf("layer %s: %v", d.Digest, err)
	}
	return nil
}

func (r *reader) layer(ctx context.Context, d v1.Descriptor, fs *rootfs, enough func() bool) error {
	blob, err := r.repo.blob(ctx, d)
	if err != nil {
		return err
	}
	defer blob.Close()
	return scan(ctx, blob, fs, enough)
}

// argvs are the commands that are started: those that Pods give (nil is the image's own), or without any the image's own.
func (c *Config) argvs(commands [][]string) [][]string {
	if len(commands) == 0 {
		commands = [][]string{nil}
	}
	var out [][]string
	for _, argv := range commands {
		if len(argv) == 0 {
			argv = append(append([]string(nil), c.Entrypoint...), c.Cmd...)
		}
		if len(argv) > 0 {
			out = append(out, argv)
		}
	}
	return out
}

// search follows a command to the programs that the kernel executes.
type search struct {
	fs     *rootfs
	config *Config
	all    bool // every layer was seen: what is unknown is absent
}

// settled tells whether the layers seen so far decide which programs run.
func (s search) settled(argvs [][]string) bool {
	_, problem := s.everything(argvs)
	return problem == ""
}

// everything is the programs of all commands, each once, and the first problem on the way.
func (s search) everything(argvs [][]string) (all []Program, first string) {
	for _, argv := range argvs {
		programs, problem := s.programs(argv)
		if first == "" {
			first = problem
		}
		for _, p := range programs {
			if !slices.ContainsFunc(all, func(o Program) bool { return o.Path == p.Path && slices.Equal(o.Via, p.Via) }) {
				all = append(all, p)
			}
		}
	}
	return all, first
}

const (
	// maxInterpreters is Linux' own bound (exec_binprm).
	maxInterpreters = 5
	// pathDefault is what runtimes search when the image sets no PATH.
	pathDefault = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
)

// programs are the first program of a command and, when that only starts the next one (env, tini), the next; or the
// problem in the way.
func (s search) programs(argv []string) ([]Program, string) {
	first, problem := s.program(argv[0])
	if problem != "" {
		return nil, problem
	}
	programs := []Program{first}
	if rest := started(argv); rest != "" {
		next, problem := s.program(rest)
		if problem != "" {
			return nil, problem
		}
		programs = append(programs, next)
	}
	return programs, ""
}

// started is the program that a launcher starts; empty when the program is no launcher.
func started(argv []string) string {
	switch path.Base(argv[0]) {
	case "tini", "tini-static", "dumb-init", "docker-init", "catatonit", "env":
		for _, a := range argv[1:] {
			if !strings.HasPrefix(a, "-") && !strings.Contains(a, "=") {
				return a
			}
		}
	}
	return ""
}

// program follows scripts to what interprets them.
func (s search) program(name string) (Program, string) {
	var p Program
	for range maxInterpreters {
		at, head, problem := s.find(name)
		if problem != "" {
			return Program{}, problem
		}
		if arches, raw, ok := elfMachine([]byte(head)); ok {
			p.Path, p.Machines, p.Raw = at, arches, raw
			return p, ""
		}
		interpreter, argument, ok := shebang([]byte(head))
		if !ok {
			return Program{}, at + " is neither an ELF program nor a script"
		}
		p.Via = append(p.Via, at)
		if name = interpreter; path.Base(interpreter) == "env" {
			name = envTarget(argument, interpreter)
		}
	}
	return Program{}, fmt.Sprintf("%s: more than %d interpreters", p.Via[0], maxInterpreters)
}

// envTarget is what env -S or plain env starts.
func envTarget(argument, env string) string {
	for _, word := range strings.Fields(argument) {
		if !strings.HasPrefix(word, "-") && !strings.Contains(word, "=") {
			return word
		}
	}
	return env
}

// find looks a program up as the runtime does: a path as it is, from the working directory if it is relative; a bare name
// along PATH. The first entry of PATH that the layers seen so far have is taken: layers below rarely hold an earlier one.
func (s search) find(name string) (at, head, problem string) {
	dirs := strings.Split(s.config.Path, ":")
	switch {
	case strings.Contains(name, "/"):
		dirs = []string{s.config.WorkingDir}
		if strings.HasPrefix(name, "/") {
			dirs = []string{""}
		}
	case s.config.Path == "":
		dirs = strings.Split(pathDefault, ":")
	}
	undecided := false
	for _, dir := range dirs {
		answer, real, text := s.fs.lookup(path.Join("/", dir, name))
		if answer == present {
			return real, text, ""
		}
		undecided = undecided || answer == unknown
	}
	if undecided && !s.all {
		return "", "", "not found in the layers seen so far"
	}
	return "", "", fmt.Sprintf("%s is not in the image, or not executable", name)
}
