package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"github.com/muesli/termenv"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/ameideio/ameide/pkg/report"
	"github.com/ameideio/ameide/pkg/verify"
)

func options() report.Options {
	return report.Options{FS: tree(), Rules: rules(), PathPrefix: "deploy/git ops", Build: "1.2.3"}
}

func colour() *lipgloss.Renderer {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.ANSI)
	return r
}

func render(t *testing.T, f report.Format, r verify.Report, o report.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, f, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFormatsMatchTheGoldenFiles(t *testing.T) {
	verbose, strict, terminal := options(), options(), options()
	verbose.Verbose = true
	strict.Strict = true
	terminal.Renderer, terminal.Width = colour(), 72
	for _, test := range []struct {
		file   string
		format report.Format
		opts   report.Options
		report verify.Report
	}{
		{"text.txt", report.FormatText, options(), sample()},
		{"text-verbose.txt", report.FormatText, verbose, sample()},
		{"text-terminal.ansi", report.FormatText, terminal, sample()},
		{"text-clean.txt", report.FormatText, options(), passed()},
		{"report.json", report.FormatJSON, options(), sample()},
		{"junit.xml", report.FormatJUnit, options(), sample()},
		{"junit-strict.xml", report.FormatJUnit, strict, sample()},
		{"report.sarif", report.FormatSARIF, options(), sample()},
		{"github.txt", report.FormatGitHub, options(), sample()},
	} {
		t.Run(test.file, func(t *testing.T) {
			golden(t, filepath.Join("testdata", "golden", test.file), render(t, test.format, test.report, test.opts))
		})
	}
}

// passed is the sample without what fails, warns or is skipped.
func passed() verify.Report {
	r := sample()
	r.Summary = "pass"
	r.NextSteps = nil
	var checks []verify.Check
	for _, c := range r.Checks {
		if c.Status == verify.Pass {
			checks = append(checks, c)
		}
	}
	r.Checks = checks
	return r
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; make golden updates it):\n%s", file, diff)
	}
}

func TestNoFormatPrintsTheSecretOfAnOffendingLine(t *testing.T) {
	r := sample()
	r.Checks = append(r.Checks, verify.Check{Rule: "chart/schema", Status: verify.Fail, Severity: verify.Error, Message: "bad", Issues: []verify.Issue{
		{File: "sources/values/_shared/platform/backstage.yaml", Line: 4},
		{File: "sources/values/_shared/platform/backstage.yaml", Line: 5},
	}})
	for _, f := range report.Formats() {
		if out := render(t, f, r, options()); strings.Contains(out, "hunter") {
			t.Errorf("%s shows the secret:\n%s", f, out)
		}
	}
}

func TestColourAddsNothingButColour(t *testing.T) {
	o := options()
	plain := render(t, report.FormatText, sample(), o)
	o.Renderer = colour()
	coloured := render(t, report.FormatText, sample(), o)
	if coloured == plain {
		t.Error("a renderer with colours makes no difference")
	}
	if diff := cmp.Diff(plain, ansi.Strip(coloured)); diff != "" {
		t.Errorf("without its colours (-plain +coloured):\n%s", diff)
	}
}

func TestTextIsWrappedBetweenWordsUnderItsBeginning(t *testing.T) {
	r := verify.Report{Checks: []verify.Check{{Rule: "a/b", Status: verify.Fail, Message: "short",
		Issues: []verify.Issue{{Hint: "run `ameide platform backstage generate --gitops-root /srv/checkout` and look at https://example.com/a-very-long-path"}}}}}
	out := render(t, report.FormatText, r, report.Options{Width: 60})
	want := "        hint      run `ameide platform backstage generate\n" +
		"                  --gitops-root /srv/checkout` and look at\n" +
		"                  https://example.com/a-very-long-path\n"
	if !strings.Contains(out, want) {
		t.Errorf("got:\n%s\nwant:\n%s", out, want)
	}
}

func TestTextIsSafeForATerminal(t *testing.T) {
	r := verify.Report{Checks: []verify.Check{{Rule: "a/b", Status: verify.Fail, Message: "x\x1b]0;title\a", Issues: []verify.Issue{
		{File: "sources/charts/platform/backstage/templates/deployment.yaml", Line: 1, Actual: "\x1b[31mred\u202e", Hint: "a\rb"},
	}}}}
	out := render(t, report.FormatText, r, options())
	if i := strings.IndexAny(out, "\x1b\a\r\u202e"); i >= 0 {
		t.Errorf("control character at byte %d:\n%q", i, out)
	}
	if !strings.Contains(out, "1 | a: �[31mred\n") {
		t.Errorf("offending line not shown:\n%s", out)
	}
}

