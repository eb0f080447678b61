package live

import (
	"context"
	"time"

	"github.com/ameideio/ameide/pkg/dig"
)

// Limits of asking Pods: connections to one Pod at once, how long one answer may take (a plugin that does not start
// keeps its callers for five seconds), and how much of it is read.
const (
	podConnections = 4
	answerTime     = 8 * time.Second
	maxBody        = 1 << 20
	maxSnippet     = 300
)

// backend asks the Pods and the public host, and reads logs and events. It returns what puts the answers into a snapshot.
func (r *reader) backend(ctx context.Context) func(*Snapshot) {
	logs := begin(ctx, r.logs)
	trouble := begin(ctx, r.events)
	probes := begin(ctx, r.probes)
	plugins := begin(ctx, r.plugins)
	metrics := begin(ctx, r.metrics)
	health := begin(ctx, func(ctx context.Context) (Answer, error) { return r.public(ctx, r.declared.HealthPath()) })
	page := begin(ctx, func(ctx context.Context) (Answer, error) { return r.public(ctx, "/") })
	login := begin(ctx, r.login)
	image := begin(ctx, r.image)
	return func(s *Snapshot) {
		s.Events, s.Metrics, s.Health, s.Page = trouble.wait(ctx), metrics.wait(ctx), health.wait(ctx), page.wait(ctx)
		s.Login, s.Image = login.wait(ctx), image.wait(ctx)
		s.Logs = r.allLogs(logs.wait(ctx))
		s.Probes = r.allProbes(probes.wait(ctx), s.Pods.Value)
		s.Plugins = r.allPlugins(plugins.wait(ctx))
	}
}

// allLogs is one log that says why, when nothing came at all.
func (r *reader) allLogs(p Part[[]Log]) []Log {
	if p.Err == nil {
		return p.Value
	}
	return []Log{{Pod: name(r.declared.Deployment), Err: p.Err}}
}

func (r *reader) allProbes(p Part[[]PodProbe], seen []Object) []PodProbe {
	if p.Err == nil || len(seen) == 0 {
		return p.Value
	}
	return []PodProbe{{Pod: name(r.declared.Deployment), Liveness: Part[Answer]{Err: p.Err}, Readiness: Part[Answer]{Err: p.Err}}}
}

func (r *reader) allPlugins(p Part[map[string]Part[Answer]]) map[string]Part[Answer] {
	if p.Err == nil {
		return p.Value
	}
	out := map[string]Part[Answer]{}
	for _, id := range r.declared.Plugins() {
		out[id] = Part[Answer]{Err: p.Err}
	}
	return out
}

// mine are the Deployment's Pods.
func (r *reader) mine(ctx context.Context) ([]Object, error) {
	all, err := r.pods.value(ctx, "Pods of "+name(r.declared.Deployment))
	return portalPods(r.declared, all), err
}

// running are those whose container runs.
func (r *reader) running(ctx context.Context) ([]Object, error) {
	mine, err := r.mine(ctx)
	var out []Object
	for _, p := range mine {
		if !started(r.declared, p).IsZero() {
			out = append(out, p)
		}
	}
	return out, err
}

// logs reads the end of what each Pod wrote: of the run before, too, while it is not ready.
func (r *reader) logs(ctx context.Context) ([]Log, error) {
	mine, err := r.mine(ctx)
	if err != nil {
		return nil, err
	}
	container := dig.Text(r.declared.Container(), "name")
	var wanted []Log
	for _, p := range mine {
		status := containerStatus(p, container)
		if dig.Map(status, "state", "running") != nil || dig.Map(status, "state", "terminated") != nil {
			wanted = append(wanted, Log{Pod: name(p), Container: container})
		}
		if !isReady(p) && dig.Number(status, "restartCount") > 0 {
			wanted = append(wanted, Log{Pod: name(p), Container: container, Previous: true})
		}
	}
	wanted = append(wanted, r.hookLogs(ctx)...)
	inParallel(len(wanted), func(i int) {
		l := &wanted[i]
		l.Text, l.Err = r.Cluster.Logs(ctx, r.ns, l.Pod, l.Container, l.Previous)
	})
	return wanted, nil
}

