package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ameideio/ameide/internal/heap"
	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/reconcile"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/vault"
)

// serviceAccountToken is where Kubernetes mounts a Pod's token.
const serviceAccountToken = "/var/run/secrets/kubernetes.io/serviceaccount/token" // #nosec G101 -- a path

type reconcileOptions struct {
	treeFlags
	clients      []string
	realms       []string
	values       string
	keycloakURL  string
	vaultAddress string
	vaultRole    string
	tokenFile    string
	timeout      time.Duration
	wait         time.Duration
	dryRun       bool
	check        bool
	adopt        bool
	rotate       bool
	factFormat
	kept  versionFlags
	kube  kubeFlags
	typed func(flag string) bool // it stands on the command line itself
}

func newReconcileCmd(env Env) *cobra.Command {
	var o reconcileOptions
	c := &cobra.Command{
		Use:   "reconcile",
		Short: "Bring OIDC clients from Git into Keycloak and their secrets into Vault",
		Long: `Create the clients that Git declares and Keycloak lacks, correct the fields that differ, and copy each client's secret
into Vault with check-and-set. Whatever is written is read back.

Left alone: fields that Git does not declare, other clients, other fields of a Vault entry. Nothing is ever deleted. A client
that ameide did not make is changed only with --adopt.

Credentials come from the environment, or from the file that the same name with _FILE gives: KEYCLOAK_CLIENT_ID (default
keycloak-admin-sa) and KEYCLOAK_CLIENT_SECRET of a service account in realm master; as a fallback KEYCLOAK_ADMIN_USER and
KEYCLOAK_ADMIN_PASSWORD; VAULT_TOKEN, or without it the Pod's ServiceAccount with a role of Vault's Kubernetes auth method.
Outside of a Pod, what is not given is found in the environment's cluster with your own rights: the client patcher's Secret,
a short-lived token of its ServiceAccount, and port-forwards to the Services of Keycloak and Vault.

Afterwards the clients that changed or were named are tried: discovery, authorization endpoint, and a whole login with
the user AMEIDE_PROOF_USER and AMEIDE_PROOF_PASSWORD if they are given. Exit 1 when that fails.`,
		Example: `  ameide platform backstage reconcile --env dev --dry-run
  ameide platform backstage reconcile --env dev --client backstage
  ameide platform backstage reconcile --env production --check --json
  ameide platform backstage reconcile --env dev --client backstage --rotate`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runReconcile(c.Context(), env, o) },
	}
	o.treeFlags.register(c)
	f := c.Flags()
	f.Lookup("env").Usage = "environment (exactly one)"
	f.StringSliceVar(&o.clients, "client", nil, "only this client (repeatable; default every client that the environment declares)")
	f.StringSliceVar(&o.realms, "realm", nil, "only this realm (repeatable; default every realm that the environment declares)")
	f.StringVar(&o.values, "values", "", "effective values of the realm component as Helm merged them, in place of a checkout (in a Pod)")
	f.StringVar(&o.keycloakURL, "keycloak-url", "", "Keycloak's base URL (default the part of the environment's issuer before /realms/)")
	f.StringVar(&o.vaultAddress, "vault-address", "", "Vault's address (default the environment's vaultAddress)")
	f.StringVar(&o.vaultRole, "vault-role", "", "role of Vault's Kubernetes auth method (default clientPatcher.vault.authRole)")
	f.StringVar(&o.tokenFile, "service-account-token", serviceAccountToken, "file with the ServiceAccount's token for Vault")
	f.DurationVar(&o.timeout, "timeout", 15*time.Second, "for one request")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would change and change nothing")
	f.BoolVar(&o.check, "check", false, "change nothing; exit 1 if something would")
	f.BoolVar(&o.adopt, "adopt", false, "change clients that ameide did not make, and own them from then on")
	f.BoolVar(&o.rotate, "rotate", false, "make a new secret for each --client")
	f.DurationVar(&o.wait, "wait", 10*time.Minute, "how long --rotate waits until the consumers in the environment's cluster have the new secret; 0 ends the old one at once")
	o.typed = f.Changed
	o.factFormat.register(c)
	o.kept.register(c)
	o.kube.register(c)
	_ = c.MarkFlagFilename("service-account-token")
	_ = c.MarkFlagFilename("values", "yaml", "yml", "json")
	return c
}

func runReconcile(ctx context.Context, env Env, o reconcileOptions) error {
	heap.Limit(heap.Modest)
	desired, systems, err := o.prepare(ctx, env)
	if err != nil {
		return err
	}
	store, err := o.kept.open()
	if err != nil {
		return err
	}
	options := reconcile.Options{Adopt: o.adopt, Rotate: o.rotate}
	plans := systems.Plan(ctx, desired, options)
	var results [][]reconcile.Result
	warnRotation(env, systems, plans)
	if !o.dryRun && !o.check {
		results = systems.Apply(ctx, plans, options)
	}
	r := newReconcileReport(desired, plans, results)
	if results != nil {
		if err := o.prove(ctx, env, systems, plans, results, &r); err != nil {
			return err
		}
	}
	unkept := o.kept.keep(ctx, env, store, reconciled{desired, plans, results}, &r)
	r.Requests = requestCount{systems.Keycloak.Requests(), systems.Vault.Requests()}
	switch o.factFormat.name() {
	case formatJSON:
		err = printJSON(env.Out, r)
	case formatLines:
		err = reconcileFacts(env.Out, r)
	default:
		err = printReconcile(env, r)
	}
	if err != nil {
		return err
	}
	if err := reconcileOutcome(r, plans, results, o.check); err != nil && !errors.Is(err, errFindings) || unkept == nil {
		return err
	}
	return unkept
}

