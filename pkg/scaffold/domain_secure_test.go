package scaffold_test

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ameideio/ameide/pkg/scaffold"
)

var (
	tableOf  = regexp.MustCompile(`(?is)CREATE TABLE (\w+) \(.*?\n\);`)
	queryOf  = regexp.MustCompile("(?s)`((?:SELECT|INSERT|UPDATE|DELETE)[^`]*domain_outbox[^`]*)`")
	ticketOf = regexp.MustCompile(`\b\d{3}[a-z]?-[a-z-]+\.md|#\d+|AKIA|BEGIN [A-Z ]*PRIVATE KEY`)
)

// domainFiles is a domain as text.
func domainFiles(t *testing.T, lang scaffold.Lang) map[string]string {
	t.Helper()
	p := newProject(t, scaffold.Domain, lang, "order-intake")
	return p.files()
}

func TestADomainIsSecureByTemplate(t *testing.T) {
	wired := map[scaffold.Lang]string{
		scaffold.Go:         "[]step{observe(o.Log, calls), recovered(o.Log), authenticate(o.Verifier), tenant}",
		scaffold.TypeScript: "interceptors: [observe(o.log, o.tracer, o.metrics), authenticate(o.verify), tenant(), deadline(",
	}
	for lang, interceptors := range wired {
		t.Run(string(lang), func(t *testing.T) {
			files := domainFiles(t, lang)
			queries, found := 0, false
			for name, text := range files {
				if m := ticketOf.FindString(text); m != "" && !isLock(path.Base(name)) {
					t.Errorf("%s has %q", name, m)
				}
				if strings.HasPrefix(path.Base(name), "Dockerfile") {
					checkImage(t, name, text)
				}
				for _, table := range tableOf.FindAllStringSubmatch(text, -1) {
					checkTable(t, text, table)
				}
				for _, query := range queryOf.FindAllStringSubmatch(text, -1) {
					queries++
					if !strings.Contains(query[1], "tenant_id") {
						t.Errorf("%s: a query names no tenant: %s", name, query[1])
					}
				}
				found = found || strings.Contains(text, interceptors)
			}
			if !found {
				t.Errorf("no server is made with %s", interceptors)
			}
			if queries < 4 {
				t.Errorf("%d queries found, want the four of the outbox", queries)
			}
		})
	}
}

// checkImage: nobody runs as root, and what compiles runs on the builder's own platform.
func checkImage(t *testing.T, name, text string) {
	t.Helper()
	last := text[strings.LastIndex(text, "\nFROM "):]
	if strings.HasPrefix(text, "FROM ") && strings.Count(text, "\nFROM ") == 0 {
		last = text
	}
	if !regexp.MustCompile(`\nUSER [1-9][0-9]{3,}:[1-9][0-9]{3,}\n`).MatchString(last) {
		t.Errorf("%s runs as root", name)
	}
	if strings.Contains(text, "\nRUN ") && !strings.Contains(text, "FROM --platform=$BUILDPLATFORM") {
		t.Errorf("%s emulates the target's platform", name)
	}
	if strings.Contains(text, ":latest") {
		t.Errorf("%s has an image that moves", name)
	}
	if base := regexp.MustCompile(`FROM (?:--platform=\S+ )?(\S+)`).FindStringSubmatch(last)[1]; !slices.Contains(bothPlatforms(), base) {
		t.Errorf("%s: nobody has looked whether %s is there for amd64 and arm64", name, base)
	}
}

// bothPlatforms are the images that are published for linux/amd64 and linux/arm64. Flyway's are, but for those on Alpine and
// for Azure: flyway-docker/scripts/build_images.py of github.com/flyway/flyway.
func bothPlatforms() []string {
	return []string{
		"flyway/flyway:11",
		"gcr.io/distroless/nodejs22-debian12:nonroot",
		"gcr.io/distroless/static-debian12:nonroot",
		"golang:1.26-bookworm",
		"node:22-bookworm",
		"node:22-bookworm-slim",
		"python:3.11-slim-bookworm",
	}
}

func checkTable(t *testing.T, text string, table []string) {
	t.Helper()
	for _, want := range []string{"ALTER TABLE " + table[1] + " ENABLE ROW LEVEL SECURITY", "ALTER TABLE " + table[1] + " FORCE ROW LEVEL SECURITY"} {
		if !strings.Contains(text, want) {
			t.Errorf("table %s lacks: %s", table[1], want)
		}
	}
	if !regexp.MustCompile(`tenant_id +text +NOT NULL`).MatchString(table[0]) {
		t.Errorf("table %s has no tenant", table[1])
	}
}

func TestTheLanguagesOfADomainShareTheirMigrationsAndTheirContract(t *testing.T) {
	golang, ts := domainFiles(t, scaffold.Go), domainFiles(t, scaffold.TypeScript)
	for name, text := range golang {
		if strings.HasPrefix(name, "migrations/") || filepath.Ext(name) == ".proto" {
			if ts[name] != text {
				t.Errorf("%s differs", name)
			}
		}
	}
}
