package live

import (
	"fmt"
	"time"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/verify"
)

// patience is how many refresh intervals, and how much time beyond, an ExternalSecret may be behind before it is stale.
const (
	patience = 3
	grace    = 5 * time.Minute
)

func judgeSecrets(d *Declared, s *Snapshot, v *verdict) {
	if len(d.ExternalSecrets) > 0 {
		judgeStore(d, s, v)
		judgeExternal(d, s, v)
	}
	for _, secret := range d.SecretNames() {
		need(v, s.Secrets[secret], "Secret/"+secret)
	}
	for _, k := range d.SecretKeys() {
		if k.Key != "" && s.Secrets[k.Secret].Seen() {
			judgeKey(k, s.Secrets[k.Secret].Value, v)
		}
	}
}

func judgeStore(d *Declared, s *Snapshot, v *verdict) {
	resource := d.Spec.Secrets.StoreKind + "/" + d.Spec.Secrets.StoreName
	store, ok := need(v, s.Store, resource)
	if !ok {
		return
	}
	if c := condition(dig.Maps(store, "status", "conditions"), "Ready"); dig.Text(c, "status") != "True" {
		v.find(known(verify.Issue{Resource: resource, Field: "Ready", Expected: "True", Actual: said(c)}))
	}
}

func judgeExternal(d *Declared, s *Snapshot, v *verdict) {
	list, ok := need(v, s.ExternalSecrets, "ExternalSecrets")
	if !ok {
		return
	}
	for _, want := range d.ExternalSecrets {
		resource := ref("ExternalSecret", want)
		now := named(list, name(want))
		if now == nil {
			v.find(verify.Issue{Resource: resource, Expected: "it exists", Actual: "nothing"})
			continue
		}
		if c := condition(dig.Maps(now, "status", "conditions"), "Ready"); dig.Text(c, "status") != "True" {
			v.find(known(verify.Issue{Resource: resource, Field: "Ready", Expected: "True", Actual: said(c)}))
			continue
		}
		judgeFresh(resource, now, s.Taken, v)
	}
}

// judgeFresh finds an ExternalSecret that has stopped following Vault. An interval of 0 follows once.
func judgeFresh(resource string, now Object, taken time.Time, v *verdict) {
	interval, err := time.ParseDuration(dig.Text(now, "spec", "refreshInterval"))
	refreshed := moment(now, "status", "refreshTime")
	if err != nil || interval == 0 {
		return
	}
	if refreshed.IsZero() {
		v.find(verify.Issue{Resource: resource, Field: "status.refreshTime", Expected: "every " + interval.String(), Actual: "never"})
		return
	}
	if behind := taken.Sub(refreshed); behind > patience*interval+grace {
		v.find(verify.Issue{Resource: resource, Field: "status.refreshTime", Expected: "every " + interval.String(), Actual: dig.Text(now, "status", "refreshTime"),
			Hint: "External Secrets has stopped refreshing it: see its controller"})
	}
}

func named(list []Object, wanted string) Object {
	for _, o := range list {
		if name(o) == wanted {
			return o
		}
	}
	return nil
}

// judgeKey asks a key of a Secret to be there and to hold something real. Its value never leaves this function.
func judgeKey(k SecretKey, s Secret, v *verdict) {
	i := verify.Issue{Resource: "Secret/" + k.Secret, Field: k.Key, Expected: "a value, for " + k.Variable}
	value, ok := s.Values[k.Key]
	switch {
	case !ok:
		i.Actual, i.Hint = "no such key", fmt.Sprintf("a Pod that needs it cannot start (CreateContainerConfigError); add %s to the ExternalSecret", k.Key)
	case value.Empty():
		i.Actual = "empty"
	case value.Placeholder():
		i.Actual, i.Hint = "a placeholder", "run reconcile for the client, and wait for the ExternalSecret's refresh; the bootstrap's fixtures are never real"
	default:
		return
	}
	v.find(i)
}
