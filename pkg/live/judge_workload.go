package live

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/verify"
)

// checksumPrefix begins the annotations in which the chart keeps what its Pods were made of.
const checksumPrefix = "checksum/"

func judgeDeployment(d *Declared, s *Snapshot, v *verdict) {
	resource := ref("Deployment", d.Deployment)
	now, ok := need(v, s.Deployment, resource)
	if !ok {
		return
	}
	asDeclared(d, now, resource, v)
	if dig.Number(now, "status", "observedGeneration") < dig.Number(now, "metadata", "generation") {
		v.find(verify.Issue{Resource: resource, Field: "status.observedGeneration", Expected: dig.Text(now, "metadata", "generation"), Actual: orNothing(dig.Text(now, "status", "observedGeneration")),
			Hint: "the Deployment controller has not seen the change yet: is kube-controller-manager running?"})
	}
	conditions := dig.Maps(now, "status", "conditions")
	if c := condition(conditions, "Progressing"); dig.Text(c, "status") == "False" {
		v.find(verify.Issue{Resource: resource, Field: "status.conditions.Progressing", Expected: "True", Actual: said(c)})
	}
	if c := condition(conditions, "ReplicaFailure"); dig.Text(c, "status") == "True" {
		v.find(known(verify.Issue{Resource: resource, Field: "status.conditions.ReplicaFailure", Expected: "no failure", Actual: said(c)}))
	}
	replicas(now, resource, v)
	overlap(d, s, resource, v)
}

// asDeclared compares what decides how the portal runs.
func asDeclared(d *Declared, now Object, resource string, v *verdict) {
	container := []string{"spec", "template", "spec", "containers", "0"}
	v.differs(resource, "image", d.Image(), dig.Text(now, append(container, "image")...))
	v.differs(resource, "spec.strategy.type", dig.Text(d.Deployment, "spec", "strategy", "type"), dig.Text(now, "spec", "strategy", "type"))
	surge := []string{"spec", "strategy", "rollingUpdate", "maxSurge"}
	if declared, running := dig.Text(d.Deployment, surge...), dig.Text(now, surge...); declared != running {
		v.find(verify.Issue{Resource: resource, Field: strings.Join(surge, "."), Expected: orNothing(declared), Actual: orNothing(running),
			Hint: "an old and a new Pod would run and migrate at once: let Argo CD put maxSurge back"})
	}
	if dig.At(d.Deployment, "spec", "replicas") != nil {
		v.differs(resource, "spec.replicas", dig.Text(d.Deployment, "spec", "replicas"), dig.Text(now, "spec", "replicas"))
	}
	annotations := dig.Map(d.Deployment, "spec", "template", "metadata", "annotations")
	for _, key := range sortedKeys(annotations) {
		if strings.HasPrefix(key, checksumPrefix) {
			v.differs(resource, key, short(dig.Text(annotations, key)), short(dig.Text(now, "spec", "template", "metadata", "annotations", key)))
		}
	}
	for _, env := range dig.Maps(d.Container(), "env") {
		if want := dig.Map(env, "valueFrom", "secretKeyRef"); want != nil {
			variable := "env " + dig.Text(env, "name")
			v.differs(resource, variable, secretRef(want), secretRef(dig.Map(envVar(now, dig.Text(env, "name")), "valueFrom", "secretKeyRef")))
		}
	}
}

// envVar is a variable of the Deployment's first container.
func envVar(deployment Object, variable string) Object {
	for _, e := range dig.Maps(deployment, "spec", "template", "spec", "containers", "0", "env") {
		if dig.Text(e, "name") == variable {
			return e
		}
	}
	return nil
}

func secretRef(r Object) string {
	if r == nil {
		return ""
	}
	return "Secret " + dig.Text(r, "name") + ", key " + dig.Text(r, "key")
}

// short keeps a checksum readable.
func short(sum string) string {
	const enough = 12
	if len(sum) > enough {
		return sum[:enough]
	}
	return sum
}

