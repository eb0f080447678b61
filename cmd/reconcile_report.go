package cmd

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/reconcile"
)

// reconcileReport is the JSON document of reconcile.
type reconcileReport struct {
	Summary  string             `json:"summary"`
	Env      string             `json:"env"`
	Realm    string             `json:"realm"`
	Realms   []reconcileRealm   `json:"realms"`
	Clients  []reconcileClient  `json:"clients"`
	Versions *reconcileVersions `json:"versions,omitempty"`
	Requests requestCount       `json:"requests"`
	changes  int
	unproven bool
}

// reconcileRealm is what is done to a realm besides its clients, or why nothing is known of it.
type reconcileRealm struct {
	Realm   string            `json:"realm"`
	Actions []reconcileAction `json:"actions"`
	Note    string            `json:"note,omitempty"`
	Error   string            `json:"error,omitempty"`
}

// goesOn is what to know of something that failed halfway.
const goesOn = "some of this may be done; run it again, it goes on from there"

type reconcileClient struct {
	ClientID string            `json:"client_id"`
	Realm    string            `json:"realm"`
	Status   string            `json:"status"` // unchanged, planned, done, refused or failed
	Actions  []reconcileAction `json:"actions"`
	Secret   *reconcileSecret  `json:"secret,omitempty"`
	Proof    []reconcileProof  `json:"proof,omitempty"`
	Note     string            `json:"note,omitempty"`
	Error    string            `json:"error,omitempty"`
}

// reconcileProof is one thing that was tried with the client.
type reconcileProof struct {
	Check  string `json:"check"`
	Status string `json:"status"` // PASS or FAIL
	Reason string `json:"reason,omitempty"`
}

func (r *reconcileReport) client(realm, id string) *reconcileClient {
	for i, c := range r.Clients {
		if c.Realm == realm && c.ClientID == id {
			return &r.Clients[i]
		}
	}
	return nil
}

func (r *reconcileReport) addProof(c *reconcileClient, p reconcile.Proof) {
	proof := reconcileProof{Check: p.Check, Status: "PASS"}
	if p.Err != nil {
		proof.Status, proof.Reason, r.unproven = "FAIL", p.Err.Error(), true
	}
	c.Proof = append(c.Proof, proof)
}

type reconcileAction struct {
	Op    string `json:"op"`
	Field string `json:"field,omitempty"`
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"`
}

type reconcileSecret struct {
	VaultPath string `json:"vault_path"`
	Version   int    `json:"version"`
	SHA256    string `json:"sha256"`
	InSync    bool   `json:"in_sync"`
}

type requestCount struct {
	Keycloak int `json:"keycloak"`
	Vault    int `json:"vault"`
}

func newReconcileReport(d reconcile.Desired, plans []reconcile.RealmPlan, results [][]reconcile.Result) reconcileReport {
	r := reconcileReport{Env: d.Env, Realm: d.Realm, Realms: []reconcileRealm{}, Clients: []reconcileClient{}}
	count := map[string]int{}
	for i, p := range plans {
		realm := reconcileRealm{Realm: p.Realm.Name, Actions: actionsOf(p.Of(""))}
		if p.Err != nil {
			realm.Error = p.Err.Error()
			if results != nil && len(realm.Actions) > 0 {
				realm.Note = goesOn
			}
			count["failed"] += len(p.Realm.Clients)
			r.Realms = append(r.Realms, realm)
			continue
		}
		r.changes += len(realm.Actions)
		r.Realms = append(r.Realms, realm)
		for j, c := range p.Realm.Clients {
			var result *reconcile.Result
			if results != nil && j < len(results[i]) {
				result = &results[i][j]
			}
			one := newReconcileClient(p, c, result)
			count[one.Status]++
			r.changes += len(one.Actions)
			if len(one.Actions) == 0 && one.Status != "failed" {
				one.Actions = append(one.Actions, reconcileAction{Op: "none"})
			}
			r.Clients = append(r.Clients, one)
		}
	}
	r.Summary = fmt.Sprintf("%d done, %d planned, %d unchanged, %d refused, %d failed",
		count["done"], count["planned"], count["unchanged"], count["refused"], count["failed"])
	return r
}

