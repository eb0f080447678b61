package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/spf13/cobra"

	"github.com/ameideio/ameide/pkg/imagecheck"
	"github.com/ameideio/ameide/pkg/images"
	"github.com/ameideio/ameide/pkg/verify"
)

type checkImageOptions struct {
	treeFlags
	registryFlags
	kube      kubeFlags
	platforms []string
	format    string
	json      bool
	pin       bool
	write     bool
}

// registryFlags are the flags of every command that asks registries.
type registryFlags struct {
	deep       bool
	jobs       int
	timeout    time.Duration
	mirrors    []string
	pullSecret string
	lockFile   string
	offline    bool
	updateLock bool
	cluster    authn.Keychain // pull secrets of clusters; nil when none is asked
}

const (
	imageTimeout = 30 * time.Second
	deepTimeout  = 10 * time.Minute
)

func newCheckImageCmd(env Env) *cobra.Command {
	var o checkImageOptions
	c := &cobra.Command{
		Use:   "check-image [IMAGE ...]",
		Short: "Tell whether images run on the platforms that we run on",
		Long: `Ask the registries whether images run where they are to run: the images named, or every image that the GitOps tree
will run (all containers of every rendered environment, and the image fields of custom resources).

An index takes one request, a single image two. With --deep the layers are streamed until the program that the image
starts is found, and its machine is read out of it: a manifest that says arm64 can lie.

Left alone: everything, but the values with --pin --write and the lock file with --update-lock. Credentials are those of
Docker's config and its credential helpers; with --env, for a registry that they do not know, the pull secret of the
environment's namespace, where the kubeconfig has its context. Exit 1 when an image lacks a platform or breaks a rule, 3 when nothing could
be determined about one.`,
		Example: `  ameide platform backstage check-image quay.io/janus-idp/backstage-showcase:1.5.1
  ameide platform backstage check-image --gitops-root ../ameide-gitops --env production --deep
  ameide platform backstage check-image --offline --json      # in CI, against the lock file
  ameide platform backstage check-image --pin                 # add --write to splice the digests into the values`,
		RunE: func(c *cobra.Command, args []string) error { return runCheckImage(c.Context(), env, o, args) },
	}
	o.treeFlags.register(c)
	o.registryFlags.register(c)
	o.kube.register(c)
	f := c.Flags()
	f.StringSliceVar(&o.platforms, "platform", nil, "platforms that must be there, as os/arch[/variant] (default linux/amd64,linux/arm64; for a tree the nodes' of each environment)")
	f.StringVar(&o.format, "format", "text", "text, json or sarif")
	f.BoolVar(&o.json, "json", false, "print one JSON document (= --format json)")
	f.BoolVar(&o.pin, "pin", false, "also print the digest for every image that only has a tag")
	f.BoolVar(&o.write, "write", false, "with --pin, write the digests into the values")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json", "sarif"}, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("platform", cobra.FixedCompletions([]string{"linux/amd64", "linux/arm64"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (f *registryFlags) register(c *cobra.Command) {
	p := c.Flags()
	p.BoolVar(&f.deep, "deep", false, "read the machine of the program that each image starts")
	p.IntVar(&f.jobs, "jobs", 8, "images asked about at once")
	p.DurationVar(&f.timeout, "timeout", 0, fmt.Sprintf("longest time for one image, waiting for rate limits included (default %s, with --deep %s)", imageTimeout, deepTimeout))
	p.StringArrayVar(&f.mirrors, "mirror", nil, "pull REGISTRY[/PATH] from elsewhere: REGISTRY[/PATH]=HOST[/PATH] or =https://HOST/PATH (repeatable)")
	p.StringVar(&f.pullSecret, "pull-secret", "", "file with the .dockerconfigjson of the cluster's image pull secret, for what Docker's own config does not know")
	p.StringVar(&f.lockFile, "image-lock", "", "lock file of what registries said (default <gitops-root>/"+imagecheck.LockName+" when present)")
	p.BoolVar(&f.offline, "offline", false, "ask no registry, answer from the lock file")
	p.BoolVar(&f.updateLock, "update-lock", false, "write what registries said to the lock file")
	_ = c.MarkFlagFilename("image-lock", "lock")
	_ = c.MarkFlagFilename("pull-secret")
}

