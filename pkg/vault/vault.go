// Package vault reads and writes single fields of Vault's KV v2 entries. Every write is a check-and-set that keeps the
// entry's other fields and is read back: a lost update or a refused write never looks like success.
package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/api/auth/kubernetes"

	"github.com/ameideio/ameide/pkg/bounded"
	"github.com/ameideio/ameide/pkg/secret"
)

// Config says how to reach Vault and who asks: a token, or a ServiceAccount with a role of the Kubernetes auth method.
type Config struct {
	Address   string
	Token     secret.Value
	Role      string       // of the Kubernetes auth method, used without a token
	JWT       secret.Value // of the ServiceAccount
	AuthMount string       // mount of the Kubernetes auth method, empty for kubernetes
	Timeout   time.Duration
	Pause     time.Duration     // before a request is repeated; 0 for the library's second
	Transport http.RoundTripper // nil is the library's own
}

// Ref is one field of one entry.
type Ref struct {
	Mount string
	Key   string
	Field string
}

// Path is the entry's path in Vault's API, below /v1/.
func (r Ref) Path() string { return r.Mount + "/data/" + r.Key }

// Entry is a field as Vault has it.
type Entry struct {
	Version  int // of the whole entry; 0 when it never existed
	Value    secret.Value
	Replaces string // while Value is announced: the SHA-256, in hexadecimal, of the value that it is to replace elsewhere
}

// same tells whether two entries have the same field.
func (e Entry) same(o Entry) bool { return e.Replaces == o.Replaces && e.Value.Equal(o.Value) }

// announcement is the field beside a field that keeps Entry.Replaces.
func (r Ref) announcement() string { return r.Field + "_replaces" }

// KV is a session with one Vault. It is safe for concurrent use after Open.
type KV struct {
	client   *api.Client
	requests *bounded.Requests
	config   Config
	mu       sync.Mutex // of logging in again
}

// longestWait bounds what a server may ask for with Retry-After, atOnce the requests that are under way.
const (
	longestWait = 30 * time.Second
	atOnce      = 16
)

// Open logs in.
func Open(ctx context.Context, c Config) (*KV, error) {
	config := api.DefaultConfig()
	if config.Error != nil {
		return nil, fmt.Errorf("prepare the Vault client: %w", config.Error)
	}
	kv := &KV{requests: bounded.New(atOnce), config: c}
	config.Address, config.Timeout, config.MaxRetries = c.Address, c.Timeout, 3
	wait := config.Backoff
	config.Backoff = func(least, most time.Duration, try int, r *http.Response) time.Duration {
		return min(wait(least, most, try, r), longestWait)
	}
	if c.Pause > 0 {
		config.MinRetryWait, config.MaxRetryWait = c.Pause, c.Pause
	}
	if c.Transport != nil {
		config.HttpClient.Transport = c.Transport
	}
	config.HttpClient.Transport = kv.requests.Wrap(config.HttpClient.Transport)
	client, err := api.NewClient(config)
	if err != nil {
		return nil, fmt.Errorf("prepare the Vault client: %w", err)
	}
	kv.client = client
	if !c.Token.Empty() {
		client.SetToken(c.Token.Reveal())
		return kv, nil
	}
	return kv, kv.login(ctx)
}

func (k *KV) login(ctx context.Context) error {
	c := k.config
	if c.JWT.Empty() {
		return &Error{Op: "log in to Vault", Reason: "no credentials", hint: "set VAULT_TOKEN, or run as a Pod whose ServiceAccount has a role of Vault's Kubernetes auth method"}
	}
	anonymous, err := k.client.Clone() // without the token, while other requests go on with it
	if err != nil {
		return fmt.Errorf("prepare the Vault client: %w", err)
	}
	mount := c.AuthMount
	if mount == "" {
		mount = "kubernetes"
	}
	method, err := kubernetes.NewKubernetesAuth(c.Role, kubernetes.WithServiceAccountToken(c.JWT.Reveal()), kubernetes.WithMountPath(mount))
	if err != nil {
		return fmt.Errorf("log in to Vault: %w", err)
	}
	if _, err := anonymous.Auth().Login(ctx, method); err != nil {
		return newError("log in to Vault with role "+c.Role, err)
	}
	k.client.SetToken(anonymous.Token())
	return nil
}

// again repeats a request with a new token when Vault says that the session's own has ended. Several requests that fail at
// once with one stale token log in once.
func (k *KV) again(ctx context.Context, request func() error) error {
	stale := k.client.Token()
	err := request()
	if k.config.JWT.Empty() || !k.config.Token.Empty() || !endedToken(err) {
		return err
	}
	k.mu.Lock()
	if k.client.Token() == stale {
		if loginErr := k.login(ctx); loginErr != nil {
			k.mu.Unlock()
			return loginErr
		}
	}
	k.mu.Unlock()
	return request()
}

