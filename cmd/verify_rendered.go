package cmd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/ameideio/ameide/pkg/live"
	"github.com/ameideio/ameide/pkg/report"
	"github.com/ameideio/ameide/pkg/verify"
)

// runRendered looks at one environment as it runs and holds it against what Helm rendered, where there is no checkout.
func (o verifyOptions) runRendered(ctx context.Context, env Env, t *tree, format report.Format) error {
	objects, err := readObjects(o.live.rendered)
	if err != nil {
		return usage(err, "")
	}
	running, err := verify.Running(t.spec, t.envs, env.Now().Format("2006-01-02"))
	if err != nil {
		return usage(err, "")
	}
	ctx, cancel := o.live.within(ctx, o.registry.registryFlags)
	defer cancel()
	look, err := o.live.beginRendered(ctx, env, o.registry.registryFlags, running, objects)
	if err != nil {
		return err
	}
	r := verify.Run(running, look.rules(), o.runOptions(env))
	look.complete(&r)
	if err := o.print(env, t, format, r); err != nil {
		return err
	}
	if r.Failed(o.strict) {
		return errFindings
	}
	return unseenOutcome(r)
}

// beginRendered is begin for the only environment of a tree that is not there. A process in a Pod asks Pods directly.
func (v *verifyLive) beginRendered(ctx context.Context, env Env, f registryFlags, running *verify.Tree, objects []live.Object) (*look, error) {
	means, err := v.means(env, f)
	if err != nil {
		return nil, err
	}
	e := running.Envs[0]
	declared, err := live.DeclareRendered(e.Environment, &running.Spec.Spec, objects)
	if err != nil {
		return nil, usage(fmt.Errorf("%s: %w", v.rendered, err), "")
	}
	name := v.context
	if name == "" {
		name = e.KubeContext
	}
	cluster, err := v.open(env, name)
	if err != nil {
		return nil, unavailable(err, "")
	}
	means.Cluster, means.InCluster, means.Context = cluster, cluster.InCluster(), cluster.Context()
	if means.InCluster {
		means.Cluster, means.Namespaced = live.Inside(cluster), true
	}
	seen := live.Look{Declared: declared, Snapshot: live.Read(ctx, means, declared)}
	return &look{envs: []string{e.Name}, answers: map[string]func() (live.Look, error){
		e.Name: func() (live.Look, error) { return seen, nil },
	}}, nil
}

// readObjects reads a file of YAML documents.
func readObjects(file string) ([]live.Object, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	var objects []live.Object
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		var object live.Object
		if err := yaml.Unmarshal(document, &object); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if object != nil {
			objects = append(objects, object)
		}
	}
}

// writeReport writes a report in a format of package report, or as one line for each fact.
func writeReport(w io.Writer, format report.Format, r verify.Report, o report.Options) error {
	if format == formatLines {
		return verifyFacts(w, r)
	}
	return report.Write(w, format, r, o)
}

// verifyFacts writes one line for each check, known incident and success criterion.
func verifyFacts(w io.Writer, r verify.Report) error {
	f := factWriter{w: w}
	for _, c := range r.Checks {
		f.fact("check", checkLevel(c), c)
	}
	for _, e := range r.Environments {
		for _, i := range e.Incidents {
			f.fact("incident", levelError, i)
		}
		for _, c := range e.Criteria {
			f.fact("criterion", statusLevel(c.Live), c)
		}
	}
	f.fact("summary", levelInfo, struct {
		Summary   string   `json:"summary"`
		NextSteps []string `json:"next_steps"`
	}{r.Summary, append([]string{}, r.NextSteps...)})
	return f.err
}

func checkLevel(c verify.Check) string {
	if c.Unseen {
		return levelError
	}
	return statusLevel(c.Status)
}

func statusLevel(s verify.Status) string {
	switch s {
	case verify.Fail:
		return levelError
	case verify.Warn:
		return levelWarn
	case verify.Pass, verify.Skip:
	}
	return levelInfo
}
