package catalog

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ameideio/ameide/lab"
)

// documents splits a table of testdata into its documents; the comment that begins each says what it shows.
func documents(t *testing.T, name string) (comments, texts []string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	for doc := range strings.SplitSeq(string(data), "\n---\n") {
		comment, _, _ := strings.Cut(doc, "\n")
		comments, texts = append(comments, strings.TrimPrefix(comment, "# ")), append(texts, doc)
	}
	return comments, texts
}

func one(t *testing.T, text string) Entity {
	t.Helper()
	entities, problems := ParseText("catalog.yaml", []byte(text))
	if len(entities) != 1 || len(problems) != 0 {
		t.Fatalf("%s\n%d entities, problems %v", text, len(entities), problems)
	}
	return entities[0]
}

func TestAcceptedEntitiesHaveNoProblem(t *testing.T) {
	comments, texts := documents(t, "accepted.yaml")
	for i, text := range texts {
		if got := Validate(one(t, text)); len(got) != 0 {
			t.Errorf("%s: %+v", comments[i], got)
		}
	}
}

func TestRefusedEntityIsBlamedOnTheFieldThatIsWrong(t *testing.T) {
	comments, texts := documents(t, "refused.yaml")
	for i, text := range texts {
		field, name, _ := strings.Cut(comments[i], " | ")
		got := Validate(one(t, text))
		if len(got) != 1 || got[0].Field != field {
			t.Errorf("%s: got %+v, want one problem of %s", name, got, field)
			continue
		}
		if p := got[0]; p.Line < 2 || p.Line > strings.Count(text, "\n")+1 || p.Message == "" || p.File != "catalog.yaml" {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// TestBackstageItselfAgrees runs Backstage's own validators, of the lab's packages.
func TestBackstageItselfAgrees(t *testing.T) {
	dir, err := lab.PackageDir()
	if err != nil {
		t.Fatal(err)
	}
	modules := filepath.Join(dir, "node_modules")
	for _, name := range []string{"@backstage/catalog-model", "@backstage/plugin-scaffolder-common", "yaml"} {
		if _, err := os.Stat(filepath.Join(modules, filepath.FromSlash(name))); err != nil {
			lab.Missing(t, "the npm package "+name)
		}
	}
	for file, want := range map[string]string{"accepted.yaml": "ok", "refused.yaml": "refused"} {
		cmd := exec.Command("node", filepath.Join("testdata", "oracle.cjs"), filepath.Join("testdata", file))
		cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		verdicts := strings.Split(strings.TrimSpace(string(out)), "\n")
		comments, _ := documents(t, file)
		if len(verdicts) != len(comments) {
			t.Fatalf("%s: %d verdicts for %d documents", file, len(verdicts), len(comments))
		}
		for i, got := range verdicts {
			if !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s: Backstage says %s", file, comments[i], got)
			}
		}
	}
}
