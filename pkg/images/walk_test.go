package images

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/imagecheck"
)

func manifest(t *testing.T, text string) *helmchart.Manifest {
	t.Helper()
	var object map[string]any
	if err := yaml.Unmarshal([]byte(text), &object); err != nil {
		t.Fatal(err)
	}
	return &helmchart.Manifest{Object: object}
}

func TestImagesAreFoundWhereverTheyRun(t *testing.T) {
	for name, test := range map[string]struct {
		object string
		want   []string // image path arches
	}{
		"all containers of a Pod": {
			`{apiVersion: v1, kind: Pod, spec: {containers: [{name: a, image: a}], initContainers: [{name: b, image: b}], ephemeralContainers: [{name: c, image: c}]}}`,
			[]string{"a spec.containers.0.image", "c spec.ephemeralContainers.0.image", "b spec.initContainers.0.image"},
		},
		"a CronJob": {
			`{apiVersion: batch/v1, kind: CronJob, spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: a}]}}}}}}`,
			[]string{"a spec.jobTemplate.spec.template.spec.containers.0.image"},
		},
		"an image volume": {
			`{apiVersion: v1, kind: Pod, spec: {containers: [{name: a, image: a}], volumes: [{name: x, image: {reference: data:1}}]}}`,
			[]string{"a spec.containers.0.image", "data:1 spec.volumes.0.image.reference"},
		},
		"a CloudNativePG cluster":     {`{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, spec: {imageName: "pg:17"}}`, []string{"pg:17 spec.imageName"}},
		"a Keycloak":                  {`{apiVersion: k8s.keycloak.org/v2alpha1, kind: Keycloak, spec: {image: "kc:26"}}`, []string{"kc:26 spec.image"}},
		"a catalog of images":         {`{apiVersion: postgresql.cnpg.io/v1, kind: ImageCatalog, spec: {images: [{major: 17, image: "pg:17"}]}}`, []string{"pg:17 spec.images.0.image"}},
		"a Pod in a custom resource":  {`{apiVersion: argoproj.io/v1alpha1, kind: Rollout, spec: {template: {spec: {containers: [{name: a, image: a}]}}}}`, []string{"a spec.template.spec.containers.0.image"}},
		"a ConfigMap is only text":    {`{apiVersion: v1, kind: ConfigMap, data: {image: "a:1"}}`, nil},
		"a definition runs nothing":   {`{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, spec: {image: a}}`, nil},
		"text that is no reference":   {`{apiVersion: example.com/v1, kind: Page, spec: {image: "Not an image!"}}`, nil},
		"a Pod that chooses its node": {`{apiVersion: v1, kind: Pod, spec: {nodeSelector: {kubernetes.io/arch: amd64}, containers: [{name: a, image: a}]}}`, []string{"a spec.containers.0.image amd64"}},
		"a Pod with required affinity": {
			`{apiVersion: v1, kind: Pod, spec: {containers: [{name: a, image: a}], affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:
			{nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/arch, operator: In, values: [arm64, amd64]}]}]}}}}}`,
			[]string{"a spec.containers.0.image amd64,arm64"},
		},
		"a selector beside affinity": {
			`{apiVersion: v1, kind: Pod, spec: {nodeSelector: {kubernetes.io/arch: arm64}, containers: [{name: a, image: a}], affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:
			{nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/arch, operator: In, values: [amd64, arm64]}]}]}}}}}`,
			[]string{"a spec.containers.0.image arm64"},
		},
		"two expressions of one term": {
			`{apiVersion: v1, kind: Pod, spec: {containers: [{name: a, image: a}], affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:
			{nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/arch, operator: In, values: [amd64, arm64]}, {key: kubernetes.io/arch, operator: In, values: [arm64, s390x]}]}, {matchExpressions: [{key: kubernetes.io/arch, operator: In, values: [ppc64le]}]}]}}}}}`,
			[]string{"a spec.containers.0.image arm64,ppc64le"},
		},
		"a selector beside affinity with a way out": {
			`{apiVersion: v1, kind: Pod, spec: {nodeSelector: {kubernetes.io/arch: arm64}, containers: [{name: a, image: a}], affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:
			{nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/arch, operator: In, values: [amd64]}]}, {matchExpressions: [{key: pool, operator: Exists}]}]}}}}}`,
			[]string{"a spec.containers.0.image arm64"},
		},
		"affinity with a way out": {
			`{apiVersion: v1, kind: Pod, spec: {containers: [{name: a, image: a}], affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:
			{nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/arch, operator: In, values: [arm64]}]}, {matchExpressions: [{key: pool, operator: Exists}]}]}}}}}`,
			[]string{"a spec.containers.0.image"},
		},
	} {
		var got []string
		for _, m := range mentions(manifest(t, test.object)) {
			got = append(got, strings.TrimSpace(m.image+" "+strings.Join(m.path, ".")+" "+strings.Join(m.arches, ",")))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestChoicesThatExcludeEachOtherAskForNoPlatform(t *testing.T) {
	m := manifest(t, `{apiVersion: v1, kind: Pod, spec: {nodeSelector: {kubernetes.io/arch: arm64}, containers: [{name: a, image: a}], affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:
	{nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/arch, operator: In, values: [amd64]}]}]}}}}}`)
	if got := mentions(m)[0].arches; got == nil || len(got) > 0 {
		t.Errorf("arches %#v, want none, not any", got)
	}
}

func TestCommandsOfAllPodsAreFollowed(t *testing.T) {
	m := manifest(t, `{apiVersion: v1, kind: Pod, spec: {containers: [{name: a, image: a, command: [node, x], args: [run, "a b", z]}, {name: b, image: a}]}}`)
	var uses []Use
	for _, one := range mentions(m) {
		uses = append(uses, Use{Image: one.image, Command: one.command})
	}
	for _, test := range []struct {
		uses []Use
		deep bool
		want [][]string
	}{
		{uses, true, [][]string{nil, {"node", "x", "run"}}}, {uses, false, nil}, {uses[1:], true, nil},
	} {
		if diff := cmp.Diff(test.want, Plan(test.uses, test.deep)[0].Request.Need.Commands); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestAPodsOwnChoiceNarrowsThePlatforms(t *testing.T) {
	amd, arm := imagecheck.Platform{OS: "linux", Arch: "amd64"}, imagecheck.Platform{OS: "linux", Arch: "arm64"}
	nodes := []imagecheck.Platform{amd, arm}
	for _, test := range []struct {
		arches []string
		want   []imagecheck.Platform
	}{{nil, nodes}, {[]string{"amd64"}, []imagecheck.Platform{amd}}, {[]string{"s390x"}, []imagecheck.Platform{{OS: "linux", Arch: "s390x"}}}} {
		if diff := cmp.Diff(test.want, narrow(nodes, test.arches)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", test.arches, diff)
		}
	}
}

func TestValuesAreRecognisedInAReference(t *testing.T) {
	sum := "sha256:" + strings.Repeat("ab", 32)
	for _, test := range []struct {
		values map[string]any
		image  string
		want   bool
	}{
		{map[string]any{"repository": "quay.io/a/b", "tag": "1"}, "quay.io/a/b:1", true},
		{map[string]any{"repository": "a/b", "registry": "quay.io", "tag": "1"}, "quay.io/a/b:1", true},
		{map[string]any{"repository": "quay.io/a/b", "tag": "", "digest": sum}, "quay.io/a/b@" + sum, true},
		{map[string]any{"repository": "quay.io/a/b", "tag": "1", "digest": ""}, "quay.io/a/b:1@" + sum, true},
		{map[string]any{"repository": "quay.io/a/b", "tag": "1@" + sum}, "quay.io/a/b:1@" + sum, true},
		{map[string]any{"repository": "quay.io/a/b", "tag": "2"}, "quay.io/a/b:1", false},
		{map[string]any{"repository": "quay.io/a/b", "digest": sum}, "quay.io/a/b:1", false},
		{map[string]any{"repository": "a/b", "tag": "1"}, "quay.io/xa/b:1", false},
		{map[string]any{"name": "b", "tag": "1"}, "quay.io/a/b:1", true},
		{map[string]any{"name": "b"}, "quay.io/a/b", false},
		{map[string]any{"tag": "1"}, "quay.io/a/b:1", false},
	} {
		if got := composes(test.values, test.image); got != test.want {
			t.Errorf("%v in %s: %v, want %v", test.values, test.image, got, test.want)
		}
	}
}
