package imagecheck

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Status is the verdict on an image.
type Status string

// The verdicts. An Error image could not be determined.
const (
	Pass    Status = "PASS"
	Fail    Status = "FAIL"
	Errored Status = "ERROR"
)

// Severity of an issue: an ErrorSeverity fails the image.
type Severity string

// The severities.
const (
	ErrorSeverity   Severity = "error"
	WarningSeverity Severity = "warning"
)

// The checks, as issues name them.
const (
	CheckPlatform = "image/platform" // an image for every platform
	CheckLie      = "image/lie"      // the image for a platform is really for it
	CheckLayout   = "image/layout"   // the image is built as the chart takes it to be
	CheckFloating = "image/floating" // no tag that is made to move
	CheckPinned   = "image/pinned"   // the digest of the index
	CheckLock     = "image/lock"     // the lock file is what the registry says
	CheckRead     = "image/read"     // something could be determined
)

// Issue is one finding about an image.
type Issue struct {
	Check    string   `json:"check"`
	Severity Severity `json:"severity"`
	Platform string   `json:"platform,omitempty"`
	Message  string   `json:"message"`
	Hint     string   `json:"hint,omitempty"`
}

// Layout is how an image must be built to fit its chart.
type Layout struct {
	Name    string   // as the chart calls it
	Workdir string   // working directory
	Users   []string // that are the same to the image: a name and its number; empty compares nothing
	Program string   // argument that starts the application, for example packages/backend
	InCmd   bool     // CMD holds the Program, so that the chart may replace it; otherwise ENTRYPOINT does
}

// Want is what an image is held against.
type Want struct {
	Platforms []Platform
	Layouts   []Layout
	Deep      bool // programs were asked for
}

// Verdict is what is known and wrong about an image.
type Verdict struct {
	Image     string     `json:"image"`
	Digest    string     `json:"digest"`
	Platforms []Platform `json:"platforms"`
	Missing   []Platform `json:"missing"`
	Status    Status     `json:"status"`
	Layout    string     `json:"layout,omitempty"` // working directory, when the config was read
	Pinned    bool       `json:"pinned"`           // to the digest of an index, or of an image that has none
	Issues    []Issue    `json:"issues"`
	Err       *Error     `json:"-"` // why the status is ERROR; nil otherwise
}

// Check judges facts. It is pure: the same facts and wants give the same verdict.
func Check(ref Ref, f *Facts, w Want) Verdict {
	v := Verdict{Image: ref.Original, Digest: f.Digest, Platforms: f.platforms(), Missing: []Platform{}, Issues: []Issue{}, Pinned: ref.Pinned()}
	v.platforms(f, w)
	v.lies(f)
	v.machines(f, w)
	v.layouts(f, w)
	v.pin(ref, f, w)
	v.settle()
	return v
}

// Undetermined is the verdict on an image about which nothing could be found out. What the reference itself tells is
// still said.
func Undetermined(image string, err error) Verdict {
	e := classify(image, err)
	v := Verdict{Image: image, Platforms: []Platform{}, Missing: []Platform{}, Issues: []Issue{}, Status: Errored, Err: e}
	v.add(Issue{Check: CheckRead, Severity: ErrorSeverity, Message: fmt.Sprintf("%s: %v", e.Kind, e.Err), Hint: e.Hint()})
	if ref, err := ParseRef(image); err == nil {
		v.Pinned = ref.Pinned()
		v.floating(ref)
	}
	return v
}

func (v *Verdict) add(i Issue) { v.Issues = append(v.Issues, i) }

// Note adds an issue to a verdict and settles its status again.
func (v *Verdict) Note(i Issue) {
	v.add(i)
	v.settle()
}

func (v *Verdict) settle() {
	if v.Status == Errored {
		return
	}
	v.Status = Pass
	if slices.ContainsFunc(v.Issues, func(i Issue) bool { return i.Severity == ErrorSeverity }) {
		v.Status = Fail
	}
}

