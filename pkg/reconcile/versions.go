package reconcile

import (
	"cmp"
	"slices"

	"github.com/ameideio/ameide/pkg/lazy"
)

// versionKey is what Kubernetes takes as a key of a ConfigMap.
var versionKey = lazy.Regexp(`^[-._a-zA-Z0-9]{1,253}$`)

// Versions is what the platform's ConfigMap of secret versions shall hold after a run: "sha256:" and the digest of every
// declared client's secret, under the client's id. A client of another realm than the portal's and master, or of master
// where the portal's realm has the same id, stands under realm.id. What this run did not see keeps what the ConfigMap has.
// Clients whose name is no key are returned beside it.
func Versions(d Desired, plans []RealmPlan, results [][]Result, have map[string]string) (data map[string]string, unnamed []ClientKey) {
	seen := digests(plans, results)
	data = map[string]string{}
	for at := range d.Secrets {
		key := d.versionKey(at)
		switch digest, ok := seen[at]; {
		case !versionKey().MatchString(key):
			unnamed = append(unnamed, at)
		case ok:
			data[key] = "sha256:" + digest
		case have[key] != "":
			data[key] = have[key]
		}
	}
	slices.SortFunc(unnamed, func(a, b ClientKey) int {
		return cmp.Or(cmp.Compare(a.Realm, b.Realm), cmp.Compare(a.Client, b.Client))
	})
	return data, unnamed
}

// digests are those of the secrets that Keycloak and Vault agree about after the run.
func digests(plans []RealmPlan, results [][]Result) map[ClientKey]string {
	seen := map[ClientKey]string{}
	for i, p := range plans {
		for _, r := range results[i] {
			if value := r.Entry.Value; r.Done && !value.Empty() && !value.Placeholder() {
				seen[ClientKey{p.Realm.Name, r.Client}] = value.Digest()
			}
		}
	}
	return seen
}

func (d Desired) versionKey(at ClientKey) string {
	_, taken := d.Secrets[ClientKey{d.Realm, at.Client}]
	if at.Realm == d.Realm || at.Realm == masterRealm && !taken {
		return at.Client
	}
	return at.Realm + "." + at.Client
}
