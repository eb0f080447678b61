package appset

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"sigs.k8s.io/yaml"
)

// manifest is what this package reads of an Application's spec.
type manifest struct {
	Metadata struct {
		Name   string            `json:"name"`
		Labels map[string]string `json:"labels"`
	} `json:"metadata"`
	Spec struct {
		Project     string `json:"project"`
		Destination struct {
			Server    string `json:"server"`
			Name      string `json:"name"`
			Namespace string `json:"namespace"`
		} `json:"destination"`
		Source  *manifestSource  `json:"source"`
		Sources []manifestSource `json:"sources"`
	} `json:"spec"`
}

type manifestSource struct {
	RepoURL        string `json:"repoURL"`
	TargetRevision string `json:"targetRevision"`
	Path           string `json:"path"`
	Chart          string `json:"chart"`
	Ref            string `json:"ref"`
	Helm           struct {
		ReleaseName             string         `json:"releaseName"`
		IgnoreMissingValueFiles bool           `json:"ignoreMissingValueFiles"`
		SkipCrds                bool           `json:"skipCrds"`
		ValueFiles              []string       `json:"valueFiles"`
		Values                  string         `json:"values"`
		ValuesObject            map[string]any `json:"valuesObject"`
		Parameters              []struct {
			Name        string `json:"name"`
			Value       string `json:"value"`
			ForceString bool   `json:"forceString"`
		} `json:"parameters"`
	} `json:"helm"`
}

// describe reads an Application back into the fields that callers ask for.
func (m *maker) describe(object map[string]any, template Position, set paramSet) (Application, error) {
	var x manifest
	data, err := json.Marshal(object)
	if err == nil {
		err = json.Unmarshal(data, &x)
	}
	if err != nil {
		return Application{}, &Problem{Position: template, Message: "the generated Application is malformed: " + err.Error(), data: true}
	}
	if x.Metadata.Name == "" {
		return Application{}, &Problem{Position: template, Message: "the generated Application has no name", data: true}
	}
	app := Application{
		Name: x.Metadata.Name, Set: m.set.Name, Project: x.Spec.Project, Namespace: x.Spec.Destination.Namespace,
		Server: x.Spec.Destination.Server, Labels: x.Metadata.Labels, Params: set.values, Origins: set.origins,
		Template: template, Object: object, Step: m.set.StepOf(x.Metadata.Labels),
	}
	if app.Server == "" {
		app.Server = x.Spec.Destination.Name
	}
	sources := x.Spec.Sources
	if len(sources) == 0 && x.Spec.Source != nil {
		sources = []manifestSource{*x.Spec.Source}
	}
	for _, s := range sources {
		source, err := m.source(s, sources)
		if err != nil {
			return Application{}, problemf(template, "Application %q: %v", app.Name, err)
		}
		app.Sources = append(app.Sources, source)
	}
	return app, nil
}

func (m *maker) source(s manifestSource, all []manifestSource) (Source, error) {
	out := Source{
		RepoURL: s.RepoURL, TargetRevision: s.TargetRevision, Path: s.Path, Chart: s.Chart, Ref: s.Ref,
		Helm: Helm{
			ReleaseName: s.Helm.ReleaseName, IgnoreMissingValueFiles: s.Helm.IgnoreMissingValueFiles,
			SkipCrds: s.Helm.SkipCrds, Values: s.Helm.ValuesObject,
		},
	}
	if out.Helm.Values == nil && s.Helm.Values != "" {
		if err := yaml.Unmarshal([]byte(s.Helm.Values), &out.Helm.Values); err != nil {
			return out, fmt.Errorf("helm.values: %w", err)
		}
	}
	for _, p := range s.Helm.Parameters {
		out.Helm.Parameters = append(out.Helm.Parameters, Parameter(p))
	}
	for _, written := range s.Helm.ValueFiles {
		file, err := m.valueFile(written, s, all)
		if err != nil {
			return out, err
		}
		out.Helm.ValueFiles = append(out.Helm.ValueFiles, file)
	}
	return out, nil
}

// valueFile resolves an entry of helm.valueFiles: $ref/path lies in the repository that another source refers to;
// anything else is relative to the chart.
func (m *maker) valueFile(written string, s manifestSource, all []manifestSource) (ValueFile, error) {
	out := ValueFile{Written: written}
	if strings.Contains(written, "://") {
		return out, fmt.Errorf("value file %s is remote and not evaluated offline", written)
	}
	repo, name := s.RepoURL, path.Join(s.Path, written)
	if rest, ok := strings.CutPrefix(written, "$"); ok {
		ref, file, _ := strings.Cut(rest, "/")
		target, err := refSource(ref, all)
		if err != nil {
			return out, fmt.Errorf("value file %s: %w", written, err)
		}
		repo, name = target.RepoURL, path.Clean(file)
	} else if path.IsAbs(written) {
		name = path.Clean(strings.TrimPrefix(written, "/"))
	}
	if name == ".." || strings.HasPrefix(name, "../") {
		return out, fmt.Errorf("value file %s leaves the repository", written)
	}
	if s.Chart != "" && !strings.HasPrefix(written, "$") {
		return out, nil
	}
	if sameRepo(repo, m.repoURL) {
		out.Path = name
	}
	return out, nil
}

func refSource(ref string, all []manifestSource) (manifestSource, error) {
	for _, s := range all {
		if s.Ref == ref {
			return s, nil
		}
	}
	return manifestSource{}, fmt.Errorf("no source has ref: %s", ref)
}
