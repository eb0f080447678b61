package verify

import "time"

// Status is the outcome of one rule in one environment.
type Status string

// The outcomes. A Warn does not fail a run unless it is strict; a Skip says why in its message.
const (
	Pass Status = "PASS"
	Warn Status = "WARN"
	Fail Status = "FAIL"
	Skip Status = "SKIP"
)

// Severity of a rule: what a finding of it means.
type Severity string

// An Error breaks the installation; a Warning is a risk or against the platform's policy.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Issue is one finding: where, what was expected and what is there.
type Issue struct {
	File     string `json:"file,omitempty"` // slash-separated, relative to the checkout
	Line     int    `json:"line,omitempty"` // from 1; 0 when only the file is to blame
	Resource string `json:"resource,omitempty"`
	Field    string `json:"field,omitempty"`
	Expected string `json:"expected,omitempty"`
	Actual   string `json:"actual,omitempty"`
	Hint     string `json:"hint,omitempty"`
}

// Check is one rule asked in one environment; Env is empty for rules about the whole tree.
type Check struct {
	Rule     string        `json:"check"`
	Status   Status        `json:"status"`
	Severity Severity      `json:"severity"`
	Env      string        `json:"env,omitempty"`
	Message  string        `json:"message"`
	Millis   *int64        `json:"ms,omitempty"` // only when the caller asked for times
	Issues   []Issue       `json:"issues,omitempty"`
	Unseen   bool          `json:"unseen,omitempty"` // something could not be looked at: no right, no answer
	Took     time.Duration `json:"-"`
}

// Application is an Argo CD Application that the tree's ApplicationSets generate for the installation.
type Application struct {
	Name       string   `json:"name"`
	Env        string   `json:"env"`
	Namespace  string   `json:"namespace"`
	Chart      string   `json:"chart"`
	ValueFiles []string `json:"value_files"`
	Phase      string   `json:"rollout_phase,omitempty"`
}

// Report is the whole result, in the order of the rules and of the spec's environments.
type Report struct {
	Summary      string        `json:"summary"` // pass or fail
	Checks       []Check       `json:"checks"`
	Applications []Application `json:"applications,omitempty"`
	NextSteps    []string      `json:"next_steps"`
	Environments []Environment `json:"environments,omitempty"` // only when running environments were looked at
}

// Unseen is the number of checks that could not look at something.
func (r Report) Unseen() int {
	n := 0
	for _, c := range r.Checks {
		if c.Unseen {
			n++
		}
	}
	return n
}

// Failed tells whether the run fails: an error-severity finding, or any finding when strict.
func (r Report) Failed(strict bool) bool {
	for _, c := range r.Checks {
		if c.Status == Fail || strict && c.Status == Warn {
			return true
		}
	}
	return false
}

// Count is the number of checks with a status.
func (r Report) Count(s Status) int {
	n := 0
	for _, c := range r.Checks {
		if c.Status == s {
			n++
		}
	}
	return n
}
