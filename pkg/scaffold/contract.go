package scaffold

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/linker"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Contract is a proto file that somebody brought: its services become the primitive's.
type Contract struct {
	Package  string // ameide_core_proto.orders.v1
	Services []Service
	Files    []ContractFile // the file first, then those beside it that it imports
	Notes    []string       // what the convention would have otherwise; it is taken as it is
}

// ContractFile is a proto file with its path below the primitive's proto root.
type ContractFile struct {
	Path    string
	Content []byte
}

// ProtoConvention is the package of a contract by the platform's convention.
const ProtoConvention = "ameide_core_proto.<context>[.<part>].v<major>"

var protoConvention = regexp.MustCompile(`^ameide_core_proto(\.[a-z][a-z0-9_]*){1,2}\.v[1-9][0-9]*$`)

// maxProto bounds one proto file, in bytes.
const maxProto = 5 << 20

// ReadContract compiles a proto file with what it imports: files beside it, files below the root that its package says it
// lies in, and Google's own. file is its path in fsys, shown how messages call it. What does not compile, and what no
// primitive can be made of, are Problems with file, line and column.
func ReadContract(ctx context.Context, fsys fs.FS, file, shown string) (*Contract, error) {
	r := &protoReader{fsys: fsys, dir: path.Dir(file), shown: shown, taken: map[string][]byte{}}
	text, err := r.load(file)
	if err != nil {
		return nil, Problems{{"proto_path", fmt.Sprintf("read %s: %v", shown, cause(err)), "name a proto file with --proto-path"}}
	}
	r.root, r.main = protoRoot(file, text)
	r.taken[r.main] = text
	compiled, err := r.compile(ctx)
	if err != nil {
		return nil, err
	}
	return r.contract(compiled)
}

// protoReader finds proto files and keeps those that were found.
type protoReader struct {
	fsys     fs.FS
	dir      string // of the file
	root     string // of its packages
	main     string // the file as others import it
	shown    string
	taken    map[string][]byte
	problems Problems
}

var packageLine = regexp.MustCompile(`(?m)^\s*package\s+([A-Za-z0-9_.]+)\s*;`)

// protoRoot is the folder that imports start from, when the file lies where its package says, else the file's own; and the
// file's path from there.
func protoRoot(file string, text []byte) (root, name string) {
	dir, base := path.Split(file)
	dir = path.Clean(dir)
	if m := packageLine.FindSubmatch(text); m != nil {
		folder := strings.ReplaceAll(string(m[1]), ".", "/")
		if rest, ok := strings.CutSuffix(dir, "/"+folder); ok {
			return rest, path.Join(folder, base)
		}
		if dir == folder {
			return ".", path.Join(folder, base)
		}
	}
	return dir, base
}

func (r *protoReader) load(file string) ([]byte, error) {
	f, err := r.fsys.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxProto+1))
	if err == nil && len(text) > maxProto {
		err = errors.New("it is larger than 5 MiB")
	}
	return text, err
}

// open is the file that an import means.
func (r *protoReader) open(name string) (io.ReadCloser, error) {
	text, ok := r.taken[name]
	for _, dir := range []string{r.root, r.dir} {
		file := path.Join(dir, name)
		if ok || !fs.ValidPath(name) || !fs.ValidPath(file) {
			continue
		}
		found, err := r.load(file)
		if err == nil {
			text, ok = found, true
			r.taken[name] = text
		}
	}
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(text)), nil
}

func (r *protoReader) compile(ctx context.Context) (linker.File, error) {
	compiler := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(&protocompile.SourceResolver{Accessor: r.open}),
		SourceInfoMode: protocompile.SourceInfoStandard,
		Reporter: reporter.NewReporter(func(err reporter.ErrorWithPos) error {
			r.report(err.GetPosition().Filename, err.GetPosition().Line, err.GetPosition().Col, "%s", err.Unwrap())
			return nil
		}, nil),
	}
	files, err := compiler.Compile(ctx, r.main)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case len(r.problems) > 0:
		return nil, r.problems
	case err != nil:
		return nil, Problems{{"proto_path", r.shown + ": " + err.Error(), ""}}
	}
	return files[0], nil
}

// report is a Problem at a place. The file itself is called what its owner calls it.
func (r *protoReader) report(file string, line, col int, format string, args ...any) {
	if file == r.main {
		file = r.shown
	}
	r.problems = append(r.problems, Problem{"proto_path", fmt.Sprintf("%s:%d:%d: ", file, line, col) + fmt.Sprintf(format, args...), ""})
}

// contract is what a primitive needs of the file.
func (r *protoReader) contract(file linker.File) (*Contract, error) {
	c := &Contract{Package: string(file.Package())}
	if c.Package == "" {
		r.report(r.main, 1, 1, "the file has no package; the convention is %s", ProtoConvention)
	} else if !protoConvention.MatchString(c.Package) {
		c.Notes = append(c.Notes, fmt.Sprintf("package %s is taken as it is; the convention is %s", c.Package, ProtoConvention))
	}
	seen := map[string]string{}
	for i := range file.Services().Len() {
		s := file.Services().Get(i)
		service := Service{Name: string(s.Name()), Camel: lowerFirst(string(s.Name()))}
		for j := range s.Methods().Len() {
			m := s.Methods().Get(j)
			method := r.method(file, m)
			if other, twice := seen[method.Snake]; twice {
				r.at(file, m, "%s is an RPC of %s, too: one primitive's handlers and tests go by the RPC's name", m.Name(), other)
			}
			seen[method.Snake] = service.Name
			service.Methods = append(service.Methods, method)
		}
		c.Services = append(c.Services, service)
	}
	if len(seen) == 0 {
		r.report(r.main, 1, 1, "the file has no service with an RPC")
	}
	c.Files = r.files(c.Package)
	return c, r.problems.Err()
}

// method is an RPC whose messages are the package's own, which is the convention, and what handlers can be written for.
func (r *protoReader) method(file linker.File, m protoreflect.MethodDescriptor) Method {
	for _, message := range []protoreflect.MessageDescriptor{m.Input(), m.Output()} {
		if message.ParentFile().Package() != file.Package() || message.Parent() != message.ParentFile() {
			r.at(file, m, "%s uses %s: an RPC has messages of its own, %[1]sRequest and %[1]sResponse", m.Name(), message.FullName())
		}
	}
	name := string(m.Name())
	return Method{
		Name: name, Snake: snakeCase(name), Camel: lowerFirst(name),
		Input: string(m.Input().Name()), Output: string(m.Output().Name()),
		ClientStreaming: m.IsStreamingClient(), ServerStreaming: m.IsStreamingServer(),
	}
}

func (r *protoReader) at(file linker.File, d protoreflect.Descriptor, format string, args ...any) {
	l := file.SourceLocations().ByDescriptor(d)
	r.report(r.main, l.StartLine+1, l.StartColumn+1, format, args...)
}

// files puts the file where its package says, and what it imports where the imports say.
func (r *protoReader) files(pkg string) []ContractFile {
	files := []ContractFile{{path.Join(strings.ReplaceAll(pkg, ".", "/"), path.Base(r.main)), r.taken[r.main]}}
	var names []string
	for name := range r.taken {
		if name != r.main {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		files = append(files, ContractFile{name, r.taken[name]})
	}
	return files
}

// snakeCase is GetHTTPRoute as get_http_route.
func snakeCase(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		begins := unicode.IsUpper(r) && i > 0 && runes[i-1] != '_' &&
			(!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if begins {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func lowerFirst(name string) string { return strings.ToLower(name[:1]) + name[1:] }

// cause is the part of a file error that does not repeat its path.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
