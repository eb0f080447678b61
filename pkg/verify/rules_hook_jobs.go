package verify

import (
	"io/fs"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/lazy"
)

// unlockJob is the Job that clears locks, nil when it is off.
func (c *Component) unlockJob() *helmchart.Manifest { return c.job("-unlock") }

// migrationJob is the Job that migrates, nil when Pods do when they start.
func (c *Component) migrationJob() *helmchart.Manifest { return c.job("-migrations") }

// job is the Job whose name ends so, nil when there is none.
func (c *Component) job(suffix string) *helmchart.Manifest {
	for _, m := range c.Objects("Job") {
		if strings.HasSuffix(m.Name(), suffix) {
			return m
		}
	}
	return nil
}

// unlockScript reads the chart's own files, because the Job is off and therefore not rendered.
func unlockScript(e *Env) ([]Issue, error) {
	c, err := e.rendered()
	if err != nil {
		return nil, err
	}
	script := c.Chart.Dir() + "/files/unlock.sh"
	if _, err := e.tree.read(script); err != nil {
		return []Issue{{File: script, Expected: "the script of the unlock Job", Actual: "nothing"}}, nil
	}
	files := []string{c.Chart.Dir() + "/templates/migrations-unlock-job.yaml"}
	for _, pattern := range []string{"*.sh", "*.sql"} {
		found, err := fs.Glob(e.tree.FS, c.Chart.Dir()+"/files/"+pattern)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	var issues []Issue
	for _, file := range files {
		text, err := e.tree.read(file)
		if err != nil {
			issues = append(issues, Issue{File: file, Expected: "a file of the unlock Job", Actual: "nothing"})
			continue
		}
		for n, line := range strings.Split(string(text), "\n") {
			if why := unfitForShell(line); why != "" {
				issues = append(issues, Issue{File: file, Line: n + 1, Expected: "plain statements", Actual: why})
			}
		}
	}
	return issues, nil
}

var (
	comment   = lazy.Regexp(`(^|\s)(#|--\s).*`)
	doBlock   = lazy.Regexp(`(?i)\bdo\s+\$|\$\$\s*;`)
	heredoc   = lazy.Regexp(`<<-?\s*['"\\]?[A-Za-z_]`)
	bashTest  = lazy.Regexp(`(^|\s)\[\[\s`)
	bashWords = lazy.Regexp(`(^|[;&|]\s*|^\s+)(function\s+\w|source\s)|\bset\s.*pipefail|<\(|<<<`)
)

// unfitForShell tells why a line does not survive a POSIX shell, psql or a block of YAML; empty when it does.
func unfitForShell(line string) string {
	code := comment().ReplaceAllString(line, "")
	switch {
	case doBlock().MatchString(code):
		return "a DO $$ block: the shell eats its dollars"
	case bashTest().MatchString(code), bashWords().MatchString(code):
		return "a construct of bash"
	case heredoc().MatchString(code):
		return "a heredoc: its end must not stand at the margin of a YAML block"
	}
	return ""
}

func unlockOff(e *Env) ([]Issue, error) {
	c, err := e.rendered()
	if err != nil {
		return nil, err
	}
	job := c.unlockJob()
	if job == nil {
		return nil, nil
	}
	return []Issue{at(c.Values.Origin("migrations", "unlock", "enabled"), Issue{Resource: job.ID(), Field: "migrations.unlock.enabled", Expected: "false", Actual: "true"})}, nil
}

func migrationsOnce(e *Env) ([]Issue, error) {
	c, configs, err := e.appConfigs()
	if err != nil {
		return nil, err
	}
	skip, config := setting(configs, "backend", "database", "skipMigrations")
	job := c.migrationJob() != nil
	switch {
	case job && skip != true:
		return []Issue{at(e.blame(c, configs[0].manifest, "skipMigrations"), Issue{
			Resource: configs[0].manifest.ID(), Field: "backend.database.skipMigrations", Expected: "true, because the hook migrates", Actual: text(skip),
		})}, nil
	case !job && skip == true && dig.Text(c.Object("Deployment", "").Object, "spec", "replicas") != "0": // a stopped portal waits for its hook
		return []Issue{at(e.blame(c, config.manifest, "skipMigrations"), Issue{
			Resource: config.manifest.ID(), Field: "backend.database.skipMigrations", Expected: "nothing, because no hook migrates", Actual: "true",
		})}, nil
	}
	return nil, nil
}
