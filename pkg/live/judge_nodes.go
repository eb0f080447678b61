package live

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/imagecheck"
	"github.com/ameideio/ameide/pkg/verify"
)

// judgeNodes holds the architectures of the nodes that take the portal's Pods against the image's platforms.
func judgeNodes(d *Declared, s *Snapshot, v *verdict) {
	nodes, ok := need(v, s.Nodes, "Nodes")
	if !ok {
		return
	}
	image, ok := need(v, s.Image, "image "+d.Image())
	if !ok {
		return
	}
	landing := admitted(d, nodes)
	if len(landing) == 0 {
		v.find(verify.Issue{Resource: "Nodes", Expected: "one at least that takes the Pods", Actual: wanted(d),
			Hint: "compare nodeSelector, affinity and tolerations with the node pool: config/node-profiles"})
	}
	for arch, names := range byPlatform(landing) {
		platform, err := imagecheck.ParsePlatform(arch)
		if err == nil && slices.ContainsFunc(image.Platforms, func(p imagecheck.Platform) bool { return p.Runs(platform) }) {
			continue
		}
		v.find(verify.Issue{Resource: "image " + d.Image(), Field: arch, Expected: "an image for " + arch + ", which " + someOf(names) + " run", Actual: platforms(image)})
	}
	slices.SortFunc(v.issues, func(a, b verify.Issue) int { return strings.Compare(a.Field, b.Field) })
}

func nodeSelector(d *Declared) Object {
	return dig.Map(d.Deployment, "spec", "template", "spec", "nodeSelector")
}

// wanted says what no node has.
func wanted(d *Declared) string {
	said := "none has the labels " + labelSelector(nodeSelector(d))
	if dig.Map(affinity(d), "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution") != nil {
		said += ", fits the required node affinity"
	}
	return said + " and has only taints that the Pods tolerate"
}

func affinity(d *Declared) Object {
	return dig.Map(d.Deployment, "spec", "template", "spec", "affinity")
}

// admitted are the nodes whose labels and taints let the Deployment's Pods in.
func admitted(d *Declared, nodes []Object) []Object {
	tolerations := dig.Maps(d.Deployment, "spec", "template", "spec", "tolerations")
	required, err := requirement(d)
	if err != nil {
		return nil // the API server takes no such Pod
	}
	var out []Object
	for _, n := range nodes {
		if fits, err := required.Match(labelled(n)); err != nil || !fits {
			continue
		}
		if !slices.ContainsFunc(dig.Maps(n, "spec", "taints"), func(taint Object) bool { return keepsOut(taint, tolerations) }) {
			out = append(out, n)
		}
	}
	return out
}

// requirement is what the Pods' nodeSelector and required node affinity ask of a node, as the scheduler reads them.
func requirement(d *Declared) (nodeaffinity.RequiredNodeAffinity, error) {
	var typed *corev1.Affinity
	text, err := json.Marshal(affinity(d))
	if err == nil {
		err = json.Unmarshal(text, &typed)
	}
	return nodeaffinity.NewRequiredNodeAffinity(texts(nodeSelector(d)), typed), err
}

// labelled is a node as far as the scheduler's affinity looks at it.
func labelled(n Object) *corev1.Node {
	var node corev1.Node
	node.Name, node.Labels = name(n), texts(dig.Map(n, "metadata", "labels"))
	return &node
}

func texts(m Object) map[string]string {
	out := map[string]string{}
	for key := range m {
		out[key] = dig.Text(m, key)
	}
	return out
}

// keepsOut tells whether a taint keeps Pods away that have these tolerations.
func keepsOut(taint Object, tolerations []Object) bool {
	if effect := dig.Text(taint, "effect"); effect != "NoSchedule" && effect != "NoExecute" {
		return false
	}
	return !slices.ContainsFunc(tolerations, func(t Object) bool {
		key, effect := dig.Text(t, "key"), dig.Text(t, "effect")
		if effect != "" && effect != dig.Text(taint, "effect") {
			return false
		}
		if dig.Text(t, "operator") == "Exists" {
			return key == "" || key == dig.Text(taint, "key")
		}
		return key == dig.Text(taint, "key") && dig.Text(t, "value") == dig.Text(taint, "value")
	})
}

// byPlatform are nodes by os/arch.
func byPlatform(nodes []Object) map[string][]string {
	out := map[string][]string{}
	for _, n := range nodes {
		info := dig.Map(n, "status", "nodeInfo")
		p := orElse(dig.Text(info, "operatingSystem"), "linux") + "/" + orElse(dig.Text(info, "architecture"), dig.Text(n, "metadata", "labels", "kubernetes.io/arch"))
		out[p] = append(out[p], name(n))
	}
	return out
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func platforms(i Image) string {
	var all []string
	for _, p := range i.Platforms {
		all = append(all, p.String())
	}
	said := strings.Join(all, ", ")
	if i.Declared != "" {
		said += ", as the spec says (the registry was not asked: " + oneLine(i.Declared) + ")"
	}
	return orNothing(said)
}

// someOf names three of many.
func someOf(names []string) string {
	slices.Sort(names)
	const most = 3
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