func (v *Verdict) platforms(f *Facts, w Want) {
	for _, p := range w.Platforms {
		if f.child(p) != nil || slices.Contains(v.Missing, p) {
			continue
		}
		v.Missing = append(v.Missing, p)
		v.add(Issue{
			Check: CheckPlatform, Severity: ErrorSeverity, Platform: p.String(),
			Message: fmt.Sprintf("no image for %s, only %s", p, list(v.Platforms)),
			Hint:    "use a tag whose index has it, build it for " + p.String() + ", or copy the whole index to your mirror (crane copy, skopeo copy --all)",
		})
	}
}

// lies compares what images say with what they are, as far as manifests and configs tell.
func (v *Verdict) lies(f *Facts) {
	for i, original := range liars(f) {
		c := f.Images[i]
		if original >= 0 {
			v.add(Issue{
				Check: CheckLie, Severity: ErrorSeverity, Platform: c.Platform.String(),
				Message: fmt.Sprintf("the image for %s has the very layers of the one for %s", c.Platform, f.Images[original].Platform),
				Hint:    "its build packed the wrong files; look at the program with --deep and build it again",
			})
			continue
		}
		if c.Config != nil && c.Config.Platform.known() && (c.Config.Platform.OS != c.Platform.OS || c.Config.Platform.Arch != c.Platform.Arch) {
			v.add(Issue{
				Check: CheckLie, Severity: ErrorSeverity, Platform: c.Platform.String(),
				Message: fmt.Sprintf("the index says %s, the image's own config says %s", c.Platform, c.Config.Platform),
				Hint:    "build the index again from images that were built for their platforms",
			})
		}
	}
}

// machines compares the programs' ELF headers with the platform.
func (v *Verdict) machines(f *Facts, w Want) {
	if !w.Deep {
		return
	}
	for _, c := range f.Images {
		if c.Broken != "" {
			v.add(Issue{
				Check: CheckRead, Severity: ErrorSeverity, Platform: c.Platform.String(),
				Message: fmt.Sprintf("the image for %s cannot be unpacked: %s", c.Platform, c.Broken),
				Hint:    (&Error{Kind: Corrupt}).Hint(),
			})
		}
		if c.DeepError != "" {
			v.add(Issue{
				Check: CheckLie, Severity: WarningSeverity, Platform: c.Platform.String(),
				Message: "the program could not be examined: " + c.DeepError,
			})
		}
		for _, p := range c.Programs {
			if slices.Contains(p.Machines, c.Platform.Arch) {
				continue
			}
			v.add(Issue{
				Check: CheckLie, Severity: ErrorSeverity, Platform: c.Platform.String(),
				Message: fmt.Sprintf("the image for %s starts %s, which is a program for %s", c.Platform, p.route(), p.machine()),
				Hint:    "it ends in exec format error or runs under emulation; build it for " + c.Platform.Arch,
			})
		}
	}
}

func (p Program) route() string {
	if len(p.Via) == 0 {
		return p.Path
	}
	return p.Via[0] + " by " + p.Path
}

func (p Program) machine() string {
	if len(p.Machines) == 0 {
		return p.Raw
	}
	return p.Machines[0]
}

// layouts compares the config with how the chart takes the image to be built.
func (v *Verdict) layouts(f *Facts, w Want) {
	config := f.config(w.Platforms)
	if config == nil {
		return
	}
	v.Layout = config.WorkingDir
	for _, l := range w.Layouts {
		for _, problem := range l.problems(config) {
			problem.Check = CheckLayout
			v.add(problem)
		}
	}
}

// config is that of the first wanted platform whose config was read.
func (f *Facts) config(wanted []Platform) *Config {
	for _, p := range wanted {
		if c := f.child(p); c != nil && c.Config != nil {
			return c.Config
		}
	}
	for _, c := range f.Images {
		if c.Config != nil {
			return c.Config
		}
	}
	return nil
}

