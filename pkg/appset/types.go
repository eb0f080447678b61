package appset

import "fmt"

// Position is a place in the tree: a slash-separated path from its root and a line from 1; 0 means the whole file.
type Position struct {
	File string
	Line int
}

func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// Problem is something in the tree that Argo CD would refuse or that cannot be evaluated offline.
type Problem struct {
	Position
	Overlay string // overlay that was being built; empty where there is none
	Message string // lower case, without the position
	data    bool   // a template failed on one set of parameters
}

func (p *Problem) Error() string { return p.Position.String() + ": " + p.Message }

// Options say which tree is evaluated.
type Options struct {
	RepoURL  string   // clone URL of the tree itself; a generator that names another one is a Problem
	Revision string   // branch that the tree is; empty accepts any
	Overlays []string // overlay directories; empty: every directory of argocd/overlays, or, without one, argocd/applicationsets as it is
}

// Result is everything that a tree generates, sorted: Sets by overlay and name, Applications by overlay and name,
// Problems by position. The same tree gives the same Result.
type Result struct {
	Sets         []Set
	Applications []Application
	Problems     []Problem
}

// Set is one ApplicationSet as an overlay leaves it.
type Set struct {
	Overlay   string
	Name      string
	Namespace string
	Position  Position       // where its document starts
	Object    map[string]any // the whole object: strings, bool, int64, float64, lists and maps
	Rolling   bool           // strategy RollingSync
	StepsAt   Position       // the key spec.strategy.rollingSync.steps; the set's Position where there is none
	Steps     []Step
}

// Step is one step of a RollingSync.
type Step struct {
	Position    Position
	Expressions []MatchExpression // all must hold
	MaxUpdate   string            // number or percentage; empty means all at once
}

// MatchExpression compares a label of an Application. Argo CD knows In and NotIn here.
type MatchExpression struct {
	Key      string
	Operator string
	Values   []string
}

// Application is one generated Argo CD Application.
type Application struct {
	Name      string
	Overlay   string
	Set       string
	Project   string
	Server    string // spec.destination.server or, where that is empty, spec.destination.name
	Namespace string // spec.destination.namespace
	Labels    map[string]string
	Params    map[string]any // parameters it was generated from; numbers are float64, as Argo CD reads them
	Origins   []Position     // files that the parameters come from, in the generators' order: with cluster × component, the component is last
	Template  Position       // the ApplicationSet's template
	Sources   []Source
	Object    map[string]any // the whole Application
	Step      int            // index of the first RollingSync step that selects it; -1: none, so a RollingSync never rolls it out
}

// Source is one source of an Application.
type Source struct {
	RepoURL        string
	TargetRevision string
	Path           string // directory in a Git repository
	Chart          string // chart in a Helm repository
	Ref            string // name that other sources' value files refer to
	Helm           Helm
}

// Helm is how a source renders its chart. Precedence rises from ValueFiles over Values to Parameters.
type Helm struct {
	ReleaseName             string
	IgnoreMissingValueFiles bool
	SkipCrds                bool
	ValueFiles              []ValueFile
	Values                  map[string]any // valuesObject or the parsed values string
	Parameters              []Parameter
}

// ValueFile is one entry of helm.valueFiles, lowest precedence first.
type ValueFile struct {
	Written string // as the Application has it, for example $values/sources/values/base/globals.yaml
	Path    string // path in the tree; empty when it lies in another repository
}

// Parameter is one entry of helm.parameters.
type Parameter struct {
	Name, Value string
	ForceString bool
}

// ChartSource returns the source that is rendered: the first one that is more than a reference.
func (a Application) ChartSource() (Source, bool) {
	for _, s := range a.Sources {
		if s.Path != "" || s.Chart != "" {
			return s, true
		}
	}
	return Source{}, false
}

// ValueFiles lists the chart's value files that lie in the tree, in Argo CD's order, lowest precedence first. They need
// not exist.
func (a Application) ValueFiles() []string {
	s, _ := a.ChartSource()
	var paths []string
	for _, f := range s.Helm.ValueFiles {
		if f.Path != "" {
			paths = append(paths, f.Path)
		}
	}
	return paths
}

// Param returns a parameter that is a string, such as env; empty when there is none.
func (a Application) Param(name string) string {
	s, _ := a.Params[name].(string)
	return s
}
