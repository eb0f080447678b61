package verify

// Environment is one environment as it runs, beside what Git declares of it.
type Environment struct {
	Name      string      `json:"env"`
	Offline   Status      `json:"offline"` // of what Git says, the worst of its checks
	Live      Status      `json:"live"`    // of what runs
	Facts     []Fact      `json:"facts"`
	Incidents []Incident  `json:"incidents"`
	Criteria  []Criterion `json:"criteria"`
	Requests  int         `json:"kubernetes_requests"`
}

// Fact is one thing with what Git declares and what runs, and the verdict on each.
type Fact struct {
	Subject  string `json:"subject"`
	Check    string `json:"check"` // the live check that judges it
	Declared string `json:"declared"`
	Running  string `json:"running"`
	Offline  Status `json:"offline"`
	Live     Status `json:"live"`
}

// Incident is a failure that is known by what it writes, and its way out.
type Incident struct {
	ID     string `json:"incident"`
	Name   string `json:"name"`
	Where  string `json:"where"` // which log or status says so
	Line   string `json:"line"`
	WayOut string `json:"way_out"`
}

// Criterion is one of the installation's success criteria. A verdict that nobody can give is a SKIP.
type Criterion struct {
	ID       string `json:"criterion"`
	Text     string `json:"text"`
	Offline  Status `json:"offline"`
	Live     Status `json:"live"`
	Evidence string `json:"evidence"`
}

// Worst is the worst status of some checks of an environment: FAIL before WARN before PASS; SKIP when there is nothing
// else.
func Worst(checks []Check, env string, concerns func(rule string) bool) Status {
	rank := map[Status]int{Skip: 0, Pass: 1, Warn: 2, Fail: 3}
	worst := Skip
	for _, c := range checks {
		if (c.Env == env || c.Env == "") && concerns(c.Rule) && rank[c.Status] > rank[worst] {
			worst = c.Status
		}
	}
	return worst
}
