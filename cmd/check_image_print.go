package cmd

import (
	"fmt"
	"strings"
	"time"

	"github.com/ameideio/ameide/pkg/imagecheck"
	"github.com/ameideio/ameide/pkg/images"
	"github.com/ameideio/ameide/pkg/report"
)

// imageReport is the document that check-image prints with --json.
type imageReport struct {
	Images   []imageLine      `json:"images"`
	Pins     []images.Pin     `json:"pins,omitempty"`
	Stale    []string         `json:"stale_lock_entries,omitempty"`
	Skipped  []images.Skipped `json:"skipped,omitempty"`
	Requests int              `json:"requests"`
}

type imageLine struct {
	imagecheck.Verdict
	UsedBy []string `json:"used_by"`
}

func printImages(env Env, t *tree, o checkImageOptions, r *imageRun) error {
	switch o.format {
	case "json":
		return printJSON(env.Out, newImageReport(r))
	case "sarif":
		prefix, _ := inRepository(t.root.Name())
		return report.Write(env.Out, report.FormatSARIF, images.Report(r.items, r.verdicts),
			report.Options{FS: t.root.FS(), PathPrefix: prefix, Rules: images.RuleInfos(), Build: env.Build.Version})
	}
	return printImageText(env, o, r)
}

func newImageReport(r *imageRun) imageReport {
	out := imageReport{Images: []imageLine{}, Pins: r.pins, Stale: r.stale, Skipped: r.skipped, Requests: r.requests}
	for i, v := range r.verdicts {
		out.Images = append(out.Images, imageLine{v, r.items[i].UsedBy()})
	}
	return out
}

func printImageText(env Env, o checkImageOptions, r *imageRun) error {
	p := newPrinter(env)
	counts := map[imagecheck.Status]int{}
	for i, v := range r.verdicts {
		counts[v.Status]++
		p.imageRow(v, r.items[i].UsedBy())
	}
	for _, name := range r.stale {
		p.line("%s", p.color(yellow, "stale  ")+name+" is in the lock file and nothing uses it")
	}
	for _, s := range r.skipped {
		p.line("%s", p.color(grey, fmt.Sprintf("not looked into: %s: %s", strings.Trim(s.Env+"/"+s.Component, "/"), firstLine(s.Reason))))
	}
	for _, pin := range r.pins {
		p.pinRow(pin, o.write)
	}
	p.line("%s: %d pass, %d fail, %d undetermined; %s", plural(len(r.verdicts), "image"), counts[imagecheck.Pass], counts[imagecheck.Fail],
		counts[imagecheck.Errored], plural(r.requests, "request"))
	return p.err
}

func (p *printer) imageRow(v imagecheck.Verdict, usedBy []string) {
	var platforms []string
	for _, one := range v.Platforms {
		platforms = append(platforms, one.String())
	}
	p.line("%s  %s  %s", p.color(statusColor(v.Status), fmt.Sprintf("%-5s", v.Status)), v.Image, strings.Join(platforms, ","))
	for _, i := range v.Issues {
		word, color := "error", red
		if i.Severity == imagecheck.WarningSeverity {
			word, color = "warning", yellow
		}
		p.line("       %s %s: %s", p.color(color, word), i.Check, i.Message)
		if i.Hint != "" {
			p.line("         %s", p.color(grey, "hint: "+i.Hint))
		}
	}
	if v.Status == imagecheck.Pass {
		return
	}
	for _, where := range usedBy {
		p.line("       %s", p.color(grey, "used by "+where))
	}
}

func (p *printer) pinRow(pin images.Pin, written bool) {
	p.line("%s  %s", p.color(cyan, "pin  "), pin.Pinned)
	verb := "would be written to "
	if written {
		verb = "written to "
	}
	for _, where := range pin.Places {
		p.line("       %s%s", verb, where)
	}
	for _, where := range pin.Manual {
		p.line("       edit by hand: %s", where)
	}
}

func statusColor(s imagecheck.Status) string {
	switch s {
	case imagecheck.Pass:
		return green
	case imagecheck.Fail:
		return red
	}
	return yellow
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// progress is one line on a terminal that says how far a run is; nothing anywhere else, and nothing in the first second.
type progress struct {
	env   Env
	total int
	done  int
	start time.Time
	shown bool
}

func newProgress(env Env, total int) *progress {
	return &progress{env: env, total: total, start: env.Now()}
}

func (p *progress) step(image string) {
	p.done++
	if !p.env.ErrTTY || p.env.Now().Sub(p.start) < time.Second {
		return
	}
	p.shown = true
	fmt.Fprintf(p.env.Err, "\r\033[K%d/%d %s", p.done, p.total, image)
}

func (p *progress) end() {
	if p.shown {
		fmt.Fprint(p.env.Err, "\r\033[K")
	}
}
