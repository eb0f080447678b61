package scaffold_test

import (
	"testing"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/scaffold"
)

const unwrittenRule = `	return Decision{}, temporal.NewNonRetryableApplicationError("no rule for "+fact.Type, NotImplemented, nil)`

func TestAProcessWaitsForItsRuleAndForNothingElse(t *testing.T) {
	lab.Slow(t)
	temporal := lab.Temporal(t)
	for _, name := range []string{"order-intake", "x1-2"} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t, scaffold.Process, scaffold.Go, name)
			p.env = []string{"GOWORK=off", "GOFLAGS=-mod=readonly", "TEMPORAL_ADDRESS=" + temporal.Address, "TEMPORAL_NAMESPACE=" + temporal.Namespace}
			p.must("go", "build", "./...")
			p.must("go", "vet", "./...")
			if out := p.must("gofmt", "-l", "."); out != "" {
				t.Errorf("gofmt would change %s", out)
			}
			p.must("go", "mod", "verify")
			onlyMarked(t, p.goTests())

			p.replace("internal/activities/activities.go", unwrittenRule, `	switch fact.Type {
	case "example":
		return Decision{Done: true, Type: "example.decided"}, nil
	}
`+unwrittenRule)
			if failed := p.goTests(); len(failed) > 0 {
				t.Errorf("with a rule these still fail: %v", failed)
			}
		})
	}
}