func newReconcileClient(p reconcile.RealmPlan, c keycloak.Client, result *reconcile.Result) reconcileClient {
	one := reconcileClient{ClientID: c.ID, Realm: p.Realm.Name, Actions: actionsOf(p.Of(c.ID))}
	for _, s := range p.Secrets {
		if s.Client != c.ID {
			continue
		}
		if s.Err != nil {
			one.Error = s.Err.Error()
			continue
		}
		if s.Op != reconcile.SecretNone {
			one.Actions = append(one.Actions, secretAction(s))
		}
		one.Note, one.Secret = s.Note, &reconcileSecret{VaultPath: s.Ref.Path(), Version: s.From.Version, InSync: s.Op == reconcile.SecretNone}
		value := s.From.Value
		if result != nil && result.Done {
			one.Secret.Version, one.Secret.InSync, value = result.Entry.Version, true, result.Entry.Value
		}
		if !value.Placeholder() { // a known value would be recognised by its digest
			one.Secret.SHA256 = value.Digest()
		}
	}
	if result != nil && result.Err != nil {
		one.Error, one.Note = result.Err.Error(), "nothing was changed"
		if result.Began {
			one.Note = goesOn
		}
	}
	one.Status = clientStatus(p, one, result)
	return one
}

func clientStatus(p reconcile.RealmPlan, c reconcileClient, result *reconcile.Result) string {
	for _, id := range p.Refused {
		if id == c.ClientID {
			return "refused"
		}
	}
	switch {
	case c.Error != "":
		return "failed"
	case len(c.Actions) == 0:
		return "unchanged"
	case result != nil:
		return "done"
	}
	return "planned"
}

func secretAction(s reconcile.SecretPlan) reconcileAction {
	a := reconcileAction{Op: string(s.Op), Field: s.Ref.Field, From: shortSecret(s)}
	if s.Op == reconcile.SecretWrite && !s.To.Empty() && !s.To.Placeholder() {
		a.To = s.To.Short()
	}
	return a
}

// shortSecret is what Vault has, for people: version and the beginning of the digest.
func shortSecret(s reconcile.SecretPlan) string {
	switch {
	case s.From.Value.Empty():
		return ""
	case s.From.Value.Placeholder():
		return fmt.Sprintf("v%d placeholder", s.From.Version)
	}
	return fmt.Sprintf("v%d %s", s.From.Version, s.From.Value.Short())
}

func actionsOf(changes []keycloak.Change) []reconcileAction {
	actions := []reconcileAction{}
	for _, c := range changes {
		actions = append(actions, reconcileAction{Op: string(c.Op), Field: c.Field, From: c.From, To: c.To})
	}
	return actions
}

// printReconcile prints one line for each action, and one for each client without any.
func printReconcile(env Env, r reconcileReport) error {
	w := tabwriter.NewWriter(env.Out, 0, 4, 2, ' ', 0)
	for _, realm := range r.Realms {
		for _, a := range realm.Actions {
			fmt.Fprintf(w, "%s\t-\t%s\t%s\n", realm.Realm, a.Op, a.text())
		}
		if realm.Error != "" {
			fmt.Fprintf(w, "%s\t-\tfailed\t%s\n", realm.Realm, realm.Note)
		}
	}
	for _, c := range r.Clients {
		for _, a := range c.Actions {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", c.Realm, c.ClientID, a.Op, a.text())
		}
		for _, p := range c.Proof {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", c.Realm, c.ClientID, p.Status, plain(strings.TrimSuffix(p.Check+": "+p.Reason, ": ")))
		}
		if c.Note != "" {
			fmt.Fprintf(w, "%s\t%s\tnote\t%s\n", c.Realm, c.ClientID, plain(c.Note))
		}
		if c.Status == "failed" || c.Status == "refused" {
			fmt.Fprintf(w, "%s\t%s\t%s\t\n", c.Realm, c.ClientID, c.Status)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(env.Out, r.Summary)
	return err
}

// text is an action's details in one line.
func (a reconcileAction) text() string {
	text := a.Field
	switch {
	case a.From != "" && a.To != "":
		text += ": " + a.From + " -> " + a.To
	case a.To != "" && a.To != a.Field:
		text += ": " + a.To
	case a.From != "":
		text += ": " + a.From + " ->"
	}
	return plain(text)
}
