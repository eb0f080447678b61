package live

import (
	"slices"
	"strings"
	"time"

	"github.com/ameideio/ameide/pkg/dig"
)

// portalPods are the Deployment's Pods among those of the release. Left out are the ones that are being deleted, and the
// ones that have ended: a Deployment starts another one for each that was evicted, and Kubernetes keeps the old ones.
func portalPods(d *Declared, pods []Object) []Object {
	return slices.DeleteFunc(ofDeployment(d, pods), ended)
}

// endedPods are the Deployment's Pods that were evicted, preempted or lost with their node.
func endedPods(d *Declared, pods []Object) []Object {
	return slices.DeleteFunc(ofDeployment(d, pods), func(p Object) bool { return !ended(p) })
}

func ofDeployment(d *Declared, pods []Object) []Object {
	var out []Object
	for _, p := range pods {
		if selects(d.Selector(), dig.Map(p, "metadata", "labels")) && dig.Text(p, "metadata", "deletionTimestamp") == "" {
			out = append(out, p)
		}
	}
	return out
}

func ended(pod Object) bool {
	phase := dig.Text(pod, "status", "phase")
	return phase == "Failed" || phase == "Succeeded"
}

// initProblem is the first init container that does not end well; nil when none is in the way.
func initProblem(pod Object) Object {
	for _, c := range dig.Maps(pod, "status", "initContainerStatuses") {
		code := dig.Text(c, "state", "terminated", "exitCode")
		if code == "0" || dig.Text(c, "started") == "true" && dig.Text(c, "ready") == "true" { // a sidecar
			continue
		}
		return c
	}
	return nil
}

// containerStatus is the status of a container of a Pod; nil when the kubelet has said nothing.
func containerStatus(pod Object, container string) Object {
	for _, c := range dig.Maps(pod, "status", "containerStatuses") {
		if dig.Text(c, "name") == container {
			return c
		}
	}
	return nil
}

// failedContainers are the containers of a Pod that ended with another exit code than 0.
func failedContainers(pod Object) []string {
	var out []string
	for _, c := range slices.Concat(dig.Maps(pod, "status", "initContainerStatuses"), dig.Maps(pod, "status", "containerStatuses")) {
		if end := dig.Map(c, "state", "terminated"); end != nil && dig.Text(end, "exitCode") != "0" {
			out = append(out, dig.Text(c, "name"))
		}
	}
	return out
}

// isReady tells whether a Pod's condition Ready holds.
func isReady(pod Object) bool {
	return dig.Text(condition(dig.Maps(pod, "status", "conditions"), "Ready"), "status") == "True"
}

// lastEnd is how the container's last run ended; nil when it has had only one.
func lastEnd(status Object) Object {
	if end := dig.Map(status, "state", "terminated"); end != nil {
		return end
	}
	return dig.Map(status, "lastState", "terminated")
}

// ending tells how a run ended, and 137 twice: the kernel kills for memory, and the kubelet after a probe.
func ending(end Object, pod Object, events []Object) string {
	code, reason := dig.Text(end, "exitCode"), dig.Text(end, "reason")
	switch {
	case reason == "OOMKilled":
		return "exit code " + code + ": killed because it used more memory than its limit (OOMKilled)"
	case code == "137":
		return "exit code 137: " + killer(pod, events)
	case code == "143":
		return "exit code 143: it was asked to stop (SIGTERM) and did"
	case code == "139":
		return "exit code 139: it crashed (SIGSEGV)"
	}
	return strings.TrimSuffix("exit code "+code+": "+reason, ": ")
}

// killer is who killed a container that was not out of memory: its events tell, for an hour.
func killer(pod Object, events []Object) string {
	probe := ""
	for _, e := range events {
		if dig.Text(e, "involvedObject", "name") != name(pod) {
			continue
		}
		message := dig.Text(e, "message")
		if dig.Text(e, "reason") == "Killing" && strings.Contains(message, "probe") {
			return "killed by the kubelet: " + oneLine(message)
		}
		if dig.Text(e, "reason") == "Unhealthy" && (strings.HasPrefix(message, "Liveness") || strings.HasPrefix(message, "Startup")) {
			probe = oneLine(message)
		}
	}
	if probe != "" {
		return "killed by the kubelet after a probe failed: " + probe
	}
	return "killed from outside, not for memory; no event names a probe (they live for an hour)"
}

// endingHint is what to do about how a container ended.
func endingHint(how string) string {
	switch {
	case strings.Contains(how, "OOMKilled"):
		return "raise resources.limits.memory, or look for what grows; under emulation (see live/nodes) memory doubles"
	case strings.Contains(how, "iveness probe"):
		return "the process does not answer: see live/nodes for emulation, and the CPU limit; raise probes.liveness.timeoutSeconds"
	case strings.Contains(how, "tartup probe"):
		return "it was not ready within the startup budget: a long migration needs more (probes.startup.failureThreshold), an error does not; see live/logs"
	}
	return ""
}

// started is when the main container's current run began; zero when it does not run.
func started(d *Declared, pod Object) time.Time {
	return moment(containerStatus(pod, dig.Text(d.Container(), "name")), "state", "running", "startedAt")
}

// hash is the revision that a Pod belongs to.
func hash(pod Object) string { return dig.Text(pod, "metadata", "labels", "pod-template-hash") }