func replicas(now Object, resource string, v *verdict) {
	want, ready, updated := dig.Number(now, "spec", "replicas"), dig.Number(now, "status", "readyReplicas"), dig.Number(now, "status", "updatedReplicas")
	if updated < want {
		v.find(verify.Issue{Resource: resource, Field: "status.updatedReplicas", Expected: fmt.Sprint(want), Actual: fmt.Sprint(updated)})
	}
	if ready < want {
		v.find(verify.Issue{Resource: resource, Field: "status.readyReplicas", Expected: fmt.Sprint(want), Actual: fmt.Sprint(ready)})
	}
}

// overlap finds Pods of several revisions that run at once: each migrates when it starts, and they lock each other out.
func overlap(d *Declared, s *Snapshot, resource string, v *verdict) {
	if !s.Pods.Seen() {
		return // live/pods says why
	}
	var revisions, pods []string
	for _, p := range portalPods(d, s.Pods.Value) {
		if hash(p) == "" {
			continue
		}
		pods = append(pods, name(p))
		if !slices.Contains(revisions, hash(p)) {
			revisions = append(revisions, hash(p))
		}
	}
	if len(revisions) > 1 {
		slices.Sort(pods)
		v.find(verify.Issue{Resource: resource, Field: "overlapping rollout", Expected: "Pods of one revision", Actual: fmt.Sprintf("%d revisions at once: %s", len(revisions), strings.Join(pods, ", ")),
			Hint: "set maxSurge 0 (strategy) and let the old Pod end first; then look at live/migrations for a lock that they left"})
	}
}

func judgePods(d *Declared, s *Snapshot, v *verdict) {
	pods, ok := need(v, s.Pods, "Pods of "+name(d.Deployment))
	if !ok {
		return
	}
	mine := portalPods(d, pods)
	if len(mine) == 0 && dig.Text(d.Deployment, "spec", "replicas") != "0" {
		v.find(verify.Issue{Resource: "Pods of " + name(d.Deployment), Expected: "one at least", Actual: "none",
			Hint: "see the Deployment's and the ReplicaSet's events: a quota, an admission webhook or a missing ServiceAccount"})
	}
	for _, p := range mine {
		podState(d, s, p, v)
		podImage(d, s, p, v)
	}
}

// podState says why a Pod is not ready.
func podState(d *Declared, s *Snapshot, p Object, v *verdict) {
	if isReady(p) {
		return
	}
	resource := ref("Pod", p)
	status := containerStatus(p, dig.Text(d.Container(), "name"))
	switch waiting := dig.Map(status, "state", "waiting"); {
	case status == nil:
		c := condition(dig.Maps(p, "status", "conditions"), "PodScheduled")
		v.find(known(verify.Issue{Resource: resource, Field: "status.phase", Expected: "Running", Actual: orNothing(dig.Text(p, "status", "phase")) + ", " + said(c)}))
	case waiting != nil && lastEnd(status) == nil && initProblem(p) != nil:
		v.find(initIssue(resource, p))
	case waiting != nil && lastEnd(status) != nil:
		how := v.ending(lastEnd(status), p, s)
		v.find(verify.Issue{Resource: resource, Field: dig.Text(waiting, "reason"), Expected: "running and ready", Actual: how, Hint: endingHint(how)})
	case waiting != nil:
		v.find(known(verify.Issue{Resource: resource, Field: dig.Text(waiting, "reason"), Expected: "running and ready", Actual: orNothing(oneLine(dig.Text(waiting, "message")))}))
	case dig.Map(status, "state", "terminated") != nil:
		how := v.ending(lastEnd(status), p, s)
		v.find(verify.Issue{Resource: resource, Field: "status", Expected: "running and ready", Actual: how, Hint: endingHint(how)})
	default:
		v.find(verify.Issue{Resource: resource, Field: "ready", Expected: "true", Actual: "false: " + said(condition(dig.Maps(p, "status", "conditions"), "ContainersReady"))})
	}
}

