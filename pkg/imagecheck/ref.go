package imagecheck

import (
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/opencontainers/go-digest"

	"github.com/ameideio/ameide/pkg/lazy"
)

// Ref is an image reference. Unlike most parsers it keeps the tag beside a digest, because the platform's policy is about
// both.
type Ref struct {
	Original string // as it was written
	Tag      string // empty when none was written
	Digest   string // algorithm:hex; empty when none was written

	repo name.Repository
}

var tagFormat = lazy.Regexp(`^[A-Za-z0-9_.-]{1,128}$`)

// ParseRef reads [registry/]repository[:tag][@digest]. A registry may have a port and may be an IPv6 address in brackets.
// The error names what is wrong with which part and has a hint.
func ParseRef(s string) (Ref, error) {
	if scheme, _, ok := strings.Cut(s, "://"); ok && (scheme == "http" || scheme == "https") {
		return Ref{}, badRef(s, "an image reference has no URL scheme", "write it without "+scheme+"://")
	}
	r := Ref{Original: s}
	rest, dgst, pinned := strings.Cut(s, "@")
	if pinned {
		if err := digest.Digest(dgst).Validate(); err != nil {
			return Ref{}, badRef(s, fmt.Sprintf("digest %q: %v", dgst, err), "a digest is sha256: and 64 hexadecimal digits in lower case")
		}
		r.Digest = dgst
	}
	if i := strings.LastIndexByte(rest, ':'); i >= 0 && !strings.Contains(rest[i:], "/") {
		rest, r.Tag = rest[:i], rest[i+1:]
		if !tagFormat().MatchString(r.Tag) {
			return Ref{}, badRef(s, fmt.Sprintf("tag %q is not 1 to 128 letters, digits, dots, dashes or underscores", r.Tag), "")
		}
	}
	repo, err := name.NewRepository(rest)
	if err != nil {
		return Ref{}, badRef(s, err.Error(), "a repository is in lower case; write [registry/]repository[:tag][@digest]")
	}
	r.repo = repo
	return r, nil
}

func badRef(s, problem, hint string) error {
	return &Error{Kind: BadReference, Image: s, Err: fmt.Errorf("%s", problem), hint: hint}
}

// String is the reference as it was written.
func (r Ref) String() string { return r.Original }

// Registry is the host, with its port if it has one, that serves the image; docker.io is index.docker.io.
func (r Ref) Registry() string { return r.repo.RegistryStr() }

// Repository is the path below the registry; library/ is added for Docker Hub's official images.
func (r Ref) Repository() string { return r.repo.RepositoryStr() }

// Pinned tells whether the reference names content and not a label that may move.
func (r Ref) Pinned() bool { return r.Digest != "" }

// identifier is what the registry is asked for: the digest if there is one.
func (r Ref) identifier() string {
	switch {
	case r.Digest != "":
		return r.Digest
	case r.Tag != "":
		return r.Tag
	}
	return name.DefaultTag
}

// Floating is the tag that is made to move (latest, main, dev, …), also beside a digest; no tag and no digest is latest.
// It is empty for a version tag or a digest alone.
func (r Ref) Floating() string {
	if r.Tag == "" && r.Digest == "" {
		return name.DefaultTag
	}
	switch strings.ToLower(r.Tag) {
	case "latest", "main", "master", "dev", "develop", "development", "edge", "nightly", "next", "stable", "head", "trunk", "canary", "snapshot":
		return r.Tag
	}
	return ""
}

// WithDigest is the reference pinned to a digest: the tag stays unless it floats.
func (r Ref) WithDigest(dgst string) string {
	base, _, _ := strings.Cut(r.Original, "@")
	if r.Floating() != "" && r.Tag != "" {
		base = strings.TrimSuffix(base, ":"+r.Tag)
	}
	return base + "@" + dgst
}
