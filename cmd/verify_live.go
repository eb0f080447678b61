package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/ameideio/ameide/pkg/dbops"
	"github.com/ameideio/ameide/pkg/imagecheck"
	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/live"
	"github.com/ameideio/ameide/pkg/verify"
	"github.com/ameideio/ameide/templates"
)

// liveTimeout is how long all environments together may take unless --timeout says otherwise.
const liveTimeout = 30 * time.Second

// verifyLive is the part of verify that looks at running environments, only with --live.
type verifyLive struct {
	kubeFlags
	live     bool
	rendered string
	resolve  []string
}

func (v *verifyLive) register(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&v.live, "live", false, "also look at the environments of --env as they run (reads only)")
	f.StringVar(&v.rendered, "rendered", "", "with --live: the portal's objects as Helm rendered them, in place of a checkout (in a Pod); only what runs is looked at")
	f.StringArrayVar(&v.resolve, "resolve", nil, "connect to ADDRESS for a public HOST:PORT, as HOST:PORT:ADDRESS (repeatable), where DNS does not know it yet")
	v.kubeFlags.register(c)
	f.Lookup("timeout").Usage = fmt.Sprintf("with --images the longest time for one image (default %s, with --deep %s); with --live for everything that runs (default %s)", imageTimeout, deepTimeout, liveTimeout)
}

// refuse refuses flags and rules that need --live without it.
func (v *verifyLive) refuse(o verifyOptions) error {
	if !v.live {
		if v.rendered != "" {
			return usage(errors.New("--rendered is held against what runs"), "add --live --env ENV")
		}
		for _, id := range o.rules {
			if strings.HasPrefix(id, live.Area) {
				return usage(fmt.Errorf("rule %q looks at a running environment", id), "add --live --env ENV")
			}
		}
		return nil
	}
	if len(o.envs) == 0 {
		return usage(errors.New("--live needs --env"), "name the environments to look at, for example --env dev")
	}
	if v.rendered != "" && len(o.envs) > 1 {
		return usage(errors.New("--rendered is one environment"), "name it alone with --env")
	}
	if v.context != "" && len(o.envs) > 1 {
		return usage(errors.New("--context names one cluster for several environments"), "leave it out: the spec names each environment's kubeContext")
	}
	_, err := parseResolve(v.resolve)
	return err
}

// infos are the rules of a run, for formats that list them.
func (v *verifyLive) infos() []verify.RuleInfo {
	if !v.live {
		return nil
	}
	return live.RuleInfos()
}

// look is a look at the environments, under way.
type look struct {
	answers map[string]func() (live.Look, error)
	envs    []string
}

// begin starts to look at every environment, beside the offline checks; nil without --live.
func (v *verifyLive) begin(ctx context.Context, env Env, loaded *verify.Tree, f registryFlags) (*look, error) {
	if !v.live {
		return nil, nil
	}
	means, err := v.means(env, f)
	if err != nil {
		return nil, err
	}
	l := &look{answers: map[string]func() (live.Look, error){}}
	for _, e := range loaded.Envs {
		at := sync.OnceValues(func() (live.Look, error) { return v.at(ctx, env, means, e, loaded) })
		go func() { _, _ = at() }()
		l.envs, l.answers[e.Name] = append(l.envs, e.Name), at
	}
	return l, nil
}

// at looks at one environment.
func (v *verifyLive) at(ctx context.Context, env Env, m live.Means, e *verify.Env, loaded *verify.Tree) (live.Look, error) {
	declared, err := live.Declare(e, &loaded.Spec.Spec)
	if err != nil {
		return live.Look{}, &verify.Unseen{Reason: err.Error(), Issues: []verify.Issue{{
			Resource: "environment " + e.Name, Actual: "there is nothing to hold it against: " + err.Error(),
		}}}
	}
	name := v.context
	if name == "" {
		name = e.KubeContext
	}
	cluster, err := v.open(env, name)
	if err != nil {
		return live.Look{}, unseen("the cluster cannot be asked", err)
	}
	m.Cluster, m.InCluster = cluster, cluster.InCluster()
	m.Context = cluster.Context()
	return live.Look{Declared: declared, Snapshot: live.Read(ctx, m, declared)}, nil
}