// hookLogs are the logs that tell why the migrations' Job failed; none when one of its Pods did its work.
func (r *reader) hookLogs(ctx context.Context) []Log {
	all, err := r.pods.value(ctx, "Pods")
	if err != nil || r.declared.Job == nil {
		return nil
	}
	job := name(r.declared.Job)
	var wanted []Log
	for _, p := range all {
		if dig.Text(p, "metadata", "labels", "batch.kubernetes.io/job-name") != job {
			continue
		}
		if dig.Text(p, "status", "phase") == "Succeeded" {
			return nil
		}
		for _, c := range failedContainers(p) {
			wanted = append(wanted, Log{Pod: name(p), Container: c, Hook: true})
		}
	}
	return wanted
}

// events reads those of Pods, and only when one is in trouble.
func (r *reader) events(ctx context.Context) ([]Object, error) {
	mine, err := r.mine(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range mine {
		if !isReady(p) || dig.Number(containerStatus(p, dig.Text(r.declared.Container(), "name")), "restartCount") > 0 {
			return r.Cluster.List(ctx, Query{Resource: events(), Namespace: r.ns, Fields: "involvedObject.kind=Pod"})
		}
	}
	return nil, nil
}

func (r *reader) probes(ctx context.Context) ([]PodProbe, error) {
	running, err := r.running(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]PodProbe, len(running))
	inParallel(len(running), func(i int) {
		pod := name(running[i])
		client := r.podClient(pod)
		defer client.CloseIdleConnections()
		out[i] = PodProbe{Pod: pod, Liveness: r.ask(ctx, client, pod, "http", r.declared.ProbePath("livenessProbe"))}
		out[i].Readiness = r.ask(ctx, client, pod, "http", r.declared.ProbePath("readinessProbe"))
	})
	return out, nil
}

// plugins asks every plugin's API on one Pod, a ready one first.
func (r *reader) plugins(ctx context.Context) (map[string]Part[Answer], error) {
	pod, err := r.onePod(ctx)
	if err != nil {
		return nil, err
	}
	client := r.podClient(pod)
	defer client.CloseIdleConnections()
	ids := r.declared.Plugins()
	answers := make([]Part[Answer], len(ids))
	inParallel(len(ids), func(i int) { answers[i] = r.ask(ctx, client, pod, "http", pluginPath(ids[i])) })
	out := map[string]Part[Answer]{}
	for i, id := range ids {
		out[id] = answers[i]
	}
	return out, nil
}

// pluginPath is an address below a plugin's API that nobody may read without a token: mounted, it answers 401. The plugin
// auth is open by nature, so its keys are asked for.
func pluginPath(id string) string {
	if id == "auth" {
		return "/api/auth/.well-known/jwks.json"
	}
	return "/api/" + id + "/ameide-verify"
}

func (r *reader) metrics(ctx context.Context) (Answer, error) {
	if r.declared.Monitor == nil {
		return Answer{}, NotAsked("no ServiceMonitor is declared")
	}
	pod, err := r.onePod(ctx)
	if err != nil {
		return Answer{}, err
	}
	client := r.podClient(pod)
	defer client.CloseIdleConnections()
	endpoint := dig.Map(r.declared.Monitor, "spec", "endpoints", "0")
	p := r.ask(ctx, client, pod, dig.Text(endpoint, "port"), orElse(dig.Text(endpoint, "path"), "/metrics"))
	return p.Value, p.Err
}

// onePod is a running Pod of the portal, a ready one if there is any.
func (r *reader) onePod(ctx context.Context) (string, error) {
	running, err := r.running(ctx)
	if err != nil {
		return "", err
	}
	if len(running) == 0 {
		return "", NotRunning("no Pod of " + name(r.declared.Deployment) + " runs")
	}
	for _, p := range running {
		if isReady(p) {
			return name(p), nil
		}
	}
	return name(running[0]), nil
}
