package live

import (
	"context"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/ameideio/ameide/pkg/imagecheck"
)

// image asks the registry, with the namespace's pull secret, for the platforms of the declared image. Where it does not
// answer, the spec's platforms stand in, and say so.
func (r *reader) image(ctx context.Context) (Image, error) {
	facts, err := r.registry(ctx)
	if err != nil {
		return r.declaredImage(err)
	}
	out := Image{Digests: []string{facts.Digest}}
	for _, c := range facts.Images {
		out.Platforms, out.Digests = append(out.Platforms, c.Platform), append(out.Digests, c.Digest)
	}
	return out, nil
}

func (r *reader) registry(ctx context.Context) (*imagecheck.Facts, error) {
	parsed, err := imagecheck.ParseRef(r.declared.Image())
	if err != nil {
		return nil, err
	}
	options := r.Registry
	options.Keychain = r.keychain(ctx, options.Keychain)
	options.Timeout, options.Tries = answerTime, 2
	return imagecheck.NewClient(options).Read(ctx, parsed, imagecheck.Need{})
}

// keychain is the user's own, then the pull secrets of the namespace as far as they can be read.
func (r *reader) keychain(ctx context.Context, own authn.Keychain) authn.Keychain {
	var chains []authn.Keychain
	if own != nil {
		chains = append(chains, own)
	}
	for _, n := range r.declared.PullSecrets() {
		s, err := r.secrets[n].value(ctx, "Secret/"+n)
		if err != nil {
			continue // live/secrets says so
		}
		if keys, err := imagecheck.PullSecret([]byte(s.Values[".dockerconfigjson"].Reveal())); err == nil {
			chains = append(chains, keys)
		}
	}
	return authn.NewMultiKeychain(chains...)
}

func (r *reader) declaredImage(cause error) (Image, error) {
	out := Image{Declared: cause.Error()}
	for _, p := range r.declared.Spec.ImageOf(r.declared.Env).Platforms {
		platform, err := imagecheck.ParsePlatform(p)
		if err != nil {
			return out, err
		}
		out.Platforms = append(out.Platforms, platform)
	}
	return out, nil
}
