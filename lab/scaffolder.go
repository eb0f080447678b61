package lab

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// Scaffolder starts a backend with a database server of its own, and waits until it is ready.
func Scaffolder(t testing.TB) *Backstage {
	t.Helper()
	server := Postgres(t)
	server.Exec(t, "postgres", "CREATE ROLE backstage LOGIN CREATEDB PASSWORD '"+Password+"'")
	b := StartBackstage(t, server, BackstageDatabase{})
	b.AwaitReady(t)
	return b
}

// NunjucksCase is a template and the values that it finds under the name values.
type NunjucksCase struct {
	Template string `json:"template"`
	Values   any    `json:"values"`
}

// NunjucksResult is the rendered text, or what nunjucks said instead.
type NunjucksResult struct {
	Text  string `json:"text"`
	Error string `json:"error"`
}

// Nunjucks renders templates with the nunjucks of Backstage's scaffolder, configured as the scaffolder configures it.
func Nunjucks(t testing.TB, cases []NunjucksCase) []NunjucksResult {
	t.Helper()
	var results []NunjucksResult
	if err := json.Unmarshal(program(t, "nunjucks.js", cases), &results); err != nil {
		t.Fatal(err)
	}
	return results
}

// FetchTemplate runs the scaffolder's real action fetch:template, once for each input, on a template's folder. Unlike a dry
// run it keeps modes and symbolic links.
func FetchTemplate(t testing.TB, template, workspace string, inputs []map[string]any) {
	t.Helper()
	program(t, "fetch.js", map[string]any{"template": template, "workspace": workspace, "inputs": inputs})
}

// program runs a program of the package set on one JSON document and returns its output.
func program(t testing.TB, name string, input any) []byte {
	t.Helper()
	dir := needPackages(t)
	if err := writeProgram(dir, name); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "node", name)
	c.Dir, c.Stdin = dir, bytes.NewReader(text)
	c.Env = append(os.Environ(), "NODE_OPTIONS=--no-node-snapshot")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("node %s: %v\n%s", name, err, stderr.String())
	}
	return out
}