// prove tries the clients that were named or changed, and writes what came of it into the report.
func (o reconcileOptions) prove(ctx context.Context, env Env, s reconcile.Systems, plans []reconcile.RealmPlan, results [][]reconcile.Result, r *reconcileReport) error {
	user := keycloak.User{Name: env.getenv("AMEIDE_PROOF_USER")}
	var err error
	if user.Password, err = env.secret("AMEIDE_PROOF_PASSWORD"); err != nil {
		return usage(err, "")
	}
	for i, p := range plans {
		for j, result := range results[i] {
			one := r.client(p.Realm.Name, result.Client)
			if !result.Done || one.Status != "done" && len(o.clients) == 0 {
				continue
			}
			for _, proof := range s.Prove(ctx, p.Realm.Name, p.Realm.Clients[j], result.Entry.Value, user) {
				r.addProof(one, proof)
			}
		}
	}
	return nil
}

// rotatable refuses to rotate a secret that no Vault entry is declared for: nobody would get the new one.
func (o reconcileOptions) rotatable(d reconcile.Desired) error {
	if !o.rotate {
		return nil
	}
	for _, r := range d.Realms {
		for _, c := range r.Clients {
			if _, ok := d.Secrets[reconcile.ClientKey{Realm: r.Name, Client: c.ID}]; !ok {
				return usage(fmt.Errorf("the secret of client %s of realm %s cannot be rotated: Git declares no Vault entry for it", c.ID, r.Name),
					"add the client to clientPatcher.secretExtraction of the realm's values; a public client has no secret")
			}
		}
	}
	return nil
}

// warnRotation says what a rotation means before it happens.
func warnRotation(env Env, systems reconcile.Systems, plans []reconcile.RealmPlan) {
	for _, p := range plans {
		for _, s := range p.Rotations() {
			fmt.Fprintf(env.Err, "ameide: note: rotating the secret of client %s: %s\n", s.Client, rotationText(systems, s))
		}
	}
}

func rotationText(systems reconcile.Systems, s reconcile.SecretPlan) string {
	waits := systems.Consumers != nil && systems.Wait > 0
	switch {
	case s.Rotation.Policy == "" && s.Op == reconcile.SecretEnd:
		return "its old secret is ended"
	case s.Rotation.Policy == "" && waits && !s.Rotation.Begun:
		return fmt.Sprintf("no client policy keeps the old secret valid; Vault gets the new one first, and Keycloak when the Kubernetes Secret has it (at most %s)"+
			"; from then on logins fail until the Pods have restarted", systems.Wait)
	case s.Rotation.Policy == "":
		return "no client policy keeps the old secret valid; Vault gets the new one and Keycloak right after it" +
			"; from then on logins fail until the Kubernetes Secret is synced and the Pods have restarted"
	case !s.Rotation.End:
		return "client policy " + s.Rotation.Policy + " keeps the old secret valid; it is not ended here"
	case waits:
		return fmt.Sprintf("client policy %s keeps the old secret valid; it is ended when the Pods run with the new one (at most %s)", s.Rotation.Policy, systems.Wait)
	}
	return "client policy " + s.Rotation.Policy + " keeps the old secret valid; it is ended at once"
}

// prepare loads what is declared and opens both systems.
func (o reconcileOptions) prepare(ctx context.Context, env Env) (reconcile.Desired, reconcile.Systems, error) {
	var none reconcile.Systems
	if err := o.factFormat.check(); err != nil {
		return reconcile.Desired{}, none, err
	}
	if len(o.envs) != 1 {
		return reconcile.Desired{}, none, usage(errors.New("name exactly one environment"), "add --env dev")
	}
	if o.rotate && len(o.clients) == 0 {
		return reconcile.Desired{}, none, usage(errors.New("--rotate needs --client"), "name the clients whose secrets are to be replaced")
	}
	t, err := o.open()
	if err != nil {
		return reconcile.Desired{}, none, err
	}
	defer t.root.Close()
	desired, err := o.declared(t)
	if err != nil {
		return desired, none, usage(err, "")
	}
	if desired, err = desired.Select(o.realms, o.clients); err != nil {
		return desired, none, usage(err, "")
	}
	if err := o.rotatable(desired); err != nil {
		return desired, none, err
	}
	e, _ := t.spec.Environment(o.envs[0])
	systems, err := o.connect(ctx, env, o.kube.at(env, e), desired)
	return desired, systems, err
}

