package cmd_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ameideio/ameide/cmd"
)

// verifyRendered runs verify with a file of rendered objects and without a cluster.
func verifyRendered(t *testing.T, objects string, args ...string) (int, string, string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "objects.yaml")
	if err := os.WriteFile(file, []byte(objects), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	env := cmd.Env{In: strings.NewReader(""), Out: &out, Err: &errs, Now: time.Now, Lookup: func(key string) (string, bool) {
		v, ok := map[string]string{"HOME": dir}[key]
		return v, ok
	}}
	all := append([]string{"platform", "backstage", "verify", "--gitops-root", dir, "--rendered", file}, args...)
	return cmd.Execute(t.Context(), env, all), out.String(), errs.String()
}

func TestWhatHelmRenderedIsRefusedWhereItCannotBeUsed(t *testing.T) {
	const deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: portal}\n"
	for _, test := range []struct {
		name, objects string
		args          []string
		code          int
		says          string
	}{
		{"without --live", deployment, []string{"--env", "dev"}, 2, "add --live --env ENV"},
		{"two environments", deployment, []string{"--live", "--env", "dev,staging"}, 2, "name it alone with --env"},
		{"nothing of the portal", "kind: Service\n", []string{"--live", "--env", "dev"}, 2, "renders no Deployment"},
		{"not YAML", "a: [\n", []string{"--live", "--env", "dev"}, 2, "objects.yaml"},
		{"no cluster", deployment, []string{"--live", "--env", "dev"}, 3, "kubeconfig"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, out, errs := verifyRendered(t, test.objects, test.args...)
			if code != test.code || !strings.Contains(errs, test.says) {
				t.Errorf("exit %d, want %d and %q\n%s%s", code, test.code, test.says, out, errs)
			}
		})
	}
}
