package verify

import "github.com/ameideio/ameide/pkg/spec"

// waive turns the findings that a valid waiver names into accepted ones: a check whose every finding is waived is
// skipped, with the waiver's reason. An expired waiver accepts nothing; rule waiver/expired reports it.
func waive(t *Tree, checks []Check) {
	for i := range checks {
		c := &checks[i]
		if c.Status != Fail && c.Status != Warn {
			continue
		}
		var left []Issue
		var reason string
		for _, issue := range c.Issues {
			if w := waiverFor(t, *c, issue); w != nil {
				reason = w.Reason
				continue
			}
			left = append(left, issue)
		}
		if c.Issues = left; len(left) == 0 {
			c.Status, c.Message, c.Unseen = Skip, "waived: "+reason, false
		}
	}
}

// waiverFor is the waiver that covers a finding today, nil if none does.
func waiverFor(t *Tree, c Check, i Issue) *spec.Waiver {
	for n := range t.Spec.Waivers {
		w := &t.Spec.Waivers[n]
		if w.Rule == c.Rule && w.Expires >= t.Today && (w.Env == "" || w.Env == c.Env) && (w.File == "" || w.File == i.File) {
			return w
		}
	}
	return nil
}