// unseen is an error that leaves a whole environment unseen.
func unseen(what string, err error) error {
	i := verify.Issue{Resource: "Kubernetes API", Actual: what + ": " + err.Error()}
	var h hinter
	if errors.As(err, &h) {
		i.Hint = h.Hint()
	}
	return &verify.Unseen{Reason: i.Actual, Issues: []verify.Issue{i}}
}

// means are credentials from the environment, and the way to public hosts.
func (v *verifyLive) means(env Env, f registryFlags) (live.Means, error) {
	m := live.Means{Now: env.Now(), Keycloak: keycloak.Config{ClientID: env.getenv("KEYCLOAK_CLIENT_ID"), User: env.getenv("KEYCLOAK_ADMIN_USER")}}
	m.User.Name = env.getenv("AMEIDE_PROOF_USER")
	var errs [4]error
	m.Keycloak.ClientSecret, errs[0] = env.secret("KEYCLOAK_CLIENT_SECRET")
	m.Keycloak.Password, errs[1] = env.secret("KEYCLOAK_ADMIN_PASSWORD")
	m.VaultToken, errs[2] = env.secret("VAULT_TOKEN")
	m.User.Password, errs[3] = env.secret("AMEIDE_PROOF_PASSWORD")
	if err := errors.Join(errs[:]...); err != nil {
		return m, usage(err, "")
	}
	if m.Keycloak.ClientID == "" {
		m.Keycloak.ClientID = "keycloak-admin-sa"
	}
	var err error
	if m.Registry, err = registryOptions(env, f); err != nil {
		return m, err
	}
	if m.Scripts, err = dbops.LoadScripts(templates.GitOps()); err != nil {
		return m, err
	}
	m.Public, err = v.transport()
	return m, err
}

// registryOptions are how registries are asked for the image's platforms.
func registryOptions(env Env, f registryFlags) (imagecheck.Options, error) {
	mirrors, err := f.table()
	if err != nil {
		return imagecheck.Options{}, err
	}
	keys, err := f.keychain()
	return imagecheck.Options{Keychain: keys, Mirrors: mirrors, UserAgent: "ameide/" + orUnknown(env.Build.Version)}, err
}

// transport is the way to the portal's host and the issuer.
func (v *verifyLive) transport() (http.RoundTripper, error) {
	table, err := parseResolve(v.resolve)
	if err != nil {
		return nil, err
	}
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport, nil
	}
	t = t.Clone()
	t.DialContext = resolving(table)
	return t, nil
}

// rules are those that look at running environments; none without --live.
func (l *look) rules() []verify.Rule {
	if l == nil {
		return nil
	}
	return live.Rules(func(env string) (live.Look, error) { return l.answers[env]() })
}

// complete adds to a report what runs beside what is declared.
func (l *look) complete(r *verify.Report) {
	if l == nil {
		return
	}
	for _, env := range l.envs {
		if seen, err := l.answers[env](); err == nil {
			r.Environments = append(r.Environments, live.Summarize(seen, r.Checks))
		}
	}
}

// within is the time that the whole look may take.
func (v *verifyLive) within(ctx context.Context, f registryFlags) (context.Context, context.CancelFunc) {
	if !v.live {
		return ctx, func() {}
	}
	timeout := f.timeout
	if timeout == 0 {
		timeout = liveTimeout
	}
	return context.WithTimeout(ctx, timeout)
}

// unseenOutcome is the exit of a run in which something could not be looked at.
func unseenOutcome(r verify.Report) error {
	if n := r.Unseen(); n > 0 {
		return unavailable(fmt.Errorf("%s could not see everything", plural(n, "check")), "the report names what each lacks")
	}
	return nil
}