func TestTextShowsALongLineAroundItsFault(t *testing.T) {
	line := "a: " + strings.Repeat("x", 500) + "WRONG" + strings.Repeat("y", 500)
	o := report.Options{FS: fstest.MapFS{"f": {Data: []byte(line)}}}
	out := render(t, report.FormatText, verify.Report{Checks: []verify.Check{{Rule: "a/b", Status: verify.Fail, Issues: []verify.Issue{{File: "f", Line: 1, Actual: "WRONG"}}}}}, o)
	lines := strings.Split(out, "\n")
	for i, l := range lines {
		if at := strings.Index(l, "WRONG"); at >= 0 && strings.Contains(l, "1 |") {
			runes := len([]rune(l[:at]))
			if got, want := lines[i+1][strings.IndexByte(lines[i+1], '^'):], "^^^^^"; got != want {
				t.Errorf("mark = %q, want %q", got, want)
			}
			if got := strings.IndexByte(lines[i+1], '^'); got != runes {
				t.Errorf("mark at column %d, fault at %d:\n%s", got, runes, out)
			}
			return
		}
	}
	t.Errorf("fault not shown:\n%s", out)
}

func TestTextLimitsTheIssuesOfACheck(t *testing.T) {
	c := verify.Check{Rule: "a/b", Status: verify.Fail}
	for range 14 {
		c.Issues = append(c.Issues, verify.Issue{Resource: "Pod/x"})
	}
	r := verify.Report{Checks: []verify.Check{c}}
	if got := render(t, report.FormatText, r, report.Options{}); strings.Count(got, "Pod/x") != 10 || !strings.Contains(got, "and 4 more") {
		t.Errorf("short text:\n%s", got)
	}
	if got := render(t, report.FormatText, r, report.Options{Verbose: true}); strings.Count(got, "Pod/x") != 14 {
		t.Errorf("verbose text:\n%s", got)
	}
}

func TestTextWithoutSourcesStillNamesThePlace(t *testing.T) {
	for name, fsys := range map[string]fstest.MapFS{"no file": {}, "short file": {realmFile: {Data: []byte("x\n")}}} {
		out := render(t, report.FormatText, sample(), report.Options{FS: fsys})
		if !strings.Contains(out, realmFile+":5\n") {
			t.Errorf("%s: place missing:\n%s", name, out)
		}
	}
}

func TestSARIFIsValid(t *testing.T) {
	c := jsonschema.NewCompiler()
	schema, err := c.Compile(filepath.Join("testdata", "sarif-schema-2.1.0.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]verify.Report{"sample": sample(), "empty": {}} {
		var doc any
		if err := json.Unmarshal([]byte(render(t, report.FormatSARIF, r, options())), &doc); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSARIFFingerprintsSurviveAMovedLine(t *testing.T) {
	prints := func(line int) any {
		r := sample()
		r.Checks[2].Issues[0].Line = line
		var doc struct {
			Runs []struct {
				Results []struct{ PartialFingerprints map[string]string }
			}
		}
		if err := json.Unmarshal([]byte(render(t, report.FormatSARIF, r, options())), &doc); err != nil {
			t.Fatal(err)
		}
		return doc.Runs[0].Results
	}
	if diff := cmp.Diff(prints(5), prints(50)); diff != "" {
		t.Error(diff)
	}
}

func TestJSONHasNoNullLists(t *testing.T) {
	got := render(t, report.FormatJSON, verify.Report{Summary: "pass"}, report.Options{})
	want := "{\n  \"summary\": \"pass\",\n  \"checks\": [],\n  \"next_steps\": []\n}\n"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestJUnitCountsAgreeWithItsCases(t *testing.T) {
	var doc struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Skipped  int `xml:"skipped,attr"`
		Cases    []struct {
			Failure *struct{} `xml:"failure"`
			Skipped *struct{} `xml:"skipped"`
		} `xml:"testsuite>testcase"`
	}
	if err := xml.Unmarshal([]byte(render(t, report.FormatJUnit, sample(), options())), &doc); err != nil {
		t.Fatal(err)
	}
	var failures, skipped int
	for _, c := range doc.Cases {
		if c.Failure != nil {
			failures++
		}
		if c.Skipped != nil {
			skipped++
		}
	}
	got := []int{doc.Tests, doc.Failures, doc.Skipped}
	if diff := cmp.Diff([]int{len(doc.Cases), failures, skipped}, got); diff != "" || failures != 4 || skipped != 1 {
		t.Errorf("tests, failures, skipped = %v (-cases +attributes):\n%s", got, diff)
	}
}

func TestAnUnknownFormatIsAnError(t *testing.T) {
	if err := report.Write(io.Discard, "yaml", sample(), report.Options{}); err == nil || !strings.Contains(err.Error(), "sarif") {
		t.Errorf("error = %v, want one that lists the formats", err)
	}
}

// brokenPipe refuses every write.
type brokenPipe struct{}

var errBroken = errors.New("broken pipe")

func (brokenPipe) Write([]byte) (int, error) { return 0, errBroken }

func TestEveryFormatReportsAFailedWrite(t *testing.T) {
	for _, f := range report.Formats() {
		if err := report.Write(brokenPipe{}, f, sample(), options()); !errors.Is(err, errBroken) {
			t.Errorf("%s: error = %v, want %v", f, err, errBroken)
		}
	}
}
