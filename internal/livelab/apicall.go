package livelab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/ameideio/ameide/pkg/dig"
)

// Must calls the API as the administrator; any other answer than 2xx fails the test.
func (a *API) Must(t testing.TB, method, path, contentType string, body any) map[string]any {
	t.Helper()
	answer, status, err := a.call(t.Context(), method, path, contentType, body)
	if err != nil || status >= http.StatusMultipleChoices {
		t.Fatalf("%s %s: %d %v %s", method, path, status, err, answer)
	}
	var out map[string]any
	if len(answer) > 0 && answer[0] == '{' {
		if err := json.Unmarshal(answer, &out); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func (a *API) call(ctx context.Context, method, path, contentType string, body any) ([]byte, int, error) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, 0, err
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, a.URL+path, reader)
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("Authorization", "Bearer "+adminToken)
	request.Header.Set("Content-Type", contentType)
	response, err := a.client.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return answer, response.StatusCode, err
}

// Content types of the Kubernetes API.
const (
	asJSON  = "application/json"
	asMerge = "application/merge-patch+json"
	asApply = "application/apply-patch+yaml"
)

// plural is the resource name of a kind.
func plural(kind string) string {
	lower := strings.ToLower(kind)
	switch {
	case strings.HasSuffix(lower, "y") && !strings.HasSuffix(lower, "ay"):
		return strings.TrimSuffix(lower, "y") + "ies"
	case strings.HasSuffix(lower, "s"):
		return lower + "es"
	}
	return lower + "s"
}

// PathOf is the address of an object, or of its kind when name is empty.
func PathOf(apiVersion, kind, namespace, name string) string {
	path := "/api/" + apiVersion
	if strings.Contains(apiVersion, "/") {
		path = "/apis/" + apiVersion
	}
	if namespace != "" {
		path += "/namespaces/" + namespace
	}
	path += "/" + plural(kind)
	if name != "" {
		path += "/" + name
	}
	return path
}

// Apply makes an object by server-side apply; with dryRun the server only says whether it would.
func (a *API) Apply(ctx context.Context, object map[string]any, namespace string, dryRun bool) error {
	path, err := applyPath(object, namespace)
	if err != nil {
		return err
	}
	query := "?fieldManager=argocd-controller&force=true&fieldValidation=Strict"
	if dryRun {
		query += "&dryRun=All"
	}
	answer, status, err := a.call(ctx, http.MethodPatch, path+query, asApply, object)
	if err != nil {
		return err
	}
	if status >= http.StatusMultipleChoices {
		return fmt.Errorf("%s: %d %s", path, status, answer)
	}
	return nil
}

func applyPath(object map[string]any, namespace string) (string, error) {
	apiVersion, kind, name := dig.Text(object, "apiVersion"), dig.Text(object, "kind"), nameOf(object)
	if apiVersion == "" || kind == "" || name == "" {
		return "", fmt.Errorf("an object without apiVersion, kind or name: %v", object)
	}
	return PathOf(apiVersion, kind, namespace, name), nil
}
