package reconcile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/reconcile"
)

// seenByPeers: what reconcile made is what others read: Keycloak's command line, its JavaScript client, and Vault's own
// command.
func seenByPeers(t *testing.T, w *world) {
	w.putVault("backstage", map[string]any{"value": "CHANGEME", "owner": "team"})
	c := portal(t, "backstage")
	d := w.desired(c)
	d.Realms[0].Roles = []string{"viewer"}
	w.run(d, reconcile.Options{})
	data, version := w.servers.vault.KVGet(t, "secret", w.ref("backstage").Key)
	if data["owner"] != "team" || len(data) != 2 || version != "2" {
		t.Errorf("vault kv get shows %d fields of version %s, owner %v", len(data), version, data["owner"])
	}
	for peer, seen := range map[string]map[string]any{
		"kcadm":      w.servers.keycloak.ClientAsSeenByKcadm(t, w.realm, "backstage"),
		"JavaScript": w.servers.keycloak.ClientAsSeenByJavaScript(t, w.realm, "backstage"),
	} {
		if seen["secret"] != data["value"] {
			t.Errorf("%s sees another secret than vault kv get", peer)
		}
		for field, want := range c.Fields {
			if field == "attributes" {
				continue
			}
			if diff := cmp.Diff(sorted(want), sorted(seen[field])); diff != "" {
				t.Errorf("%s sees %s (-want +got):\n%s", peer, field, diff)
			}
		}
		attributes, _ := seen["attributes"].(map[string]any)
		if attributes["pkce.code.challenge.method"] != "S256" || attributes[keycloak.Mark] != keycloak.MarkValue {
			t.Errorf("%s sees the attributes %v", peer, attributes)
		}
		if diff := cmp.Diff([]any{"basic", "email", "profile", "roles"}, sorted(seen["defaultClientScopes"])); diff != "" {
			t.Errorf("%s sees the scopes (-want +got):\n%s", peer, diff)
		}
		mappers, _ := seen["protocolMappers"].([]any)
		if len(mappers) != 1 || mappers[0].(map[string]any)["name"] != keycloak.RoleMapper().Name {
			t.Errorf("%s sees the mappers %v", peer, mappers)
		}
	}
}

// sorted is a list in an order of its own, anything else as it is.
func sorted(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return list
}
