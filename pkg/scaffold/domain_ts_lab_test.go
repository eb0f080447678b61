package scaffold_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/scaffold"
)

const unwrittenTS = `    async registerOrderIntake(_request, _context) {
      throw unimplemented("RegisterOrderIntake");
    },`

// writtenTS keeps an event, as a handler of the business would.
const writtenTS = `    async registerOrderIntake(request, context) {
      const metadata = { tenantId: "", messageId: "message-" + request.requestId, correlationId: "", causationId: "", traceparent: "", occurredAt: new Date(), schemaVersion: "1", payloadType: "Order" };
      const event = { topic: "orders", payload: new Uint8Array(), aggregateType: "order", aggregateId: "order-" + request.requestId, aggregateVersion: 1, metadata };
      await commit(_d, context, () => Promise.resolve([event]));
      return { id: request.requestId };
    },`

// npmInstall installs the project's packages, or takes those of another project of the same kind.
func (p *project) npmInstall(from *project) {
	p.t.Helper()
	if from == nil {
		p.must("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
		return
	}
	if err := os.Symlink(filepath.Join(from.dir, "node_modules"), filepath.Join(p.dir, "node_modules")); err != nil {
		p.t.Fatal(err)
	}
}

// vitest runs the tests and returns what each failed one said.
func (p *project) vitest() map[string]string {
	p.t.Helper()
	out, err := p.run("npx", "vitest", "run", "--reporter=junit", "--outputFile=unit.xml")
	failed := p.failures("unit.xml")
	if err != nil && len(failed) == 0 {
		p.t.Fatalf("vitest: %v\n%s", err, out)
	}
	return failed
}

func tsDomain(p *project) {
	p.t.Helper()
	p.must("npm", "run", "build")
	p.must("npm", "run", "typecheck")
	p.must("npm", "run", "lint:proto")
}

func TestADomainInTypeScriptWaitsForItsHandlersAndForNothingElse(t *testing.T) {
	lab.Slow(t)
	p := newProject(t, scaffold.Domain, scaffold.TypeScript, "order-intake")
	p.npmInstall(nil)
	tsDomain(p)
	onlyMarked(t, p.vitest())
	db := newDomainDatabase(t)
	p.env = append(p.env, "TEST_DATABASE_URL="+db.DSN("app", "app"))
	failed := p.vitest()
	onlyMarked(t, failed)
	if len(failed) != 1 {
		t.Errorf("%d tests fail for one RPC", len(failed))
	}
	p.replace("src/handlers.ts", unwrittenTS, writtenTS)
	tsDomain(p)
	if failed := p.vitest(); len(failed) > 0 {
		t.Errorf("with a handler these still fail: %v", failed)
	}
	domainServes(t, p, db, []string{"node", "dist/cmd/server.js"}, []string{"node", "dist/cmd/dispatcher.js"})

	t.Run("a contract of every shape", func(t *testing.T) { tsContract(t, p) })
	for _, name := range []string{"a", "go-test", "x1-2"} {
		t.Run(name, func(t *testing.T) {
			other := newProject(t, scaffold.Domain, scaffold.TypeScript, name)
			other.npmInstall(p)
			tsDomain(other)
			onlyMarked(t, other.vitest())
		})
	}
}

func tsContract(t *testing.T, installed *project) {
	t.Helper()
	p := bringContract(t, scaffold.TypeScript)
	p.npmInstall(installed)
	tsDomain(p)
	failed := p.vitest()
	onlyMarked(t, failed)
	if len(failed) != 4 {
		t.Errorf("%d tests fail for four RPCs: %v", len(failed), failed)
	}
	for _, r := range [][2]string{
		{`throw unimplemented("CountStock");`, "return { count: 1n };"},
		{`throw unimplemented("WatchStock");`, "yield {};"},
		{`throw unimplemented("ImportStock");`, "return {};"},
		{`throw unimplemented("ReconcileHTTPFeed");`, "yield {};"},
	} {
		p.replace("src/handlers.ts", r[0], r[1])
	}
	tsDomain(p)
	if failed := p.vitest(); len(failed) > 0 {
		t.Errorf("with handlers these still fail: %v", failed)
	}
}
