package reconcile_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/reconcile"
)

// faults are what a server or the way to it can do to one request.
func faults() map[string]func(h http.Handler, w http.ResponseWriter, r *http.Request) {
	all := map[string]func(http.Handler, http.ResponseWriter, *http.Request){
		"answer lost": func(h http.Handler, _ http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		},
		"hangs": func(_ http.Handler, _ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // only then does the server see the client hang up
			<-r.Context().Done()
		},
		"connection cut": func(http.Handler, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
	for _, status := range []int{401, 403, 404, 409, 412, 429, 500, 502, 503} {
		all[fmt.Sprint(status)] = func(_ http.Handler, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "0")
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"error":"injected","errors":["injected"]}`)
		}
	}
	return all
}

// faulty puts a fault in front of one server's request number n, counted from 1, and all that follow it when for ever.
func faulty(server string, n int64, forever bool, fault func(http.Handler, http.ResponseWriter, *http.Request), hit *atomic.Bool) func(string, http.Handler) http.Handler {
	var count atomic.Int64
	return func(name string, h http.Handler) http.Handler {
		if name != server {
			return h
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if i := count.Add(1); i == n || forever && i > n {
				hit.Store(true)
				fault(h, w, r)
				return
			}
			h.ServeHTTP(w, r)
		})
	}
}

// TestEveryFaultAtEveryStep: whatever happens to a request, one more run converges: no second client, no lost field in
// Vault, and an error that holds no secret.
func TestEveryFaultAtEveryStep(t *testing.T) { everyFault(t, fakeWorld, false, true) }

// everyFault injects every fault once, or from a step on for ever.
func everyFault(t *testing.T, makeWorld func(*testing.T) *world, lasting ...bool) {
	for name := range faults() {
		for _, server := range []string{"keycloak", "vault"} {
			for _, forever := range lasting {
				t.Run(fmt.Sprintf("%s/%s/forever=%v", server, name, forever), func(t *testing.T) {
					t.Parallel()
					w := makeWorld(t)
					steps := int64(1)
					for w.faultAt(server, steps, forever, name) {
						steps++
					}
					if steps < 4 && name != "hangs" { // it may wait too little on a busy machine
						t.Errorf("only %d requests were seen", steps)
					}
				})
			}
		}
	}
}

// faultAt runs with a fault at a step, then without; it tells whether the step was reached. Every step has a client of its
// own in a realm without the scope email and the role viewer.
func (w *world) faultAt(server string, step int64, forever bool, fault string) bool {
	w.t.Helper()
	client := fmt.Sprint("backstage-", step)
	w.forget("email", "viewer")
	w.putVault(client, map[string]any{"value": "placeholder_x", "sibling": "kept"})
	d := w.desired(portal(w.t, client))
	d.Realms[0].Roles = []string{"viewer"}
	var hit atomic.Bool
	s, err := w.session(w.patience(fault), faulty(server, step, forever, faults()[fault], &hit))
	if err == nil {
		plans := s.Plan(w.t.Context(), d, reconcile.Options{})
		err = failures(plans, s.Apply(w.t.Context(), plans, reconcile.Options{}))
	}
	w.run(d, reconcile.Options{})
	w.converged(d)
	if n := len(w.clients(client)); n != 1 {
		w.t.Errorf("step %d: %d clients", step, n)
	}
	if got := w.getVault(client)["sibling"]; got != "kept" {
		w.t.Errorf("step %d: the sibling field is %v", step, got)
	}
	w.silent(err, w.rotation(client))
	return hit.Load()
}

// TestRotationSurvivesEveryFault: after a fault at any step of a rotation the next one finishes it without a second
// secret, and where the old secret stays valid, Vault never lacks a valid one.
func TestRotationSurvivesEveryFault(t *testing.T) {
	everyRotationFault(t, fakeWorld, true, slices.Sorted(maps.Keys(faults()))...)
}

// everyRotationFault injects faults into rotations, once or from a step on for ever.
func everyRotationFault(t *testing.T, makeWorld func(*testing.T) *world, forever bool, names ...string) {
	for _, name := range names {
		for _, server := range []string{"keycloak", "vault"} {
			for _, overlap := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/overlap=%v", server, name, overlap), func(t *testing.T) {
					t.Parallel()
					w := makeWorld(t)
					if overlap {
						w.withOverlap()
						w.overlap = true
					}
					steps := int64(1)
					for w.rotateWithFault(server, steps, forever, name) {
						steps++
					}
					if steps < 5 && name != "hangs" {
						t.Errorf("only %d requests were seen", steps)
					}
				})
			}
		}
	}
}

// rotateWithFault rotates the secret of a client of the step's own.
func (w *world) rotateWithFault(server string, step int64, forever bool, fault string) bool {
	w.t.Helper()
	d := w.desired(portal(w.t, fmt.Sprint("backstage-", step)))
	w.run(d, reconcile.Options{})
	before := w.rotation(d.Realms[0].Clients[0].ID)
	var hit atomic.Bool
	s, err := w.session(w.patience(fault), faulty(server, step, forever, faults()[fault], &hit))
	if err == nil {
		plans := s.Plan(w.t.Context(), d, reconcile.Options{Rotate: true})
		err = failures(plans, s.Apply(w.t.Context(), plans, reconcile.Options{Rotate: true}))
	}
	w.silent(err, before)
	if err := w.repaired(d, before, w.overlap); err != nil {
		w.t.Errorf("step %d: %v", step, err)
	}
	return hit.Load()
}

// silent asks that an error holds no secret.
func (w *world) silent(err error, r rotation) {
	w.t.Helper()
	for _, secret := range []string{r.keycloak, w.password.Reveal(), w.token} {
		if err != nil && strings.Contains(err.Error(), secret) {
			w.t.Errorf("the error holds a secret: %s", strings.ReplaceAll(err.Error(), secret, "[here]"))
		}
	}
}

// TestOneRealmThatFailsDoesNotStopTheOthers asks for three realms of which one does not exist.
func TestOneRealmThatFailsDoesNotStopTheOthers(t *testing.T) {
	w := fakeWorld(t)
	d := w.desired(portal(t, "backstage"))
	d.Realms = append([]keycloak.Realm{{Name: "nowhere", Clients: []keycloak.Client{portal(t, "x")}}}, d.Realms...)
	s, err := w.systems()
	if err != nil {
		t.Fatal(err)
	}
	plans := s.Plan(t.Context(), d, reconcile.Options{})
	results := s.Apply(t.Context(), plans, reconcile.Options{})
	if got, want := fmt.Sprint(plans[0].Err), "read clients of realm nowhere: GET nowhere/clients: 404 Not Found: Realm not found."; got != want {
		t.Errorf("error is %q, want %q", got, want)
	}
	if len(results[1]) != 1 || !results[1][0].Done {
		t.Errorf("the other realm: %+v", results[1])
	}
}

// TestManyRealmsAreWorkedOnAtOnceWithABound counts the requests that Keycloak and Vault see at the same time.
func TestManyRealmsAreWorkedOnAtOnceWithABound(t *testing.T) {
	w := fakeWorld(t)
	d := w.desired()
	d.Realms = nil
	for i := range 40 {
		r := keycloak.Realm{Name: fmt.Sprint("realm-", i)}
		w.fake.AddRealm(r.Name)
		for j := range 6 {
			c := portal(t, fmt.Sprint("client-", j))
			r.Clients = append(r.Clients, c)
			d.Secrets[reconcile.ClientKey{Realm: r.Name, Client: c.ID}] = w.ref(r.Name + "-" + c.ID)
		}
		d.Realms = append(d.Realms, r)
	}
	peaks := map[string]*peak{"keycloak": {}, "vault": {}}
	s, err := w.systems(func(name string, h http.Handler) http.Handler { return peaks[name].watch(h) })
	if err != nil {
		t.Fatal(err)
	}
	s.Parallel = 8
	plans := s.Plan(t.Context(), d, reconcile.Options{})
	if err := failures(plans, s.Apply(t.Context(), plans, reconcile.Options{})); err != nil {
		t.Fatal(err)
	}
	for name, p := range peaks {
		if most := p.most.Load(); most < 2 || most > 16 {
			t.Errorf("%s saw %d requests at once, want some and at most 16", name, most)
		}
	}
}

// peak is the most requests that were under way at once.
type peak struct{ now, most atomic.Int64 }

func (p *peak) watch(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := p.now.Add(1)
		defer p.now.Add(-1)
		for most := p.most.Load(); now > most && !p.most.CompareAndSwap(most, now); most = p.most.Load() {
		}
		time.Sleep(time.Millisecond)
		h.ServeHTTP(w, r)
	})
}

// TestPlansHoldNoSecret dumps everything that a run leaves behind.
func TestPlansHoldNoSecret(t *testing.T) {
	w := fakeWorld(t)
	w.putVault("backstage", map[string]any{"value": "pl4nted-in-vault"})
	d := w.desired(portal(t, "backstage"))
	s, err := w.systems()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	debug := &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}
	for range 2 {
		plans := s.Plan(t.Context(), d, reconcile.Options{Rotate: true})
		results := s.Apply(t.Context(), plans, reconcile.Options{Rotate: true})
		for _, v := range []any{plans, results, s, d} {
			fmt.Fprintf(&out, "%v %+v %#v", v, v, v)
			func() {
				defer func() { fmt.Fprintf(&out, "%v", recover()) }()
				panic(v)
			}()
			for _, h := range []slog.Handler{slog.NewTextHandler(&out, debug), slog.NewJSONHandler(&out, debug)} {
				slog.New(h).Debug("dump", "v", v)
			}
		}
	}
	for _, planted := range []string{"pl4nted-in-vault", w.clients("backstage")[0]["secret"].(string), w.password.Reveal()} {
		if strings.Contains(out.String(), planted) {
			t.Errorf("a dump holds %q", planted)
		}
	}
}

// TestMissingPermissionIsNotAPublicClient: a service account that may view clients and not their secrets.
func TestMissingPermissionIsNotAPublicClient(t *testing.T) {
	w := fakeWorld(t)
	d := w.desired(portal(t, "backstage"))
	w.run(d, reconcile.Options{})
	w.fake.MaskSecrets = true
	w.converged(d)
	w.fake.HideSecrets = true
	s, err := w.systems()
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(s.Plan(t.Context(), d, reconcile.Options{})[0].Err)
	if !strings.Contains(got, "the answer holds no secret: missing role manage-clients") {
		t.Errorf("error is %q", got)
	}
}
