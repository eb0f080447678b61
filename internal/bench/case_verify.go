package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/ameideio/ameide/lab/peers"
	"github.com/ameideio/ameide/pkg/spec"
)

// verifyCase checks every environment: ameide in one process, the peers as a shell would call them one after another.
// The peers do less: no rule across files, no CEL, no Application evaluated. Their value files, in order, are those that
// ameide found, and their schemas are made of the same sources.
func verifyCase(l *lab) benchCase {
	return benchCase{name: "verify", goal: goal{millis: 1000, ratio: 3, rssMB: 250}, prepare: func(ctx context.Context) ([]side, error) {
		dir, err := l.generated(ctx, "verify")
		if err != nil {
			return nil, err
		}
		apps, err := l.applications(ctx, dir)
		if err != nil {
			return nil, err
		}
		version := spec.Default().Kubernetes.Version
		schemas := filepath.Join(l.work, "schemas")
		if err := writeLocalSchemas(l.schemas, schemas, version); err != nil {
			return nil, err
		}
		sides := []side{{name: "ameide verify", commands: []command{l.verify(dir)}}}
		for _, helm := range []peers.Tool{peers.Helm4(), peers.Helm3()} {
			s, err := l.shellLoop(ctx, helm, shellInput{dir: dir, apps: apps, schemas: schemas, version: version})
			if err != nil {
				return nil, err
			}
			sides = append(sides, s)
		}
		return sides, nil
	}}
}

// shellInput is what the peers are called with.
type shellInput struct {
	dir     string // checkout
	apps    []application
	schemas string // folder for kubeconform
	version string // minor version of Kubernetes
}

// shellLoop is the same work with the usual tools: for each environment lint, template and validate, and the chart's
// suites once.
func (l *lab) shellLoop(ctx context.Context, helm peers.Tool, in shellInput) (side, error) {
	programs := map[string]string{}
	for _, t := range []peers.Tool{helm, peers.HelmUnittest(), peers.Kubeconform()} {
		path, err := l.peers.Need(ctx, t)
		if err != nil {
			return side{}, err
		}
		programs[t.Name] = path
	}
	s := side{name: "helm " + helm.Version + ", helm-unittest, kubeconform"}
	for _, a := range in.apps {
		rendered := filepath.Join(l.work, a.Name+"-"+helm.Version+".yaml")
		values := valueFlags(in.dir, a.ValueFiles)
		lint := append([]string{programs["helm"], "lint", "--strict", "--namespace", a.Namespace, "--kube-version", in.version + ".0", a.Chart}, values...)
		template := append([]string{programs["helm"], "template", a.Name, a.Chart, "--namespace", a.Namespace, "--kube-version", in.version + ".0"}, values...)
		validate := []string{programs["kubeconform"], "-strict", "-schema-location", filepath.Join(in.schemas, schemaName), rendered}
		s.commands = append(s.commands,
			command{dir: in.dir, args: lint}, command{dir: in.dir, args: template, out: rendered}, command{dir: in.dir, args: validate})
	}
	s.commands = append(s.commands, command{dir: in.dir, args: []string{programs["helm-unittest"], in.apps[0].Chart}})
	return s, nil
}

// valueFlags names the value files that exist: Argo CD ignores the others, Helm does not.
func valueFlags(dir string, files []string) []string {
	var flags []string
	for _, f := range files {
		f = strings.TrimPrefix(f, "$values/")
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(f))); err == nil {
			flags = append(flags, "--values", f)
		}
	}
	return flags
}
