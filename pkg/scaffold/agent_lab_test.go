package scaffold_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/scaffold"
)

const unwrittenReason = `        raise NotImplementedError(f"nobody has written what {type(self).__name__} does")`

func TestAnAgentWaitsForItsReasonAndForNothingElse(t *testing.T) {
	lab.Slow(t)
	venv := filepath.Join(t.TempDir(), "venv")
	python := filepath.Join(venv, "bin", "python")
	p := newProject(t, scaffold.Agent, scaffold.Python, "order-intake")
	p.must("python3", "-m", "venv", venv)
	p.must(python, "-m", "pip", "install", "-q", "--require-hashes", "-r", "requirements.lock")
	p.must(python, "-m", "pip", "install", "-q", ".[test]")
	p.must(python, "-c", "import order_intake.main")
	p.oneTestWaits(python)
	p.starts(python)

	p.replace("src/agent.py", unwrittenReason, `        return {"output": f"You said {state['input']}.", "messages": ["answered"]}`)
	p.must(python, "-m", "pip", "install", "-q", "--no-deps", "--force-reinstall", ".")
	p.must(python, "-m", "pytest", "-q")

	for _, name := range []string{"a", "x1-2"} {
		p := newProject(t, scaffold.Agent, scaffold.Python, name)
		p.must(python, "-m", "pip", "install", "-q", "--no-deps", ".")
		p.oneTestWaits(python)
	}
}

// oneTestWaits fails unless one test failed, because nobody has written the business logic.
func (p *project) oneTestWaits(python string) {
	p.t.Helper()
	out, err := p.run(python, "-m", "pytest", "-q", "-rf", "--tb=short")
	if err == nil || strings.Count(out, "FAILED") != 1 || !strings.Contains(out, scaffold.Marker) {
		p.t.Errorf("not exactly one test waits: %v\n%s", err, out)
	}
}

// starts runs the service: it answers the platform's probes, and nobody else without a token.
func (p *project) starts(python string) {
	p.t.Helper()
	out, err := p.run(python, "-m", "order_intake.main")
	if err == nil || !strings.Contains(out, "AGENT_DEFINITION_ID") {
		p.t.Errorf("it starts without a definition: %v\n%s", err, out)
	}
	port := freePort(p.t)
	p.env = []string{
		"AGENT_DEFINITION_ID=L2O_v3", "AGENT_DEFINITION_VERSION=3", "MODEL_PROVIDER=openai", "MODEL_NAME=gpt-4o-mini", "RISK_TIER=low",
		"OIDC_ISSUER=http://127.0.0.1:1", "OIDC_AUDIENCE=x", "PORT_HTTP=" + port,
	}
	base := p.serve(port, python, "-m", "order_intake.main")
	expectStatus(p.t, base+"/healthz", 200)
	expectStatus(p.t, base+"/metrics", 200)
	expectStatus(p.t, base+"/docs", 404)
	if got := post(p.t, base+"/invoke", `{"input":"x","thread_id":"acme/1"}`); got != 401 {
		p.t.Errorf("a stranger gets status %d", got)
	}
}
