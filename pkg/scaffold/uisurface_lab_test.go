package scaffold_test

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/scaffold"
)

// junit is what vitest and Playwright write.
type junit struct {
	Suites []struct {
		Cases []struct {
			Name    string     `xml:"name,attr"`
			Failure *junitText `xml:"failure"`
			Error   *junitText `xml:"error"` // Playwright's word for what is no failed expectation
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

type junitText struct {
	Text string `xml:",chardata"`
}

// failures are what each failed test of a report said.
func (p *project) failures(report string) map[string]string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, report))
	if err != nil {
		p.t.Fatal(err)
	}
	var j junit
	if err := xml.Unmarshal(text, &j); err != nil {
		p.t.Fatal(err)
	}
	failed := map[string]string{}
	for _, s := range j.Suites {
		for _, c := range s.Cases {
			for _, said := range []*junitText{c.Failure, c.Error} {
				if said != nil {
					failed[c.Name] = said.Text
				}
			}
		}
	}
	return failed
}

func TestASurfaceWaitsForItsPageAndForNothingElse(t *testing.T) {
	lab.Slow(t)
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		lab.Missing(t, "chromium")
	}
	p := newProject(t, scaffold.UISurface, scaffold.TypeScript, "order-intake")
	p.env = []string{"NEXT_TELEMETRY_DISABLED=1", "CHROMIUM=" + chromium, "JUNIT_PATH=e2e.xml"}
	p.must("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	p.must("npm", "run", "typecheck")
	if _, err := p.run("npx", "vitest", "run", "--reporter=junit", "--outputFile=unit.xml"); err == nil {
		t.Error("every unit test passes: nothing waits for the business logic")
	}
	onlyMarked(t, p.failures("unit.xml"))

	p.must("npm", "run", "build")
	out, err := p.run("npx", "playwright", "test")
	if err == nil {
		t.Error("every end-to-end test passes: nothing waits for the business logic")
	}
	failed := p.failures("e2e.xml")
	if onlyMarked(t, failed); len(failed) == 0 {
		t.Logf("playwright: %v\n%s", err, out)
	}

	const unwritten = "    throw new NotImplemented(`nobody has written what ${\"Order Intake\"} shows`);"
	p.replace("src/lib/api.ts", unwritten, "    return this.get<Overview>('/orders');")
	p.replace("tests/e2e/issuer.mjs", "const answers = {", "const answers = {\n  '/api/orders': () => ({ items: [{ id: '1', title: 'One' }] }),")
	p.must("npm", "test")
	p.must("npm", "run", "build")
	out = p.must("npx", "playwright", "test")
	if !strings.Contains(out, "3 passed") {
		t.Errorf("not every page was seen in a browser:\n%s", out)
	}
}