// check refuses flags that contradict each other.
func (o *checkImageOptions) check(args []string) ([]imagecheck.Platform, error) {
	if o.json {
		o.format = "json"
	}
	switch {
	case !slices.Contains([]string{"text", "json", "sarif"}, o.format):
		return nil, usage(fmt.Errorf("unknown format %q", o.format), "use text, json or sarif")
	case o.write && !o.pin:
		return nil, usage(errors.New("--write without --pin"), "--pin --write splices digests into the values")
	case o.write && len(args) > 0:
		return nil, usage(errors.New("--write with images on the command line"), "leave the images out: the tree's values are written")
	case o.write && o.offline:
		return nil, usage(errors.New("--write with --offline"), "a digest is taken from the registry")
	}
	if err := o.registryFlags.check(); err != nil {
		return nil, err
	}
	platforms := make([]imagecheck.Platform, 0, len(o.platforms))
	for _, text := range o.platforms {
		p, err := imagecheck.ParsePlatform(text)
		if err != nil {
			return nil, usage(err, "for example linux/arm64")
		}
		platforms = append(platforms, p)
	}
	return platforms, nil
}

func (f *registryFlags) check() error {
	switch {
	case f.offline && f.updateLock:
		return usage(errors.New("--update-lock with --offline"), "the lock file is made of what registries say")
	case f.jobs < 1:
		return usage(fmt.Errorf("--jobs %d", f.jobs), "at least one")
	case f.timeout < 0:
		return usage(fmt.Errorf("--timeout %s", f.timeout), "a time such as 30s")
	}
	_, err := f.table()
	return err
}

func (f *registryFlags) table() (imagecheck.Mirrors, error) {
	var table imagecheck.Mirrors
	for _, text := range f.mirrors {
		m, err := imagecheck.ParseMirror(text)
		if err != nil {
			return nil, usage(err, "for example --mirror docker.io=harbor.example.com/dockerhub")
		}
		table = append(table, m)
	}
	return table, nil
}

// client is the registry client that the flags describe.
func (f *registryFlags) client(env Env) (*imagecheck.Client, error) {
	mirrors, err := f.table()
	if err != nil {
		return nil, err
	}
	keys, err := f.keychain()
	if err != nil {
		return nil, err
	}
	timeout := f.timeout
	switch {
	case timeout == 0 && f.deep:
		timeout = deepTimeout
	case timeout == 0:
		timeout = imageTimeout
	}
	return imagecheck.NewClient(imagecheck.Options{
		Keychain: keys, Mirrors: mirrors, Jobs: f.jobs, Timeout: timeout,
		UserAgent: "ameide/" + orUnknown(env.Build.Version),
	}), nil
}

// keychain is Docker's config with its helpers, then the pull secret, then those of clusters.
func (f *registryFlags) keychain() (authn.Keychain, error) {
	keys, err := f.given()
	if err != nil || f.cluster == nil {
		return keys, err
	}
	return authn.NewMultiKeychain(keys, f.cluster), nil
}

// given are the credentials of this machine.
func (f *registryFlags) given() (authn.Keychain, error) {
	if f.pullSecret == "" {
		return authn.DefaultKeychain, nil
	}
	data, err := os.ReadFile(f.pullSecret)
	if err != nil {
		return nil, usage(fmt.Errorf("read the pull secret: %w", err), "")
	}
	secret, err := imagecheck.PullSecret(data)
	if err != nil {
		return nil, usage(fmt.Errorf("%s: %w", f.pullSecret, err), "kubectl get secret NAME -o jsonpath='{.data.\\.dockerconfigjson}' | base64 -d")
	}
	return authn.NewMultiKeychain(authn.DefaultKeychain, secret), nil
}