// initIssue says which init container keeps a Pod from starting, and why.
func initIssue(resource string, pod Object) verify.Issue {
	c := initProblem(pod)
	i := verify.Issue{Resource: resource, Field: "init container " + dig.Text(c, "name"), Expected: "it ends with exit code 0"}
	waiting, end := dig.Map(c, "state", "waiting"), lastEnd(c)
	switch {
	case end != nil:
		i.Actual = ending(end, pod, nil)
	case waiting != nil:
		i.Actual = strings.TrimSuffix(dig.Text(waiting, "reason")+": "+oneLine(dig.Text(waiting, "message")), ": ")
	default:
		i.Actual = "it still runs"
	}
	i = known(i)
	if i.Hint == "" {
		i.Hint = "see its log: kubectl logs " + name(pod) + " -c " + dig.Text(c, "name")
	}
	return i
}

// ending is how a run ended. Who killed a container is in its events alone, so that they must have been seen.
func (v *verdict) ending(end, pod Object, s *Snapshot) string {
	if s.Events.Err != nil && dig.Text(end, "exitCode") == "137" && dig.Text(end, "reason") != "OOMKilled" {
		v.blind("Events of "+ref("Pod", pod), s.Events.Err)
		return "exit code 137: killed, not for memory; by whom, its events would tell"
	}
	return ending(end, pod, s.Events.Value)
}

// podImage compares the image that the kubelet runs: by digest where Git pins one, else by name.
func podImage(d *Declared, s *Snapshot, p Object, v *verdict) {
	resource, container := ref("Pod", p), dig.Text(d.Container(), "name")
	for _, c := range dig.Maps(p, "spec", "containers") {
		if dig.Text(c, "name") == container {
			v.differs(resource, "image", d.Image(), dig.Text(c, "image"))
		}
	}
	running := digest(dig.Text(containerStatus(p, container), "imageID"))
	want := digest(d.Image())
	if running == "" || want == "" || running == want {
		return
	}
	// Some runtimes report the digest of the node's own image, which is one of the index's.
	if s.Image.Seen() && slices.Contains(s.Image.Value.Digests, want) && slices.Contains(s.Image.Value.Digests, running) {
		return
	}
	if !s.Image.Seen() || s.Image.Value.Declared != "" { // without the registry nobody knows what the index has
		v.blind(resource+" imageID "+running, errors.New("whether "+want+" has it, only its registry tells"))
		return
	}
	v.find(verify.Issue{Resource: resource, Field: "imageID", Expected: want, Actual: running, Hint: "the node runs another image under this name: delete the Pod, and pin the digest of the index"})
}

func judgeRestarts(d *Declared, s *Snapshot, v *verdict) {
	pods, ok := need(v, s.Pods, "Pods of "+name(d.Deployment))
	if !ok {
		return
	}
	for _, p := range endedPods(d, pods) {
		v.find(verify.Issue{Resource: ref("Pod", p), Field: "status.phase", Expected: "Running", Actual: strings.TrimSuffix(dig.Text(p, "status", "phase")+": "+dig.Text(p, "status", "reason")+": "+oneLine(dig.Text(p, "status", "message")), ": "),
			Hint: "another one has taken its place; see the node's pressure if it was evicted, and delete it"})
	}
	for _, p := range portalPods(d, pods) {
		status := containerStatus(p, dig.Text(d.Container(), "name"))
		if n := dig.Number(status, "restartCount"); n > 0 {
			how := "the last end is not known"
			if end := dig.Map(status, "lastState", "terminated"); end != nil {
				how = v.ending(end, p, s)
			}
			v.find(verify.Issue{Resource: ref("Pod", p), Field: "restartCount", Expected: "0", Actual: fmt.Sprintf("%d, the last with %s", n, how), Hint: endingHint(how)})
		}
	}
}
