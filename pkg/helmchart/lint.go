package helmchart

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"sync"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	"sigs.k8s.io/yaml"
)

// Severity of a lint message.
type Severity string

// The severities of helm lint. Under --strict a warning fails too; an info never does.
const (
	SeverityInfo    Severity = "info"
	SeverityWarning Severity = "warning"
	SeverityError   Severity = "error"
)

// LintMessage is one remark of helm lint about a file of the chart.
type LintMessage struct {
	Severity Severity
	Pos      Pos // file in the checkout; the line only where a schema is violated
	Text     string
}

// LintFailed is helm lint's verdict: errors fail, and with strict warnings do.
func LintFailed(messages []LintMessage, strict bool) bool {
	for _, m := range messages {
		if m.Severity == SeverityError || strict && m.Severity == SeverityWarning {
			return true
		}
	}
	return false
}

// Lint runs Helm's own lint rules over the chart with values (value files; the chart's defaults are put below) in the
// release's namespace. The rules read a directory, so the chart is written below scratch, an existing directory, and stays
// there for the next call with the same scratch, which is the caller's to remove. Schemas are checked here instead, because Helm's check fetches remote references. Lint never notices a
// key that no layer sets, nor a missing required value, and knows only Kubernetes' own API versions: Render does.
func Lint(c *Chart, scratch string, values *Values, release Release, capabilities Capabilities) ([]LintMessage, error) {
	caps, err := capabilities.helm()
	if err != nil {
		return nil, err
	}
	defaults, err := c.quietDefaults(values)
	if err != nil {
		return nil, fmt.Errorf("lint %s: %w", c.dir, err)
	}
	dir, err := c.copyFor(scratch, defaults)
	if err != nil {
		return nil, fmt.Errorf("lint %s: %w", c.dir, err)
	}
	return append(c.lintMessages(dir, values, release.Namespace, caps.KubeVersion), c.lintSchema(values)...), nil
}

func (c *Chart) lintMessages(dir string, values *Values, namespace string, version common.KubeVersion) []LintMessage {
	user, _ := values.layers.plain().(map[string]any)
	result := lint.RunAll(dir, user, namespace, lint.WithKubeVersion(&version), lint.WithSkipSchemaValidation(true))
	var out []LintMessage
	for _, m := range result.Messages {
		file := strings.TrimSuffix(path.Join(c.dir, filepath.ToSlash(m.Path)), "/")
		text := strings.ReplaceAll(m.Err.Error(), dir+string(filepath.Separator), "")
		out = append(out, LintMessage{Severity: severityOf(m.Severity), Pos: Pos{File: file}, Text: oneLine(text)})
	}
	return out
}

// quietDefaults is the text of values.yaml for the copy that is linted, where a value file replaces a default by another
// shape: see withoutConflicts. Nil means the chart's own.
func (c *Chart) quietDefaults(values *Values) ([]byte, error) {
	defaults, _ := c.defaults.plain().(map[string]any)
	user, _ := values.layers.plain().(map[string]any)
	quiet := withoutConflicts(defaults, user)
	if reflect.DeepEqual(quiet, defaults) {
		return nil, nil
	}
	return yaml.Marshal(quiet)
}

// copies are functions that make a copy of the chart once, by its place and its values.yaml.
type copies struct {
	mu   sync.Mutex
	made map[copyKey]func() (string, error)
}

type copyKey struct{ scratch, defaults string }

// copyFor is the folder of a copy of the chart below scratch, with these defaults if they are not nil.
func (c *Chart) copyFor(scratch string, defaults []byte) (string, error) {
	return c.copies.maker(copyKey{scratch, string(defaults)}, func() (string, error) { return c.writeCopy(scratch, defaults) })()
}

func (c *copies) maker(key copyKey, write func() (string, error)) func() (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made == nil {
		c.made = map[copyKey]func() (string, error){}
	}
	if c.made[key] == nil {
		c.made[key] = sync.OnceValues(write)
	}
	return c.made[key]
}

// writeCopy writes what Helm loads of the chart.
func (c *Chart) writeCopy(scratch string, defaults []byte) (string, error) {
	root, err := newCopy(scratch)
	if err != nil {
		return "", err
	}
	defer root.Close()
	for _, f := range c.files {
		data := f.Data
		if f.Name == "values.yaml" && defaults != nil {
			data = defaults
		}
		if err := writeBelow(root, path.Join(c.dir, f.Name), data); err != nil {
			return "", err
		}
	}
	return filepath.Abs(filepath.Join(root.Name(), filepath.FromSlash(c.dir)))
}

func (c *Chart) lintSchema(values *Values) []LintMessage {
	coalesced, err := c.Coalesce(values)
	if err == nil {
		err = c.checkSchemas(coalesced, coalesced.instance)
	}
	var problems Errors
	if !errors.As(err, &problems) {
		return nil
	}
	var out []LintMessage
	for _, p := range problems {
		out = append(out, LintMessage{Severity: SeverityError, Pos: p.Pos, Text: p.Message})
	}
	return out
}

func severityOf(helm int) Severity {
	switch helm {
	case support.ErrorSev:
		return SeverityError
	case support.WarningSev:
		return SeverityWarning
	}
	return SeverityInfo
}

// onDisk writes the chart's folder below a new directory in scratch, at its path in the checkout, for as long as use
// runs. dir is the chart's absolute path there.
func (c *Chart) onDisk(scratch string, use func(root *os.Root, dir string) error) (err error) {
	root, err := newCopy(scratch)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(root.Name())) }()
	defer root.Close()
	if err := copyTree(c.fsys, c.dir, root); err != nil {
		return err
	}
	dir, err := filepath.Abs(filepath.Join(root.Name(), filepath.FromSlash(c.dir)))
	if err != nil {
		return err
	}
	return use(root, dir)
}

// newCopy makes and opens a directory below scratch.
func newCopy(scratch string) (*os.Root, error) {
	if scratch == "" {
		return nil, errors.New("no scratch directory given")
	}
	base, err := os.MkdirTemp(scratch, "chart-")
	if err != nil {
		return nil, fmt.Errorf("make a scratch directory: %w", err)
	}
	root, err := os.OpenRoot(base)
	if err != nil {
		return nil, fmt.Errorf("open the scratch directory: %w", err)
	}
	return root, nil
}
