package vault

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/hashicorp/vault/api"
)

// Error is a request that Vault refused or did not answer.
type Error struct {
	Op     string // what was asked
	Status int    // 0 when there was no answer
	Reason string // what Vault said
	hint   string
	cause  error
}

func (e *Error) Error() string {
	if e.Status == 0 {
		return e.Op + ": " + e.Reason
	}
	return fmt.Sprintf("%s: %d %s: %s", e.Op, e.Status, http.StatusText(e.Status), e.Reason)
}

func (e *Error) Unwrap() error { return e.cause }

// Hint says what to do next, as far as the answer tells.
func (e *Error) Hint() string { return e.hint }

// newError keeps what Vault said; the library's own text would repeat the URL and the status over several lines.
func newError(op string, err error) error {
	var old *Error
	if errors.As(err, &old) || errors.Is(err, context.Canceled) {
		return err
	}
	e := &Error{Op: op, Reason: clip(err.Error()), cause: err}
	var response *api.ResponseError
	if errors.As(err, &response) {
		e.Status, e.Reason = response.StatusCode, said(response.Errors)
	}
	e.hint = hintFor(e)
	return e
}

// several is how Vault writes more than one error into one text.
var several = regexp.MustCompile(`\d+ errors? occurred:\s+\* `)

// said is what Vault said, on one line.
func said(errs []string) string {
	text := clip(several.ReplaceAllString(strings.Join(errs, "; "), ""))
	return strings.ReplaceAll(text, " * ", "; ")
}

func hintFor(e *Error) string {
	switch {
	case e.Status == 0:
		return "is Vault reachable from here? name another address with --vault-address"
	case strings.Contains(e.Reason, "sealed"):
		return "Vault is sealed: wait for its auto-unseal, do not unseal by hand"
	case strings.Contains(e.Reason, "invalid role"):
		return "the Kubernetes auth method has no such role: vault-bootstrap writes it"
	case strings.Contains(e.Reason, "invalid audience"):
		return "the role must not set an audience"
	case e.Status == http.StatusForbidden && strings.HasPrefix(e.Op, "log in"):
		return "the role must be bound to this ServiceAccount and namespace"
	case strings.Contains(e.Reason, "invalid token"), strings.Contains(e.Reason, "bad token"):
		return "the token is wrong or has expired"
	case e.Status == http.StatusForbidden:
		_, path, _ := strings.Cut(e.Op, " ")
		return policyHint(path)
	}
	return ""
}

func policyHint(path string) string {
	return fmt.Sprintf(`add to the policy in vault-bootstrap: path %q { capabilities = ["create", "update", "read"] }`, path)
}

// isConflict tells a check-and-set that failed: Vault answers 400 with this text.
func isConflict(err error) bool {
	var r *api.ResponseError
	return errors.As(err, &r) && r.StatusCode == http.StatusBadRequest && strings.Contains(strings.Join(r.Errors, " "), "check-and-set")
}

// endedToken tells an answer to a token that is no longer, or never was, valid.
func endedToken(err error) bool {
	var r *api.ResponseError
	return errors.As(err, &r) && r.StatusCode == http.StatusForbidden && strings.Contains(strings.Join(r.Errors, " "), "invalid token")
}

// unanswered tells a request of which nobody knows whether it was carried out.
func unanswered(err error) bool {
	var r *api.ResponseError
	if errors.As(err, &r) {
		return r.StatusCode >= http.StatusInternalServerError || r.StatusCode == http.StatusPreconditionFailed || r.StatusCode == http.StatusTooManyRequests
	}
	return !errors.Is(err, context.Canceled)
}

// clip keeps what a server says to one readable line.
func clip(s string) string {
	const most = 300
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
