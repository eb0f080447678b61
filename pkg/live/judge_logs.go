package live

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/verify"
)

// judgeLogs finds known incidents.
func judgeLogs(d *Declared, s *Snapshot, v *verdict) {
	if _, ok := need(v, s.Pods, "Pods of "+name(d.Deployment)); !ok {
		return
	}
	for _, l := range s.Logs {
		resource := "Pod/" + l.Pod
		if l.Err != nil {
			v.blind("log of "+resource, l.Err)
			continue
		}
		for _, seen := range sightings(l.Text, readyPod(s, l.Pod)) {
			v.find(verify.Issue{Resource: resource, Field: "log, " + seen.incident.id, Expected: "no known incident", Actual: seen.line,
				Hint: seen.incident.name + ": " + d.fill(seen.incident.wayOut)})
		}
	}
}

// readyPod tells whether a Pod is ready.
func readyPod(s *Snapshot, pod string) bool {
	p := named(s.Pods.Value, pod)
	return p != nil && isReady(p)
}

// logShape counts what a log's lines are.
type logShape struct{ lines, json, traced int }

func (l logShape) add(m logShape) logShape {
	return logShape{l.lines + m.lines, l.json + m.json, l.traced + m.traced}
}

func shapeOf(log string) logShape {
	var out logShape
	for line := range strings.Lines(log) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		out.lines++
		var fields map[string]any
		if json.Unmarshal([]byte(line), &fields) != nil {
			continue
		}
		out.json++
		if fields["trace_id"] != nil || fields["traceId"] != nil {
			out.traced++
		}
	}
	return out
}

// shapeOfLogs is the shape of all logs of the portal that could be read; ok when there are any lines.
func shapeOfLogs(s *Snapshot) (logShape, bool) {
	var sum logShape
	for _, l := range s.Logs {
		if l.Err == nil && !l.Previous && !l.Hook {
			sum = sum.add(shapeOf(l.Text))
		}
	}
	return sum, sum.lines > 0
}

// judgeLogFormat wants most lines to be JSON: Node itself writes some of its own that never are.
func judgeLogFormat(_ *Declared, s *Snapshot, v *verdict) {
	for _, l := range s.Logs {
		if l.Err != nil {
			v.blind("log of Pod/"+l.Pod, l.Err)
			continue
		}
		if shape := shapeOf(l.Text); !l.Previous && !l.Hook && shape.lines > 0 && shape.json*2 < shape.lines {
			v.find(verify.Issue{Resource: "Pod/" + l.Pod, Field: "log", Expected: "JSON lines", Actual: fmt.Sprintf("%d of %d lines are JSON", shape.json, shape.lines)})
		}
	}
}

// incidents are the known incidents that anything seen tells of, each once for each place.
func incidents(d *Declared, s *Snapshot) []verify.Incident {
	out := []verify.Incident{}
	add := func(where, line string, i *incident) {
		for _, known := range out {
			if known.ID == i.id && known.Where == where {
				return
			}
		}
		out = append(out, verify.Incident{ID: i.id, Name: i.name, Where: where, Line: line, WayOut: d.fill(i.wayOut)})
	}
	for _, l := range s.Logs {
		for _, seen := range sightings(l.Text, readyPod(s, l.Pod)) {
			add("log of Pod/"+l.Pod, seen.line, seen.incident)
		}
	}
	for _, said := range statements(d, s) {
		if i := recognize(said.Line); i != nil {
			add(said.Where, said.Line, i)
		}
	}
	return out
}

// statements are what statuses and answers say that is no log.
func statements(d *Declared, s *Snapshot) []verify.Incident {
	var out []verify.Incident
	say := func(where, line string) {
		if line != "" {
			out = append(out, verify.Incident{Where: where, Line: oneLine(line)})
		}
	}
	app := s.Application.Value
	for _, c := range dig.Maps(app, "status", "conditions") {
		say(ref("Application", app), dig.Text(c, "message"))
	}
	if phase := dig.Text(app, "status", "operationState", "phase"); phase == "Failed" || phase == "Error" {
		say(ref("Application", app), dig.Text(app, "status", "operationState", "message")+failedResults(dig.Map(app, "status", "operationState")))
	}
	for _, p := range portalPods(d, s.Pods.Value) {
		say(ref("Pod", p), dig.Text(containerStatus(p, dig.Text(d.Container(), "name")), "state", "waiting", "message"))
	}
	for _, e := range s.ExternalSecrets.Value {
		if c := condition(dig.Maps(e, "status", "conditions"), "Ready"); dig.Text(c, "status") != "True" {
			say(ref("ExternalSecret", e), dig.Text(c, "message"))
		}
	}
	if c := condition(dig.Maps(s.Store.Value, "status", "conditions"), "Ready"); dig.Text(c, "status") != "True" {
		say(ref(dig.Text(s.Store.Value, "kind"), s.Store.Value), dig.Text(c, "message"))
	}
	if s.Login.Value.Authorize != nil {
		say("login", s.Login.Value.Authorize.Error())
	}
	if !accepted(s.Login.Value.Exchange) {
		say("login", s.Login.Value.Exchange) // nothing when nothing was said
	}
	return out
}
