package helmchart

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"

	chartv2 "helm.sh/helm/v4/pkg/chart/v2"
)

// Values are merged value files; each node knows the file and line that won. They are read-only and safe to share.
type Values struct {
	files    []string
	missing  []string
	root     *tree          // the effective values
	layers   *tree          // the value files alone, without a chart's defaults
	chart    *Chart         // whose defaults are below; nil before Chart.Coalesce
	instance *chartv2.Chart // the chart with its disabled dependencies removed
}

// Files are the value files that were read, lowest layer first.
func (v *Values) Files() []string { return slices.Clone(v.files) }

// Missing are the value files that do not exist and were skipped.
func (v *Values) Missing() []string { return slices.Clone(v.missing) }

// Map is a fresh copy of the values in the types of Helm's decoder (every number is a float64).
func (v *Values) Map() map[string]any {
	m, _ := v.root.plain().(map[string]any)
	return m
}

// Lookup follows path (map keys, decimal list indexes) and tells where the value was written. A value that was set to
// null is found, as nil.
func (v *Values) Lookup(path ...string) (value any, origin Pos, ok bool) {
	t := v.root.at(path)
	if t == nil {
		return nil, Pos{}, false
	}
	return t.plain(), t.pos, true
}

// Origin is the place of the value at path, or of its nearest parent that exists: where a missing key belongs.
func (v *Values) Origin(path ...string) Pos {
	t := v.root
	for _, step := range path {
		next := t.child(step)
		if next == nil {
			break
		}
		t = next
	}
	return t.pos
}

// Walk visits every value in the order of its path, maps and lists before what is in them; visit returns false to skip
// what is below.
func (v *Values) Walk(visit func(path []string, value any, origin Pos) bool) {
	v.root.walk(nil, func(path []string, t *tree) bool { return visit(path, t.plain(), t.pos) })
}

// ValueFiles parses value files of a checkout, each once: environments share most of theirs. Safe for concurrent use.
type ValueFiles struct {
	fsys   fs.FS
	mu     sync.Mutex
	parsed map[string]func() (*tree, error) // by file name
}

// NewValueFiles reads value files from fsys.
func NewValueFiles(fsys fs.FS) *ValueFiles {
	return &ValueFiles{fsys: fsys, parsed: map[string]func() (*tree, error){}}
}

// LoadValues merges value files, lowest first; see ValueFiles.Load.
func LoadValues(fsys fs.FS, files []string, ignoreMissing bool) (*Values, error) {
	return NewValueFiles(fsys).Load(files, ignoreMissing)
}

// Load merges files, lowest layer first, as helm -f does: maps key by key, lists replaced as a whole, null kept so that
// it removes a chart's default later. With ignoreMissing (Argo CD's ignoreMissingValueFiles) absent files are listed by
// Missing, else they are errors. The error is an Errors with every problem of every file.
func (f *ValueFiles) Load(files []string, ignoreMissing bool) (*Values, error) {
	v := &Values{root: &tree{keys: map[string]*tree{}}}
	var problems Errors
	for _, file := range files {
		t, err := f.parse(file)
		switch {
		case ignoreMissing && errors.Is(err, fs.ErrNotExist):
			v.missing = append(v.missing, file)
		case err != nil:
			problems = append(problems, asErrors(file, err)...)
		default:
			v.files = append(v.files, file)
			v.root = mergeTrees(v.root, t)
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	v.layers = v.root
	return v, nil
}

func (f *ValueFiles) parse(file string) (*tree, error) {
	f.mu.Lock()
	parse := f.parsed[file]
	if parse == nil {
		parse = sync.OnceValues(func() (*tree, error) {
			data, err := readBounded(f.fsys, file, maxValueBytes)
			if err != nil {
				return nil, err
			}
			return parseValues(file, data)
		})
		f.parsed[file] = parse
	}
	f.mu.Unlock()
	return parse()
}

// asErrors keeps typed problems and gives any other error its file.
func asErrors(file string, err error) Errors {
	var list Errors
	if errors.As(err, &list) {
		return list
	}
	var one *Error
	if errors.As(err, &one) {
		return Errors{one}
	}
	message := err.Error()
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		message = strings.TrimSpace(pathErr.Op + ": " + pathErr.Err.Error())
	}
	return Errors{{Pos: Pos{File: file}, Message: message}}
}
