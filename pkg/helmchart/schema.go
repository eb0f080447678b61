package helmchart

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	chartv2 "helm.sh/helm/v4/pkg/chart/v2"
)

const schemaFile = "values.schema.json"

// schema is a compiled values.schema.json; nil validator accepts everything.
type schema struct{ validator *jsonschema.Schema }

// closedLoader refuses what a schema refers to outside itself: Helm would fetch it from the network or from any file.
type closedLoader struct{}

func (closedLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("the schema refers to %s, which is outside of it", url)
}

// compileSchema compiles a schema once per chart: Helm does it again on each rendering.
func compileSchema(file string, data []byte) (*schema, error) {
	if len(data) == 0 {
		return &schema{}, nil
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, Errors{{Pos: Pos{File: file}, Message: "not JSON: " + err.Error()}}
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(closedLoader{})
	// The name is Helm's, so that references relative to it resolve alike.
	const name = "file:///" + schemaFile
	if err := compiler.AddResource(name, doc); err != nil {
		return nil, Errors{{Pos: Pos{File: file}, Message: err.Error()}}
	}
	validator, err := compiler.Compile(name)
	if err != nil {
		return nil, Errors{{Pos: Pos{File: file}, Message: strings.TrimPrefix(err.Error(), "jsonschema: ")}}
	}
	return &schema{validator}, nil
}

// checkSchemas validates values against the chart's schema and those of the subcharts that are enabled.
func (c *Chart) checkSchemas(v *Values, instance *chartv2.Chart) error {
	own, err := c.schema()
	if err != nil {
		return err
	}
	out := own.check(v, nil)
	for _, sub := range instance.Dependencies() {
		if v.root.child(sub.Name()).isMap() {
			more, err := checkSubchart(v, sub, []string{sub.Name()}, path.Join(c.dir, "charts", sub.Name()))
			if err != nil {
				return err
			}
			out = append(out, more...)
		}
	}
	if len(out) > 0 {
		return out
	}
	return nil
}

func checkSubchart(v *Values, c *chartv2.Chart, at []string, dir string) (Errors, error) {
	s, err := compileSchema(path.Join(dir, schemaFile), c.Schema)
	if err != nil {
		return nil, err
	}
	out := s.check(v, at)
	for _, sub := range c.Dependencies() {
		below := append(slices.Clone(at), sub.Name())
		if !v.root.at(below).isMap() {
			continue
		}
		more, err := checkSubchart(v, sub, below, path.Join(dir, "charts", sub.Name()))
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// check reports one Error per violation, at the place of the value that causes it.
func (s *schema) check(v *Values, at []string) Errors {
	if s.validator == nil {
		return nil
	}
	err := s.validator.Validate(v.root.at(at).plain())
	var failed *jsonschema.ValidationError
	if !errors.As(err, &failed) {
		return nil
	}
	var out Errors
	collectViolations(failed, func(path []string, text string) {
		path = append(slices.Clone(at), path...)
		out = append(out, &Error{Pos: v.Origin(path...), Message: strings.Join(path, ".") + ": " + text,
			Hint: "values.schema.json of the chart does not allow it"})
	})
	slices.SortStableFunc(out, func(a, b *Error) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Message, b.Message))
	})
	return out
}

func collectViolations(e *jsonschema.ValidationError, add func(path []string, text string)) {
	if len(e.Causes) > 0 {
		for _, c := range e.Causes {
			collectViolations(c, add)
		}
		return
	}
	if extra, ok := e.ErrorKind.(*kind.AdditionalProperties); ok {
		for _, name := range extra.Properties {
			add(append(slices.Clone(e.InstanceLocation), name), "unknown key")
		}
		return
	}
	add(e.InstanceLocation, e.ErrorKind.LocalizedString(message.NewPrinter(language.English)))
}
