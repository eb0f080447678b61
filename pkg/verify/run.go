package verify

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// Options of a run.
type Options struct {
	Only   []string         // rule ids; empty means all
	Skip   []string         // rule ids
	Strict bool             // warnings fail
	Clock  func() time.Time // measures rules; nil measures nothing
}

// Run asks every selected rule of every environment and returns the report, in the order of rules and environments.
func Run(t *Tree, rules []Rule, o Options) Report {
	jobs := schedule(t, selected(rules, o))
	checks := make([]Check, len(jobs))
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0)) // more would take the time of the slow ones, which end last
	for _, i := range slowFirst(jobs) {
		wg.Add(1)
		slots <- struct{}{}
		go func() {
			defer wg.Done()
			checks[i] = jobs[i].ask(o.Clock)
			<-slots
		}()
	}
	wg.Wait()
	judgeWaivers(t, checks)
	waive(t, checks)
	r := Report{Summary: "pass", Checks: checks, Applications: applications(t)}
	if r.Failed(o.Strict) || r.Unseen() > 0 {
		r.Summary = "fail"
	}
	r.NextSteps = nextSteps(r)
	return r
}

// slowFirst is the order in which jobs are started.
func slowFirst(jobs []job) []int {
	var slow, others []int
	for i, j := range jobs {
		if j.rule.Slow {
			slow = append(slow, i)
		} else {
			others = append(others, i)
		}
	}
	return append(slow, others...)
}

// job is one rule in one environment; env is nil for a rule about the tree.
type job struct {
	rule Rule
	tree *Tree
	env  *Env
}

func schedule(t *Tree, rules []Rule) []job {
	var jobs []job
	for _, r := range rules {
		if !r.appliesTo(t) {
			continue
		}
		if r.Tree != nil {
			jobs = append(jobs, job{rule: r, tree: t})
			continue
		}
		for _, e := range t.Envs {
			jobs = append(jobs, job{rule: r, tree: t, env: e})
		}
	}
	return jobs
}

func (j job) ask(clock func() time.Time) Check {
	c := Check{Rule: j.rule.ID, Severity: j.rule.Severity, Message: j.rule.Summary, Status: Pass}
	if j.env != nil {
		c.Env = j.env.Name
	}
	var start time.Time
	if clock != nil {
		start = clock()
	}
	issues, err := j.call()
	if clock != nil {
		c.Took = clock().Sub(start)
		ms := c.Took.Milliseconds()
		c.Millis = &ms
	}
	return judged(c, issues, err, j.rule)
}

func (j job) call() ([]Issue, error) {
	if j.env != nil {
		return j.rule.Env(j.env)
	}
	return j.rule.Tree(j.tree)
}

// judged is the check with its verdict.
func judged(c Check, issues []Issue, err error, rule Rule) Check {
	if reason, ok := skipped(err); ok {
		c.Status, c.Message = Skip, reason
		return c
	}
	var unseen *Unseen
	if errors.As(err, &unseen) {
		return partly(c, issues, unseen, rule)
	}
	if err != nil {
		issues = append(issues, Issue{Actual: err.Error()})
	}
	return found(c, issues, rule)
}

// partly is the check of a rule that could not see everything.
func partly(c Check, issues []Issue, unseen *Unseen, rule Rule) Check {
	c = found(c, issues, rule)
	if len(issues) == 0 {
		c.Status, c.Message = Skip, unseen.Reason
	}
	c.Unseen, c.Issues = true, append(c.Issues, unseen.Issues...)
	return c
}

// found is the check with its findings.
func found(c Check, issues []Issue, rule Rule) Check {
	if len(issues) == 0 {
		return c
	}
	for i := range issues {
		if issues[i].Hint == "" {
			issues[i].Hint = rule.Hint
		}
	}
	c.Status, c.Issues = Fail, issues
	if rule.Severity == Warning {
		c.Status = Warn
	}
	return c
}

func selected(rules []Rule, o Options) []Rule {
	only, skip := set(o.Only), set(o.Skip)
	var out []Rule
	for _, r := range rules {
		if !skip[r.ID] && (len(only) == 0 || only[r.ID]) {
			out = append(out, r)
		}
	}
	return out
}

func set(list []string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, s := range list {
		m[s] = true
	}
	return m
}

func nextSteps(r Report) []string {
	steps := []string{}
	if n := r.Count(Fail); n > 0 {
		steps = append(steps, fmt.Sprintf("mend the %d failed checks above; each finding names the file and line", n))
	}
	if n := r.Unseen(); n > 0 {
		steps = append(steps, fmt.Sprintf("%d checks could not see everything: give the rights or the way that they name, or leave them out with --skip", n))
	}
	if n := r.Count(Warn); n > 0 {
		steps = append(steps, fmt.Sprintf("look at the %d warnings, or waive them in ameide.yaml with a reason and a day", n))
	}
	return steps
}
