package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/verify"
)

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	toolURI     = "https://github.com/ameideio/ameide"
	// anchor is where an issue without a file is shown: GitHub refuses a whole upload when one result has no location,
	// and the file that describes the installation is the nearest to blame.
	anchor = "ameide.yaml"
)

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	Invocations []sarifInvocation `json:"invocations"`
	Results     []sarifResult     `json:"results"`
	ColumnKind  string            `json:"columnKind"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string         `json:"id"`
	Name             string         `json:"name"`
	ShortDescription *sarifText     `json:"shortDescription,omitempty"`
	Help             *sarifText     `json:"help,omitempty"`
	Configuration    sarifRuleLevel `json:"defaultConfiguration"`
}

type sarifRuleLevel struct {
	Level string `json:"level"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Level          string         `json:"level"`
	Message        sarifText      `json:"message"`
	AssociatedRule sarifReference `json:"associatedRule"`
}

type sarifReference struct {
	ID    string `json:"id"`
	Index int    `json:"index"`
}

type sarifResult struct {
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Level        string            `json:"level"`
	Message      sarifText         `json:"message"`
	Locations    []sarifLocation   `json:"locations"`
	Fingerprints map[string]string `json:"partialFingerprints"`
}

type sarifLocation struct {
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine int `json:"startLine"`
}

type sarifLogical struct {
	FullyQualifiedName string `json:"fullyQualifiedName"`
}

// SARIF writes a SARIF 2.1.0 log: a result for each issue of a failed or warned check, a notification for each check
// that was skipped and for each thing that could not be looked at (the execution was no success then), and every rule with its help. Passed checks are no results, because viewers show results as alerts.
func SARIF(w io.Writer, r verify.Report, o Options) error {
	rules := ruleTable(r, o)
	run := sarifRun{
		Tool:        sarifTool{Driver: sarifDriver{Name: "ameide", Version: o.Build, InformationURI: toolURI, Rules: sarifRules(rules)}},
		Invocations: []sarifInvocation{{Successful: r.Unseen() == 0}},
		Results:     []sarifResult{},
		ColumnKind:  "unicodeCodePoints",
	}
	for _, g := range groups(r) {
		for _, c := range g.checks {
			run.add(c, slices.IndexFunc(rules, func(i verify.RuleInfo) bool { return i.ID == c.Rule }), o)
		}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

// ruleTable is every rule that is known or was asked, sorted by id.
func ruleTable(r verify.Report, o Options) []verify.RuleInfo {
	rules := slices.Clone(o.Rules)
	for _, c := range r.Checks {
		if !slices.ContainsFunc(rules, func(i verify.RuleInfo) bool { return i.ID == c.Rule }) {
			rules = append(rules, verify.RuleInfo{ID: c.Rule, Severity: c.Severity})
		}
	}
	slices.SortFunc(rules, func(a, b verify.RuleInfo) int { return strings.Compare(a.ID, b.ID) })
	return rules
}

func sarifRules(rules []verify.RuleInfo) []sarifRule {
	out := []sarifRule{}
	for _, i := range rules {
		rule := sarifRule{ID: i.ID, Name: pascal(i.ID), Configuration: sarifRuleLevel{level(i.Severity)}}
		if i.Summary != "" {
			rule.ShortDescription = &sarifText{i.Summary}
		}
		if help := strings.TrimSpace(i.Summary + "\n\n" + i.Hint); help != "" {
			rule.Help = &sarifText{help}
		}
		out = append(out, rule)
	}
	return out
}

func (run *sarifRun) add(c verify.Check, index int, o Options) {
	switch c.Status {
	case verify.Fail, verify.Warn:
		for _, issue := range located(c) {
			run.Results = append(run.Results, newSARIFResult(c, issue, index, o))
		}
	case verify.Skip:
		inv, level, issues := &run.Invocations[0], "note", []verify.Issue{{}}
		if c.Unseen {
			level, issues = "error", located(c)
		}
		for _, issue := range issues {
			inv.Notifications = append(inv.Notifications, sarifNotification{
				Level: level, Message: sarifText{strings.Join(describe(c, issue), "\n")}, AssociatedRule: sarifReference{c.Rule, index},
			})
		}
	}
}

func newSARIFResult(c verify.Check, issue verify.Issue, index int, o Options) sarifResult {
	file := issue.File
	if file == "" {
		file = anchor
	}
	at := sarifLocation{Physical: sarifPhysical{sarifArtifact{uri(o.repoPath(file))}, sarifRegion{max(issue.Line, 1)}}}
	if issue.Resource != "" {
		at.Logical = []sarifLogical{{issue.Resource}}
	}
	lvl := level(c.Severity)
	if o.fails(c) {
		lvl = "error"
	}
	return sarifResult{
		RuleID: c.Rule, RuleIndex: index, Level: lvl,
		Message:      sarifText{strings.Join(describe(c, issue), "\n")},
		Locations:    []sarifLocation{at},
		Fingerprints: map[string]string{"ameide/v1": fingerprint(c, issue)},
	}
}

// fingerprint recognises an issue in a later run. Line and message are left out: they move with unrelated edits.
func fingerprint(c verify.Check, issue verify.Issue) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{c.Rule, c.Env, issue.File, issue.Resource, issue.Field, issue.Expected}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

func level(s verify.Severity) string {
	if s == verify.Warning {
		return "warning"
	}
	return "error"
}

// uri is a slash-separated path as a relative reference.
func uri(p string) string { return (&url.URL{Path: p}).EscapedPath() }

// pascal is a rule's id as the identifier that SARIF asks a rule name to be: oidc/redirect-uri is OidcRedirectUri.
func pascal(id string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(id, func(r rune) bool { return r == '/' || r == '-' }) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}
