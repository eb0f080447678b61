package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
)

// DryRunFile is a file of a dry run: of the template's folder, or written by its steps.
type DryRunFile struct {
	Path    string `json:"path"`
	Content []byte `json:"base64Content"`
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

// DryRun asks the scaffolder to run a template, an entity, with a form's values, and its folder's files. status is that of
// the answer; the text is the scaffolder's refusal when it is not 200.
func (b *Backstage) DryRun(t testing.TB, template any, values map[string]any, folder []DryRunFile) (run DryRun, status int, refusal string) {
	t.Helper()
	body := map[string]any{"template": template, "values": values, "secrets": map[string]string{}, "directoryContents": folder}
	answer, status := b.post(t, "/api/scaffolder/v2/dry-run", body)
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
	r.Header.Set("Authorization", "Bearer "+b.guest(t))
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

// guest is a fresh token of the user that the lab's configuration lets in.
func (b *Backstage) guest(t testing.TB) string {
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
