package helmchart

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart"
	"helm.sh/helm/v4/pkg/chart/common"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
)

// Release is what templates see as .Release: always a first install, as in helm template and Argo CD.
type Release struct {
	Name      string
	Namespace string
}

// Capabilities are what templates see of the cluster.
type Capabilities struct {
	KubeVersion string   // such as 1.34.1 or v1.34
	APIVersions []string // group/version or group/version/Kind, beside Kubernetes' own
}

// Render renders the chart with values (coalesced with the chart's defaults if they are not yet) and returns the
// objects, sorted by template and document. It is stricter than helm template: a key that no layer sets is an error
// (missingkey=error), and so is a violated values.schema.json, whose every violation is reported at the value's place.
// The lookup and DNS functions find nothing. NOTES.txt is rendered, so that its errors show, and left out. The error is
// an Errors.
func Render(c *Chart, values *Values, release Release, capabilities Capabilities) ([]*Manifest, error) {
	values, err := c.Coalesce(values)
	if err != nil {
		return nil, err
	}
	caps, err := capabilities.helm()
	if err != nil {
		return nil, err
	}
	if err := c.checkRenderable(values, caps); err != nil {
		return nil, err
	}
	top, err := renderValues(values, release, caps)
	if err != nil {
		return nil, asErrors(c.dir, err)
	}
	outputs, err := engine.Engine{Strict: true}.RenderWithContext(context.Background(), values.instance, top)
	if err != nil {
		return nil, Errors{c.templateError(err)}
	}
	return c.manifests(outputs)
}

func (c *Chart) checkRenderable(values *Values, caps *common.Capabilities) error {
	meta := values.instance.Metadata
	file := path.Join(c.dir, "Chart.yaml")
	if meta.Type == "library" {
		return Errors{{Pos: Pos{File: file}, Message: "a library chart renders nothing"}}
	}
	if meta.KubeVersion != "" && !chartutil.IsCompatibleRange(meta.KubeVersion, caps.KubeVersion.String()) {
		return Errors{{Pos: Pos{File: file}, Message: fmt.Sprintf("kubeVersion %s does not admit Kubernetes %s", meta.KubeVersion, caps.KubeVersion.Version)}}
	}
	return c.checkSchemas(values, values.instance)
}

// renderValues is Helm's ToRenderValues for values that are coalesced already (twice would bring removed keys back).
func renderValues(values *Values, release Release, caps *common.Capabilities) (common.Values, error) {
	accessor, err := chart.NewAccessor(values.instance)
	if err != nil {
		return nil, err
	}
	return common.Values{
		"Chart":        accessor.MetadataAsMap(),
		"Capabilities": caps,
		"Release": map[string]any{
			"Name": release.Name, "Namespace": release.Namespace, "Service": "Helm",
			"IsUpgrade": false, "IsInstall": true, "Revision": 1,
		},
		"Values": common.Values(values.Map()),
	}, nil
}

func (c Capabilities) helm() (*common.Capabilities, error) {
	caps := common.DefaultCapabilities.Copy()
	caps.APIVersions = append(slices.Clone(caps.APIVersions), c.APIVersions...)
	if c.KubeVersion == "" {
		return nil, errors.New("render: no Kubernetes version given")
	}
	version, err := common.ParseKubeVersion(c.KubeVersion)
	if err != nil {
		return nil, fmt.Errorf("render: Kubernetes version %q: %w", c.KubeVersion, err)
	}
	caps.KubeVersion = *version
	return caps, nil
}

// manifests splits every output into its objects; all broken documents are reported at once.
func (c *Chart) manifests(outputs map[string]string) ([]*Manifest, error) {
	var out []*Manifest
	var problems Errors
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		if base := path.Base(name); base == "NOTES.txt" || strings.HasPrefix(base, "_") {
			continue
		}
		list, err := splitManifests(c.templatePath(name), outputs[name])
		if err != nil {
			problems = append(problems, asErrors(c.templatePath(name), err)...)
		}
		out = append(out, list...)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return out, nil
}

// CRDs are the objects of the chart's crds/ folder, which Helm never templates and Argo CD installs unless skipCrds.
func (c *Chart) CRDs() ([]*Manifest, error) {
	outputs := map[string]string{}
	for _, crd := range c.loaded.CRDObjects() {
		outputs[path.Join(c.Name(), crd.Name)] = string(crd.File.Data)
	}
	return c.manifests(outputs)
}

// templatePath turns the engine's name (chart/templates/x.yaml) into the path in the checkout.
func (c *Chart) templatePath(name string) string {
	return path.Join(c.dir, strings.TrimPrefix(name, c.Name()+"/"))
}
