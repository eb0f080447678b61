package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"testing"

	"go.yaml.in/yaml/v3"
)

// DryRunFile is a file of a dry run: of the template's folder, or written by its steps.
type DryRunFile struct {
	Path    string `json:"path"`
	Content []byte `json:"base64Content"`
}

// DryRunOrder asks for one run of a template.
type DryRunOrder struct {
	Template map[string]any    `json:"template"` // the entity
	Values   map[string]any    `json:"values"`   // the form, filled in
	Secrets  map[string]string `json:"secrets"`
	Folder   []DryRunFile      `json:"directoryContents"` // of the template
}

// DryRunPath is where the backend takes an order, as JSON.
const DryRunPath = "/api/scaffolder/v2/dry-run"

// NewDryRun is the order of the template that a folder has as template.yaml.
func NewDryRun(folder fs.FS, values map[string]any) (DryRunOrder, error) {
	order := DryRunOrder{Values: values, Secrets: map[string]string{}}
	err := fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(folder, name)
		order.Folder = append(order.Folder, DryRunFile{name, text})
		return err
	})
	if err != nil {
		return order, err
	}
	text, err := fs.ReadFile(folder, "template.yaml")
	if err != nil {
		return order, err
	}
	return order, yaml.Unmarshal(text, &order.Template)
}

// DryRun is a scaffolder's answer.
type DryRun struct {
	Files  []DryRunFile   `json:"directoryContents"`
	Output map[string]any `json:"output"`
	Log    []struct {
		Body struct {
			Message string `json:"message"`
			StepID  string `json:"stepId"`
			Status  string `json:"status"`
		} `json:"body"`
	} `json:"log"`
}

// DryRun has the scaffolder run an order. status is that of the answer; the text is the scaffolder's refusal when it is not 200.
func (b *Backstage) DryRun(t testing.TB, order DryRunOrder) (run DryRun, status int, refusal string) {
	t.Helper()
	answer, status := b.post(t, DryRunPath, order)
	if status != http.StatusOK {
		return DryRun{}, status, string(answer)
	}
	if err := json.Unmarshal(answer, &run); err != nil {
		t.Fatal(err)
	}
	return run, status, ""
}

// post sends JSON as the guest.
func (b *Backstage) post(t testing.TB, path string, body any) ([]byte, int) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+b.GuestToken(t))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, resp.StatusCode
}

// GuestToken is a fresh one of the user that the lab's configuration lets in; it holds for an hour.
func (b *Backstage) GuestToken(t testing.TB) string {
	t.Helper()
	resp, err := http.Post(b.url+"/api/auth/guest/refresh", "application/json", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var session struct {
		BackstageIdentity struct {
			Token string `json:"token"`
		} `json:"backstageIdentity"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&session); err != nil || session.BackstageIdentity.Token == "" {
		t.Fatal(fmt.Errorf("guest session: status %s: %w", resp.Status, err))
	}
	return session.BackstageIdentity.Token
}
