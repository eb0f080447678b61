package live

import (
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/lazy"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/verify"
)

// judgeChain follows the client secret from where it is made to where it is used, by digests: Keycloak, Vault, the
// Secret, and what the Pods were started with.
func judgeChain(d *Declared, s *Snapshot, v *verdict) {
	key, ok := d.ClientSecret()
	if _, signsIn := d.OIDC(); !ok || !signsIn {
		return
	}
	client := "client " + d.Spec.OIDC.ClientID + " of realm " + d.Spec.OIDC.Realm
	if s.Keycloak.Missing {
		v.find(verify.Issue{Resource: client, Expected: "it exists in Keycloak", Actual: "nothing: a KeycloakRealmImport never adds a client to an existing realm",
			Hint: d.fill("ameide platform backstage reconcile --env ENV --client CLIENT")})
	} else if s.Keycloak.Err != nil {
		v.blind(client, s.Keycloak.Err)
	}
	vaulted, _ := need(v, s.Vault, "Vault "+d.Spec.OIDC.Vault.Mount+"/"+d.Spec.OIDC.Vault.Key)
	synced := s.Secrets[key.Secret]
	if synced.Err != nil {
		v.blind("Secret/"+key.Secret, synced.Err)
	}
	links := []link{
		{client, s.Keycloak.Value, s.Keycloak.Seen()},
		{"Vault " + d.Spec.OIDC.Vault.Mount + "/" + d.Spec.OIDC.Vault.Key, vaulted, s.Vault.Seen()},
		{"Secret/" + key.Secret, synced.Value.Values[key.Key], synced.Seen()},
	}
	compare(d, links, v)
	if synced.Seen() {
		judgeStarted(d, s, key, v)
	}
}

// link is one place of the chain.
type link struct {
	name  string
	value secret.Value
	seen  bool
}

// compare holds each place that was seen against the one before it.
func compare(d *Declared, links []link, v *verdict) {
	var before *link
	for i := range links {
		now := &links[i]
		if !now.seen {
			continue
		}
		if before != nil && !before.value.Equal(now.value) {
			v.find(verify.Issue{Resource: now.name, Field: "client secret", Expected: before.value.Short() + ", as in " + before.name, Actual: now.value.Short(), Hint: chainHint(d, now.name)})
		}
		before = now
	}
}

func chainHint(d *Declared, where string) string {
	if strings.HasPrefix(where, "Vault") {
		return d.fill("ameide platform backstage reconcile --env ENV --client CLIENT copies Keycloak's secret into Vault")
	}
	return "External Secrets has not refreshed it yet: see the ExternalSecret's refreshTime and interval"
}

// judgeStarted says whether the Pods were started with the Secret as it is now. The best witness is Keycloak: it knows
// the client secret that Backstage sends. Then Reloader's hash in the Pod, then time.
func judgeStarted(d *Declared, s *Snapshot, key SecretKey, v *verdict) {
	resource := "Pods of " + name(d.Deployment)
	switch exchange := s.Login.Value.Exchange; {
	case s.Login.Seen() && refused(exchange):
		v.find(verify.Issue{Resource: resource, Field: key.Variable, Expected: "Keycloak accepts it", Actual: oneLine(exchange),
			Hint: "the Pods were started with another secret: if the places above agree, restart them (kubectl rollout restart deployment/" + name(d.Deployment) + ")"})
		return
	case s.Login.Seen() && accepted(exchange):
		return
	}
	pods, ok := need(v, s.Pods, resource)
	if !ok {
		return
	}
	synced := s.Secrets[key.Secret].Value
	for _, p := range portalPods(d, pods) {
		i := verify.Issue{Resource: ref("Pod", p), Field: key.Variable, Expected: "the Secret as it is now", Hint: "restart it: kubectl rollout restart deployment/" + name(d.Deployment) + "; is Reloader running?"}
		begun := started(d, p)
		switch hash := reloaderHash(p, key.Secret); {
		case hash != "" && !contains(synced.Hashes, hash):
			i.Actual = "Reloader's hash of Secret/" + key.Secret + " in the Pod is another one"
		case hash == "" && !begun.IsZero() && begun.Before(synced.Changed):
			i.Actual = "started " + begun.UTC().Format("2006-01-02T15:04:05Z") + ", before the Secret was written at " + synced.Changed.UTC().Format("2006-01-02T15:04:05Z")
		default:
			continue
		}
		v.find(i)
	}
}

func contains(list []string, s string) bool {
	for _, item := range list {
		if item == s {
			return true
		}
	}
	return false
}

// reloaderHash is the hash of a Secret that Stakater's Reloader put on a Pod: a variable of a container, or an
// annotation that names the Secret (internal/pkg/handler/upgrade.go of stakater/Reloader). Empty when it never reloaded.
func reloaderHash(pod Object, secretName string) string {
	variable := "STAKATER_" + strings.TrimSuffix(notWord().ReplaceAllString(strings.ToUpper(secretName), "_"), "_") + "_SECRET"
	for _, c := range dig.Maps(pod, "spec", "containers") {
		for _, e := range dig.Maps(c, "env") {
			if dig.Text(e, "name") == variable {
				return dig.Text(e, "value")
			}
		}
	}
	last := dig.Text(pod, "metadata", "annotations", "reloader.stakater.com/last-reloaded-from")
	if m := reloadedName().FindStringSubmatch(last); m == nil || m[1] != secretName {
		return ""
	}
	if m := reloadedHash().FindStringSubmatch(last); m != nil {
		return m[1]
	}
	return ""
}

var (
	notWord      = lazy.Regexp(`[^A-Z0-9]+`)
	reloadedName = lazy.Regexp(`"name":\s*"([^"]*)"`)
	reloadedHash = lazy.Regexp(`"hash":\s*"([^"]*)"`)
)

// accepted tells whether Keycloak took the client secret: it gave tokens, or complained of the made-up code alone. What is
// neither accepted nor refused tells nothing of the secret, for example that Keycloak was not reached.
func accepted(exchange string) bool {
	return exchange == exchanged || codeRefused().MatchString(exchange)
}

// refused tells whether Keycloak did not take the client secret.
func refused(exchange string) bool { return clientRefused().MatchString(exchange) }

var (
	codeRefused   = lazy.Regexp(`invalid_grant|Code not valid`)
	clientRefused = lazy.Regexp(`unauthorized_client|invalid_client|[Ii]nvalid client`)
)
