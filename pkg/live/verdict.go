package live

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ameideio/ameide/pkg/verify"
)

// verdict collects what a rule finds, and what it could not see.
type verdict struct {
	issues []verify.Issue
	unseen []verify.Issue
}

func (v *verdict) find(i verify.Issue) { v.issues = append(v.issues, i) }

// blind notes that something could not be looked at. What nobody gave the means for is no finding, and a Pod that refuses
// the connection is one.
func (v *verdict) blind(resource string, err error) {
	var skipped NotAsked
	if errors.As(err, &skipped) {
		return
	}
	var refused interface{ Refused() bool }
	if errors.As(err, &refused) && refused.Refused() {
		v.find(verify.Issue{Resource: resource, Expected: "it listens", Actual: oneLine(err.Error()), Hint: "the process in the Pod has ended, or does not listen yet: see live/pods and live/logs"})
		return
	}
	i := verify.Issue{Resource: resource, Actual: "not seen: " + oneLine(err.Error())}
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		i.Hint = h.Hint()
	}
	v.unseen = append(v.unseen, i)
}

// need is a part's value; without one the verdict says why.
func need[T any](v *verdict, p Part[T], resource string) (T, bool) {
	switch {
	case p.Err != nil:
		v.blind(resource, p.Err)
	case p.Missing:
		v.find(verify.Issue{Resource: resource, Expected: "it exists", Actual: "nothing"})
	}
	return p.Value, p.Seen()
}

// answer is the verdict as a rule gives it.
func (v *verdict) answer() ([]verify.Issue, error) {
	if len(v.unseen) == 0 {
		return v.issues, nil
	}
	var what []string
	for _, i := range v.unseen {
		what = append(what, i.Resource)
	}
	reason := fmt.Sprintf("not seen: %s", strings.Join(what, ", "))
	return v.issues, &verify.Unseen{Reason: reason, Issues: v.unseen}
}