func (l Layout) problems(c *Config) []Issue {
	var out []Issue
	hint := "set the layout that the image is built for, or use an image of layout " + l.Name
	if l.Workdir != "" && path.Clean("/"+c.WorkingDir) != path.Clean(l.Workdir) {
		out = append(out, Issue{Severity: ErrorSeverity, Message: fmt.Sprintf("the image works in %s, layout %s takes it to work in %s", orRoot(c.WorkingDir), l.Name, l.Workdir), Hint: hint})
	}
	if p := l.started(c); p != "" {
		out = append(out, Issue{Severity: ErrorSeverity, Message: p, Hint: hint})
	}
	user, _, _ := strings.Cut(c.User, ":")
	if len(l.Users) > 0 && !slices.Contains(l.Users, user) {
		out = append(out, Issue{
			Severity: WarningSeverity, Message: fmt.Sprintf("the image runs as %s, layout %s runs it as %s", orUser(user), l.Name, l.Users[0]),
			Hint: "its files must be readable and its working directory usable for that user",
		})
	}
	return out
}

// started says what is wrong about where the program is named.
func (l Layout) started(c *Config) string {
	inEntrypoint, inCmd := names(c.Entrypoint, l.Program), names(c.Cmd, l.Program)
	switch {
	case l.Program == "" || l.InCmd && inCmd || !l.InCmd && inEntrypoint:
		return ""
	case l.InCmd && inEntrypoint:
		return fmt.Sprintf("ENTRYPOINT starts %s, layout %s takes CMD to do it", l.Program, l.Name)
	case !l.InCmd && inCmd:
		return fmt.Sprintf("CMD starts %s, layout %s takes ENTRYPOINT to do it", l.Program, l.Name)
	}
	return fmt.Sprintf("neither ENTRYPOINT nor CMD starts %s, as layout %s takes it", l.Program, l.Name)
}

func names(argv []string, program string) bool {
	return slices.ContainsFunc(argv, func(a string) bool { return slices.Contains(strings.Fields(a), program) })
}

func orRoot(dir string) string {
	if dir == "" {
		return "/"
	}
	return dir
}

func orUser(user string) string {
	if user == "" {
		return "root"
	}
	return user
}

// pin holds the reference against the policy: no floating tag, the digest of the index.
func (v *Verdict) pin(ref Ref, f *Facts, w Want) {
	v.floating(ref)
	switch {
	case !ref.Pinned():
		v.add(Issue{Check: CheckPinned, Severity: WarningSeverity, Message: "the tag may be moved to other content", Hint: "pin it: " + ref.WithDigest(f.Digest)})
	case f.TagDigest != "":
		v.Pinned = false
		v.add(Issue{
			Check: CheckPinned, Severity: ErrorSeverity, Message: fmt.Sprintf("the digest is that of one image (%s) inside the index that tag %s names", list(v.Platforms), ref.Tag),
			Hint: "pin the index: " + ref.WithDigest(f.TagDigest),
		})
	case !f.Index && len(w.Platforms) > 1:
		v.add(Issue{
			Check: CheckPinned, Severity: WarningSeverity, Message: "the digest names one platform's image, not an index",
			Hint: "publish an index for all platforms and pin its digest",
		})
	}
}

func (v *Verdict) floating(ref Ref) {
	tag := ref.Floating()
	if tag == "" {
		return
	}
	what := "tag " + tag + " is made to move"
	if ref.Tag == "" {
		what = "without a tag it is latest, which is made to move"
	}
	if ref.Pinned() {
		what += "; the policy refuses it even beside a digest"
	}
	v.add(Issue{Check: CheckFloating, Severity: ErrorSeverity, Message: what, Hint: "name a version"})
}

func list(platforms []Platform) string {
	if len(platforms) == 0 {
		return "nothing that runs"
	}
	var out []string
	for _, p := range platforms {
		out = append(out, p.String())
	}
	return strings.Join(out, ", ")
}
