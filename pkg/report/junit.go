package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/ameideio/ameide/pkg/verify"
)

// The dialect is the one that Jenkins' xunit schema, GitLab and GitHub's report actions share.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr,omitempty"`
	File    string        `xml:"file,attr,omitempty"`
	Failure *junitFailure `xml:"failure"`
	Error   *junitFailure `xml:"error"`
	Skipped *junitSkipped `xml:"skipped"`
	Output  string        `xml:"system-out,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

// JUnit writes one test suite for each environment and one test case for each rule. JUnit knows no warnings: one that
// does not fail the run passes, with its text as the case's output. A check that could not look is an error.
func JUnit(w io.Writer, r verify.Report, o Options) error {
	doc := junitSuites{Name: "ameide verify"}
	for _, g := range groups(r) {
		s := newJUnitSuite(g, o)
		doc.Tests += s.Tests
		doc.Failures += s.Failures
		doc.Errors += s.Errors
		doc.Skipped += s.Skipped
		doc.Suites = append(doc.Suites, s)
	}
	out, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, xml.Header+string(out)+"\n")
	return err
}

func newJUnitSuite(g group, o Options) junitSuite {
	s := junitSuite{Name: g.name(), Tests: len(g.checks)}
	for _, c := range g.checks {
		jc := newJUnitCase(g, c, o)
		if jc.Failure != nil {
			s.Failures++
		}
		if jc.Error != nil {
			s.Errors++
		}
		if jc.Skipped != nil {
			s.Skipped++
		}
		s.Cases = append(s.Cases, jc)
	}
	return s
}

func newJUnitCase(g group, c verify.Check, o Options) junitCase {
	area, _, _ := strings.Cut(c.Rule, "/")
	jc := junitCase{Class: g.name() + "." + area, Name: c.Rule, File: located(c)[0].File}
	if c.Millis != nil {
		jc.Time = fmt.Sprintf("%.3f", float64(*c.Millis)/1000)
	}
	switch {
	case o.fails(c):
		jc.Failure = &junitFailure{Message: c.Message, Type: string(c.Severity), Text: junitText(c)}
	case c.Unseen:
		jc.Error = &junitFailure{Message: c.Message, Type: string(c.Severity), Text: junitText(c)}
	case c.Status == verify.Skip:
		jc.Skipped = &junitSkipped{Message: c.Message}
	case c.Status == verify.Warn:
		jc.Output = strings.TrimRight("warning: "+c.Message+"\n"+junitText(c), "\n")
	}
	return jc
}

// junitText tells the issues of a check, a paragraph each.
func junitText(c verify.Check) string {
	var b strings.Builder
	for i, issue := range c.Issues {
		if i > 0 {
			b.WriteString("\n")
		}
		if place := place(issue); place != "" {
			fmt.Fprintln(&b, place)
		}
		for _, f := range facts(issue) {
			fmt.Fprintf(&b, "  %s: %s\n", f.label, f.value)
		}
	}
	return b.String()
}

// place is file:line, as far as it is known.
func place(issue verify.Issue) string {
	if issue.Line > 0 {
		return fmt.Sprintf("%s:%d", issue.File, issue.Line)
	}
	return issue.File
}