// imageRun is what one call of check-image found out.
type imageRun struct {
	items    []images.Item
	verdicts []imagecheck.Verdict
	skipped  []images.Skipped
	stale    []string // entries of the lock file that nothing uses any more
	pins     []images.Pin
	requests int
	whole    bool // all of a tree's images were asked for
}

func runCheckImage(ctx context.Context, env Env, o checkImageOptions, args []string) error {
	platforms, err := o.check(args)
	if err != nil {
		return err
	}
	t, err := o.open()
	if err != nil {
		return err
	}
	defer t.root.Close()
	if o.write {
		if err := t.mustBeGitOps(); err != nil {
			return err
		}
	}
	run, err := planImages(env, t, o, args, platforms)
	if err != nil {
		return err
	}
	if !o.offline {
		if o.cluster, err = o.kube.pullSecrets(ctx, env, &t.spec.Spec, o.envs); err != nil {
			return err
		}
	}
	if err := run.ask(ctx, env, t, o.registryFlags); err != nil {
		return err
	}
	if o.pin {
		if err := run.pinned(t, o.write); err != nil {
			return err
		}
	}
	if err := printImages(env, t, o, run); err != nil {
		return err
	}
	return run.end()
}

// planImages decides what to ask: the named images, or the tree's.
func planImages(env Env, t *tree, o checkImageOptions, args []string, platforms []imagecheck.Platform) (*imageRun, error) {
	if len(args) > 0 {
		if len(platforms) == 0 {
			platforms = []imagecheck.Platform{{OS: "linux", Arch: "amd64"}, {OS: "linux", Arch: "arm64"}}
		}
		return &imageRun{items: images.Named(args, platforms, o.deep), skipped: []images.Skipped{}}, nil
	}
	scratch, err := os.MkdirTemp("", "ameide-check-image-")
	if err != nil {
		return nil, unavailable(fmt.Errorf("make a scratch directory: %w", err), "set TMPDIR to a writable directory")
	}
	defer os.RemoveAll(scratch)
	loaded, err := verify.Load(t.root.FS(), t.spec, verify.LoadOptions{Envs: t.envs, Scratch: scratch, Today: env.Now().Format("2006-01-02")})
	if err != nil {
		return nil, usage(err, "name images on the command line, or a GitOps checkout with --gitops-root")
	}
	uses, skipped := images.Collect(loaded, platforms)
	return &imageRun{items: images.Plan(uses, o.deep), skipped: skipped, whole: len(o.envs) == 0}, nil
}

// end is the exit code: 3 when nothing could be determined about an image, 1 when a rule is broken.
func (r *imageRun) end() error {
	var lost []*imagecheck.Error
	failed := false
	for _, v := range r.verdicts {
		if v.Err != nil {
			lost = append(lost, v.Err)
		}
		failed = failed || v.Status == imagecheck.Fail
	}
	switch {
	case len(lost) == 1:
		return unavailable(lost[0], "")
	case len(lost) > 1:
		return unavailable(fmt.Errorf("nothing could be determined about %d of %d images: %s, …", len(lost), len(r.verdicts), lost[0].Image), lost[0].Hint())
	case failed:
		return errFindings
	}
	return nil
}

// pinned decides which digests belong where, and writes them if asked to.
func (r *imageRun) pinned(t *tree, write bool) error {
	pins, edits, err := images.Pins(t.root.FS(), r.items, r.verdicts)
	if err != nil {
		return refused(err, "pin it by hand")
	}
	r.pins = pins
	if !write {
		return nil
	}
	if err := images.Apply(t.root, edits); err != nil {
		return unavailable(err, "")
	}
	return nil
}

func plural(n int, one string) string {
	if n == 1 {
		return fmt.Sprintf("%d %s", n, one)
	}
	return fmt.Sprintf("%d %ss", n, strings.TrimSuffix(one, "s"))
}
