package spec

// Runner says which program the hooks' own steps run.
type Runner string

const (
	// RunnerShell needs no further image: psql for locks, the platform's client patcher for OIDC clients.
	RunnerShell Runner = "shell"
	// RunnerAmeide runs this program in the cluster, for locks and for OIDC clients.
	RunnerAmeide Runner = "ameide"
)

// Hooks are the Jobs that run in the cluster before or during a sync.
type Hooks struct {
	Runner Runner    `yaml:"runner" doc:"shell: psql and the platform's client patcher; ameide: this program's image in their place." enum:"shell,ameide"`
	Image  HookImage `yaml:"image" doc:"Image of ameide, for runner ameide."`
}

// HookImage is the image of ameide. It has one layout and both platforms, so its reference is all that must be known.
type HookImage struct {
	Repository string `yaml:"repository" doc:"Registry and repository, without tag." rule:"repository"`
	Tag        string `yaml:"tag" doc:"Release, for people; the digest decides." rule:"tag"`
	Digest     string `yaml:"digest" doc:"sha256 digest of the image index; runner ameide needs it." rule:"digest"`
}

func defaultHooks() Hooks {
	return Hooks{Runner: RunnerShell, Image: HookImage{Repository: "ghcr.io/ameideio/ameide"}}
}

// checkHooks asks for a digest: what may write to Keycloak and Vault must not change under a tag.
func (d *decoder) checkHooks() {
	if h := d.spec.Hooks; h.Runner == RunnerAmeide && h.Image.Digest == "" {
		d.blame("hooks.image.digest", "take the digest of the image index from the registry or the release", "hooks.runner is ameide, and hooks.image.digest does not say which image")
	}
}
