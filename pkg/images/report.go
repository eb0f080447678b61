package images

import (
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/imagecheck"
	"github.com/ameideio/ameide/pkg/verify"
)

// RuleInfos describes the checks on images, for formats that list their rules.
func RuleInfos() []verify.RuleInfo {
	return []verify.RuleInfo{
		{ID: imagecheck.CheckPlatform, Severity: verify.Error, Summary: "every image has a manifest for every platform that it is to run on", Hint: "use or publish an index that has it"},
		{ID: imagecheck.CheckLie, Severity: verify.Error, Summary: "the image for a platform holds programs for that platform", Hint: "build it again for its platform"},
		{ID: imagecheck.CheckLayout, Severity: verify.Error, Summary: "the image is built as the chart's image.layout says", Hint: "set image.layout to what the image is"},
		{ID: imagecheck.CheckFloating, Severity: verify.Error, Summary: "no image is named by a tag that is made to move", Hint: "name a version"},
		{ID: imagecheck.CheckPinned, Severity: verify.Error, Summary: "every image is pinned to the digest of its index", Hint: "ameide platform backstage check-image --pin"},
		{ID: imagecheck.CheckLock, Severity: verify.Warning, Summary: "the lock file says what the registry says", Hint: "run check-image --update-lock"},
		{ID: imagecheck.CheckRead, Severity: verify.Error, Summary: "the registry tells about every image", Hint: "see the message"},
	}
}

// Report is verdicts in the form that package report writes: one check for each rule, or two where some of its findings
// are warnings.
func Report(items []Item, verdicts []imagecheck.Verdict) verify.Report {
	r := verify.Report{Summary: "pass", Checks: []verify.Check{}}
	for _, info := range RuleInfos() {
		failed, warned := findings(info.ID, items, verdicts)
		if len(failed) > 0 || len(warned) == 0 {
			c := verify.Check{Rule: info.ID, Severity: verify.Error, Status: verify.Pass, Message: info.Summary, Issues: failed}
			if len(failed) > 0 {
				c.Status, r.Summary = verify.Fail, "fail"
			}
			r.Checks = append(r.Checks, c)
		}
		if len(warned) > 0 {
			r.Checks = append(r.Checks, verify.Check{Rule: info.ID, Severity: verify.Warning, Status: verify.Warn, Message: info.Summary, Issues: warned})
		}
	}
	return r
}

func findings(rule string, items []Item, verdicts []imagecheck.Verdict) (failed, warned []verify.Issue) {
	for n, item := range items {
		for _, i := range verdicts[n].Issues {
			if i.Check != rule {
				continue
			}
			out := &failed
			if i.Severity == imagecheck.WarningSeverity {
				out = &warned
			}
			*out = append(*out, places(item.Uses, item.Image, i)...)
		}
	}
	return failed, warned
}

// places is an issue at every place that asks for the image.
func places(uses []Use, image string, i imagecheck.Issue) []verify.Issue {
	one := verify.Issue{Resource: image, Field: i.Platform, Actual: i.Message, Hint: i.Hint}
	if len(uses) == 0 {
		return []verify.Issue{one}
	}
	var out []verify.Issue
	for _, u := range uses {
		if i.Check == imagecheck.CheckPlatform && !u.wants(i.Platform) {
			continue
		}
		one.File, one.Line = u.Pos.File, u.Pos.Line
		if !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}

// wants tells whether a use lands on nodes of a platform.
func (u Use) wants(platform string) bool {
	return slices.ContainsFunc(u.Platforms, func(p imagecheck.Platform) bool { return p.String() == platform })
}

// Findings are items and the verdicts on them, in the same order.
type Findings struct {
	Items    []Item
	Verdicts []imagecheck.Verdict
}

// RegistryArea is what the ids of Rules start with.
const RegistryArea = "registry/"

// Rules are the checks that ask registries, as rules of verify: their area is registry, because verify's own area image
// judges what files alone can tell. ask is called by every rule and answers each of them the same.
func Rules(ask func() (Findings, error)) []verify.Rule {
	var rules []verify.Rule
	for _, info := range RuleInfos() {
		if info.ID == imagecheck.CheckFloating || info.ID == imagecheck.CheckLock {
			continue
		}
		check := info.ID
		info.ID = RegistryArea + strings.TrimPrefix(check, "image/")
		rules = append(rules, verify.Rule{RuleInfo: info, Tree: func(*verify.Tree) ([]verify.Issue, error) {
			f, err := ask()
			if err != nil {
				return nil, err
			}
			failed, _ := findings(check, f.Items, f.Verdicts)
			return failed, nil
		}})
	}
	return rules
}
