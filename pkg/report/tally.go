package report

import (
	"fmt"
	"strings"

	"github.com/ameideio/ameide/pkg/verify"
)

// verdict is the first word of a closing line. What could not be looked at does not pass.
func verdict(r verify.Report, o Options) verify.Status {
	switch {
	case r.Failed(o.Strict), r.Unseen() > 0:
		return verify.Fail
	case r.Count(verify.Warn) > 0:
		return verify.Warn
	}
	return verify.Pass
}

// tally counts checks by status, the worst first, leaving out what there is none of.
func tally(checks []verify.Check) string {
	const notSeen verify.Status = "not seen"
	n := map[verify.Status]int{}
	for _, c := range checks {
		if c.Status == verify.Skip && c.Unseen {
			n[notSeen]++
		} else {
			n[c.Status]++
		}
	}
	var parts []string
	for _, p := range []struct {
		status verify.Status
		noun   string
	}{{verify.Fail, "failed"}, {notSeen, "not seen"}, {verify.Warn, "warned"}, {verify.Pass, "passed"}, {verify.Skip, "skipped"}} {
		if n[p.status] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[p.status], p.noun))
		}
	}
	if len(parts) == 0 {
		return "nothing was checked"
	}
	return strings.Join(parts, ", ")
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
