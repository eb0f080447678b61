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
)

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