// Requests counts every request so far, logins and repetitions included.
func (k *KV) Requests() int { return k.requests.Count() }

// Read reads a field. An entry or a field that does not exist has an empty value; a deleted entry keeps its version,
// which the next check-and-set must name.
func (k *KV) Read(ctx context.Context, r Ref) (Entry, error) {
	e, _, err := k.read(ctx, r)
	return e, err
}

func (k *KV) read(ctx context.Context, r Ref) (Entry, map[string]any, error) {
	var answer *api.Secret
	err := k.again(ctx, func() (err error) {
		answer, err = k.client.Logical().ReadWithContext(ctx, r.Path())
		return err
	})
	if err != nil {
		return Entry{}, nil, newError("read "+r.Path(), err)
	}
	if answer == nil {
		return Entry{}, nil, nil
	}
	metadata, ok := answer.Data["metadata"].(map[string]any)
	if !ok {
		return Entry{}, nil, &Error{Op: "read " + r.Path(), Reason: "the mount " + r.Mount + " is not a KV engine of version 2"}
	}
	data, _ := answer.Data["data"].(map[string]any)
	value, _ := data[r.Field].(string)
	replaces, _ := data[r.announcement()].(string)
	return Entry{Version: version(metadata), Value: secret.New(value), Replaces: replaces}, data, nil
}

// ErrConflict is an entry that somebody else wrote since it was read.
var ErrConflict = errors.New("somebody else wrote the entry meanwhile")

// Write sets a field, keeps the entry's other fields, and reads the entry back. seen is what the decision to write was
// made of: if the field has changed since then, nothing is written and the error is ErrConflict, unless the field already has
// the value. A write whose answer is lost is found by reading. What was announced is announced no more.
func (k *KV) Write(ctx context.Context, r Ref, seen Entry, value secret.Value) (Entry, error) {
	return k.set(ctx, r, seen, Entry{Value: value})
}

// Announce is Write of a value that has yet to replace an old one elsewhere; the entry says so in a field beside it.
func (k *KV) Announce(ctx context.Context, r Ref, seen Entry, value, old secret.Value) (Entry, error) {
	return k.set(ctx, r, seen, Entry{Value: value, Replaces: old.Digest()})
}

func (k *KV) set(ctx context.Context, r Ref, seen, next Entry) (Entry, error) {
	for try := 1; ; try++ {
		now, data, err := k.read(ctx, r)
		if err != nil || now.same(next) {
			return now, err
		}
		if !now.same(seen) {
			return now, fmt.Errorf("write %s: %w", r.Path(), ErrConflict)
		}
		next.Version = now.Version
		err = k.put(ctx, r, data, next)
		if err == nil {
			return k.confirm(ctx, r, next)
		}
		if try == 5 || !isConflict(err) && !unanswered(err) || ctx.Err() != nil {
			return now, newError("write "+r.Path(), err)
		}
	}
}

// put writes next over the version that it names.
func (k *KV) put(ctx context.Context, r Ref, data map[string]any, next Entry) error {
	fields := map[string]any{}
	maps.Copy(fields, data)
	fields[r.Field] = next.Value.Reveal()
	delete(fields, r.announcement())
	if next.Replaces != "" {
		fields[r.announcement()] = next.Replaces
	}
	return k.again(ctx, func() error {
		_, err := k.client.Logical().WriteWithContext(ctx, r.Path(), map[string]any{"data": fields, "options": map[string]any{"cas": next.Version}})
		return err
	})
}

func (k *KV) confirm(ctx context.Context, r Ref, want Entry) (Entry, error) {
	now, err := k.Read(ctx, r)
	if err == nil && !now.same(want) {
		err = fmt.Errorf("write %s: %w", r.Path(), ErrConflict)
	}
	return now, err
}

// CanWrite asks Vault whether the session may read and write an entry, before anything depends on it.
func (k *KV) CanWrite(ctx context.Context, r Ref) error {
	may, err := k.client.Sys().CapabilitiesSelfWithContext(ctx, r.Path())
	if err != nil {
		return newError("ask for the permissions on "+r.Path(), err)
	}
	has := map[string]bool{}
	for _, c := range may {
		has[c] = true
	}
	if has["root"] || has["read"] && has["create"] && has["update"] {
		return nil
	}
	return &Error{Op: "write " + r.Path(), Status: http.StatusForbidden, Reason: "permission denied: the policy grants " + strings.Join(may, ", "), hint: policyHint(r.Path())}
}

func version(metadata map[string]any) int {
	n, _ := metadata["version"].(json.Number)
	v, err := n.Int64()
	if err != nil {
		return 0
	}
	return int(v)
}
