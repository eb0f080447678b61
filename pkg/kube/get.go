package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/util/json"
)

// Bounds of an answer and of trying again.
const (
	maxAnswer = 64 << 20
	maxLog    = 1 << 20
	logLines  = 400
	pageSize  = 500
	attempts  = 10
	firstWait = 200 * time.Millisecond
	longest   = 2 * time.Second
	handshake = 10 * time.Second // of a port-forward; net/http gives TLS as long
)

// Get reads an object; ErrMissing when the API server knows no such object.
func (c *Client) Get(ctx context.Context, r Resource, namespace, name string) (map[string]any, error) {
	var out map[string]any
	err := c.ask(ctx, request{verb: "get", resource: r, namespace: namespace, name: name}, &out)
	return out, err
}

// List lists objects, page by page.
func (c *Client) List(ctx context.Context, q Query) ([]map[string]any, error) {
	var all []map[string]any
	next := ""
	for {
		query := url.Values{"limit": {strconv.Itoa(pageSize)}}
		for key, value := range map[string]string{"labelSelector": q.Labels, "fieldSelector": q.Fields, "continue": next} {
			if value != "" {
				query.Set(key, value)
			}
		}
		var page struct {
			Metadata struct {
				Continue string `json:"continue"`
			} `json:"metadata"`
			Items []map[string]any `json:"items"`
		}
		if err := c.ask(ctx, request{verb: "list", resource: q.Resource, namespace: q.Namespace, query: query}, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if next = page.Metadata.Continue; next == "" {
			return all, nil
		}
	}
}

// Logs is the end of what a container wrote, in this run or in the one before.
func (c *Client) Logs(ctx context.Context, namespace, pod, container string, previous bool) (string, error) {
	query := url.Values{"container": {container}, "tailLines": {strconv.Itoa(logLines)}, "limitBytes": {strconv.Itoa(maxLog)}}
	if previous {
		query.Set("previous", "true")
	}
	r := request{verb: "get", resource: Resource{Version: "v1", Name: "pods"}, namespace: namespace, name: pod, sub: "log", query: query}
	response, err := c.send(ctx, r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxLog))
	if err != nil {
		return "", fmt.Errorf("read the log of pod %s: %w", pod, err)
	}
	return string(text), nil
}

// request is one request to the API: a read, or a change that may be made twice.
type request struct {
	verb      string // as RBAC calls it
	resource  Resource
	namespace string
	name      string
	sub       string // subresource
	query     url.Values
	body      any // of a change
}

// method is HTTP's for a verb of RBAC, and the type of its body.
func (r request) method() (method, contentType string) {
	switch r.verb {
	case "create":
		return http.MethodPost, "application/json"
	case "patch":
		return http.MethodPatch, "application/merge-patch+json"
	}
	return http.MethodGet, ""
}

func (r request) path() string {
	path := "/api/" + r.resource.Version
	if r.resource.Group != "" {
		path = "/apis/" + r.resource.Group + "/" + r.resource.Version
	}
	if r.namespace != "" {
		path += "/namespaces/" + url.PathEscape(r.namespace)
	}
	path += "/" + r.resource.Name
	if r.name != "" {
		path += "/" + url.PathEscape(r.name)
	}
	if r.sub != "" {
		path += "/" + r.sub
	}
	return path
}

func (c *Client) ask(ctx context.Context, r request, out any) error {
	response, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%s %s: %w", r.verb, r.path(), err)
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%s %s: %w", r.verb, r.path(), err)
	}
	return nil
}

// send asks until there is an answer that trying again would not change.
func (c *Client) send(ctx context.Context, r request) (*http.Response, error) {
	response, err := repeat(ctx, c.sleep, func() (*http.Response, error) { return c.once(ctx, r) })
	var failed *Error
	if errors.As(err, &failed) {
		return nil, failed.known()
	}
	return response, err
}

// repeat asks until trying again would change nothing. A server that restarts refuses connections for a while, and one
// that has too much to do says 429.
func repeat[T any](ctx context.Context, sleep func(time.Duration) <-chan time.Time, ask func() (T, error)) (T, error) {
	wait := firstWait
	for try := 1; ; try++ {
		answer, err := ask()
		var failed *Error
		if !errors.As(err, &failed) || !failed.temporary() || try == attempts || ctx.Err() != nil {
			return answer, err
		}
		select {
		case <-sleep(max(wait, min(failed.retryAfter, longest))):
		case <-ctx.Done():
			return answer, err
		}
		wait = min(2*wait, longest)
	}
}

// once asks; a refusal is an Error.
func (c *Client) once(ctx context.Context, r request) (*http.Response, error) {
	address := c.base + r.path()
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	var body io.Reader
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	method, contentType := r.method()
	h, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		h.Header.Set("Content-Type", contentType)
	}
	if r.sub != "log" {
		h.Header.Set("Accept", "application/json")
	}
	response, err := c.http.Do(h)
	if err != nil || response.StatusCode >= http.StatusBadRequest {
		return nil, newError(r, response, err)
	}
	return response, nil
}
