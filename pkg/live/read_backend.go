package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
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
	container := text(r.declared.Container(), "name")
	var wanted []Log
	for _, p := range mine {
		status := containerStatus(p, container)
		if child(status, "state", "running") != nil || child(status, "state", "terminated") != nil {
			wanted = append(wanted, Log{Pod: name(p), Container: container})
		}
		if !isReady(p) && number(status, "restartCount") > 0 {
			wanted = append(wanted, Log{Pod: name(p), Container: container, Previous: true})
		}
	}
	inParallel(len(wanted), func(i int) {
		l := &wanted[i]
		l.Text, l.Err = r.Cluster.Logs(ctx, r.ns, l.Pod, l.Container, l.Previous)
	})
	return wanted, nil
}

// events reads those of Pods, and only when one is in trouble.
func (r *reader) events(ctx context.Context) ([]Object, error) {
	mine, err := r.mine(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range mine {
		if !isReady(p) || number(containerStatus(p, text(r.declared.Container(), "name")), "restartCount") > 0 {
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
	endpoint := child(r.declared.Monitor, "spec", "endpoints", "0")
	p := r.ask(ctx, client, pod, text(endpoint, "port"), orElse(text(endpoint, "path"), "/metrics"))
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

// podClient speaks HTTP to a Pod through the Kubernetes API.
func (r *reader) podClient(pod string) *http.Client {
	transport := &http.Transport{MaxConnsPerHost: podConnections, DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		number, err := strconv.Atoi(port)
		if err != nil {
			return nil, err
		}
		return r.Cluster.Dial(ctx, r.ns, pod, number)
	}}
	return &http.Client{Transport: transport, Timeout: answerTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// ask gets a path of a named port of a Pod.
func (r *reader) ask(ctx context.Context, client *http.Client, pod, port, path string) Part[Answer] {
	number := r.declared.Port(port)
	if number == 0 {
		return Part[Answer]{Err: fmt.Errorf("the container has no port %s", port)}
	}
	address := "http://" + net.JoinHostPort(pod, strconv.Itoa(number)) + path
	a, err := fetch(ctx, client, address, nil)
	a.Asked = "Pod/" + pod + ":" + strconv.Itoa(number) + path
	return partOf(a, err)
}

// public gets a path of the portal's public host.
func (r *reader) public(ctx context.Context, path string) (Answer, error) {
	if r.declared.Route == nil || path == "" {
		return Answer{}, NotAsked("no HTTPRoute is declared")
	}
	return fetch(ctx, r.publicClient(nil), r.declared.Env.BaseURL()+path, nil)
}

func (r *reader) publicClient(jar http.CookieJar) *http.Client {
	return &http.Client{Transport: r.Public, Timeout: answerTime, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// fetch gets an address and the beginning of its answer.
func fetch(ctx context.Context, client *http.Client, address string, header http.Header) (Answer, error) {
	a, response, err := get(ctx, client, address, header)
	if err != nil {
		return a, err
	}
	a.Status, a.Body = response.status, response.body
	if len(a.Body) > maxSnippet {
		a.Body = strings.ToValidUTF8(a.Body[:maxSnippet], "")
	}
	return a, nil
}

// page is a whole answer.
type page struct {
	status   int
	location string
	body     string
}

func get(ctx context.Context, client *http.Client, address string, header http.Header) (Answer, page, error) {
	shown, _, _ := strings.Cut(address, "?") // a query may carry a code
	a := Answer{Asked: "GET " + shown}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return a, page{}, err
	}
	for key, values := range header {
		request.Header[key] = values
	}
	request.Header.Set("User-Agent", "ameide-verify")
	response, err := client.Do(request)
	if err != nil {
		return a, page{}, fmt.Errorf("%s: %w", a.Asked, withoutURL(err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return a, page{}, fmt.Errorf("%s: %w", a.Asked, err)
	}
	out := page{status: response.StatusCode, body: string(body)}
	if to, err := response.Location(); err == nil {
		out.location = to.String()
	}
	return a, out, nil
}

// withoutURL is the cause inside net/http's error, which repeats the address with its query.
func withoutURL(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// inParallel does n things at once and waits for all.
func inParallel(n int, do func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { do(i) })
	}
	wg.Wait()
}
