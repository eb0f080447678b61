package imagecheck

import (
	"fmt"
	"regexp"
	"strings"
)

// Platform is an operating system, architecture and variant in the spelling of OCI (Go's GOOS and GOARCH).
type Platform struct {
	OS      string
	Arch    string
	Variant string // v7, v8, …; empty when nothing is said
}

var platformPart = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)

// ParsePlatform reads os/arch or os/arch/variant, for example linux/arm64/v8. Common other names (x86_64, aarch64) are
// understood.
func ParsePlatform(s string) (Platform, error) {
	parts := strings.Split(strings.TrimSpace(s), "/")
	if len(parts) < 2 || len(parts) > 3 {
		return Platform{}, fmt.Errorf("platform %q is not os/arch or os/arch/variant", s)
	}
	for _, part := range parts {
		if !platformPart.MatchString(strings.ToLower(part)) {
			return Platform{}, fmt.Errorf("platform %q is not os/arch or os/arch/variant", s)
		}
	}
	return newPlatform(parts[0], parts[1], strings.Join(parts[2:], "")), nil
}

// newPlatform normalises: aarch64 is arm64, arm64/v8 is arm64, amd64/v1 is amd64, arm is arm/v7, as containerd has it
// (github.com/containerd/platforms, normalizeArch).
func newPlatform(os, arch, variant string) Platform {
	p := Platform{strings.ToLower(os), strings.ToLower(arch), strings.ToLower(variant)}
	switch p.Arch {
	case "x86_64", "x86-64":
		p.Arch = "amd64"
	case "i386", "i486", "i586", "i686":
		p.Arch = "386"
	case "aarch64":
		p.Arch = "arm64"
	case "armhf":
		p.Arch, p.Variant = "arm", "v7"
	case "armel":
		p.Arch, p.Variant = "arm", "v6"
	}
	switch {
	case p.Arch == "arm64" && (p.Variant == "v8" || p.Variant == "8"), p.Arch == "amd64" && p.Variant == "v1":
		p.Variant = ""
	case p.Arch == "arm" && p.Variant == "":
		p.Variant = "v7"
	case p.Arch == "arm" && len(p.Variant) == 1:
		p.Variant = "v" + p.Variant
	}
	return p
}

// String is os/arch or os/arch/variant.
func (p Platform) String() string {
	s := p.OS + "/" + p.Arch
	if p.Variant != "" {
		s += "/" + p.Variant
	}
	return s
}

// MarshalText writes the platform as String does.
func (p Platform) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (p *Platform) UnmarshalText(text []byte) error {
	parsed, err := ParsePlatform(string(text))
	if err == nil {
		*p = parsed
	}
	return err
}

// Runs tells whether an image for p runs on a node that is node: the same operating system and architecture, and no
// higher variant than the node's. A node without a variant is the baseline of its architecture: arm64 is v8, amd64 is v1.
func (p Platform) Runs(node Platform) bool {
	if p.OS != node.OS || p.Arch != node.Arch {
		return false
	}
	if p.Variant == node.Variant || p.Variant == "" {
		return true
	}
	return node.Variant != "" && variantLess(p.Variant, node.Variant)
}

// variantLess orders v6 before v7 and v8 before v8.1 and v9.
func variantLess(a, b string) bool {
	a, b = strings.TrimPrefix(a, "v"), strings.TrimPrefix(b, "v")
	if len(a) != len(b) && !strings.Contains(a+b, ".") {
		return len(a) < len(b)
	}
	return a < b
}

// known tells whether a manifest says enough to be a platform.
func (p Platform) known() bool {
	return p.OS != "" && p.Arch != "" && p.OS != "unknown" && p.Arch != "unknown"
}