// declared is what Git declares: merged from the checkout, or as a file says that Helm merged it.
func (o reconcileOptions) declared(t *tree) (reconcile.Desired, error) {
	if o.values == "" {
		return reconcile.Load(t.root.FS(), t.spec, o.envs[0])
	}
	dir, name := filepath.Split(o.values)
	return reconcile.LoadValues(os.DirFS(filepath.Clean(dir)), name, t.spec, o.envs[0])
}

func (o reconcileOptions) connect(ctx context.Context, env Env, s *site, desired reconcile.Desired) (reconcile.Systems, error) {
	o.warnAddresses(env)
	o.addresses(ctx, env, s, desired.Patcher)
	if o.vaultRole == "" {
		o.vaultRole = desired.VaultRole
	}
	for flag, value := range map[string]string{"keycloak-url": o.keycloakURL, "vault-address": o.vaultAddress} {
		if u, err := url.Parse(value); err != nil || u.Host == "" || u.User != nil {
			return reconcile.Systems{}, usage(fmt.Errorf("--%s is not a URL without credentials", flag), "")
		}
	}
	kc, vc, err := o.configs(env)
	if err != nil {
		return reconcile.Systems{}, usage(err, "")
	}
	if err := s.found(ctx, &kc, &vc, desired.Patcher); err != nil {
		return reconcile.Systems{}, err
	}
	kv, err := vault.Open(ctx, vc)
	if err != nil {
		return reconcile.Systems{}, unavailable(err, "")
	}
	consumers, err := o.consumers(s, desired)
	return reconcile.Systems{
		Keycloak: keycloak.New(kc), Vault: kv, Parallel: 8, Consumers: consumers, Wait: o.wait, Sleep: sleep, Tell: kc.Note,
	}, err
}

// warnAddresses says which server is not the environment's own: a variable may be left from another one.
func (o reconcileOptions) warnAddresses(env Env) {
	for _, a := range []struct{ flag, value, server string }{{"keycloak-url", o.keycloakURL, "Keycloak"}, {"vault-address", o.vaultAddress, "Vault"}} {
		if a.value != "" && !o.typed(a.flag) {
			fmt.Fprintf(env.Err, "ameide: warning: %s, or the config file, says which %s is asked, and not environment %s\n", variable(a.flag), a.server, plain(o.envs[0]))
		}
	}
}

// configs collects addresses and credentials.
func (o reconcileOptions) configs(env Env) (keycloak.Config, vault.Config, error) {
	k := keycloak.Config{
		URL: o.keycloakURL, ClientID: env.getenv("KEYCLOAK_CLIENT_ID"), User: env.getenv("KEYCLOAK_ADMIN_USER"), Timeout: o.timeout, Sleep: sleep,
		Note: func(text string) { fmt.Fprintf(env.Err, "ameide: note: %s\n", text) },
	}
	if k.ClientID == "" {
		k.ClientID = "keycloak-admin-sa"
	}
	v := vault.Config{Address: o.vaultAddress, Role: o.vaultRole, Timeout: o.timeout}
	var errs [3]error
	k.ClientSecret, errs[0] = env.secret("KEYCLOAK_CLIENT_SECRET")
	k.Password, errs[1] = env.secret("KEYCLOAK_ADMIN_PASSWORD")
	v.Token, errs[2] = env.secret("VAULT_TOKEN")
	if v.Token.Empty() {
		if token, err := os.ReadFile(o.tokenFile); err == nil {
			v.JWT = secret.New(strings.TrimSpace(string(token)))
		}
	}
	return k, v, errors.Join(errs[:]...)
}

// secret is a variable's value, or the content of the file that the variable with _FILE names.
func (e Env) secret(name string) (secret.Value, error) {
	if v := e.getenv(name); v != "" {
		return secret.New(v), nil
	}
	file := e.getenv(name + "_FILE")
	if file == "" {
		return secret.Value{}, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return secret.Value{}, fmt.Errorf("%s_FILE: %w", name, err)
	}
	return secret.New(strings.TrimSpace(string(text))), nil
}

// sleep waits, or returns early when the run is ended.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// reconcileOutcome is the exit of the whole run: what failed weighs more than what was refused, and that more than drift.
func reconcileOutcome(r reconcileReport, plans []reconcile.RealmPlan, results [][]reconcile.Result, check bool) error {
	var failed []error
	var refusedIDs []string
	for i, p := range plans {
		failed = appendError(failed, p.Err)
		refusedIDs = append(refusedIDs, p.Refused...)
		if results == nil {
			for _, secret := range p.Secrets {
				failed = appendError(failed, secret.Err)
			}
			continue
		}
		for _, one := range results[i] {
			failed = appendError(failed, one.Err)
		}
	}
	switch {
	case len(failed) > 0:
		return unavailable(errors.Join(failed...), "")
	case len(refusedIDs) > 0:
		return refused(fmt.Errorf("%s: made by somebody else, and not to be changed", strings.Join(refusedIDs, ", ")),
			"look at what would change, then add --adopt")
	case check && r.changes > 0, r.unproven:
		return errFindings
	}
	return nil
}

func appendError(errs []error, err error) []error {
	if err == nil {
		return errs
	}
	return append(errs, err)
}
