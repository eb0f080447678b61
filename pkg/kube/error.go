package kube

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Error is a request that the API server refused or did not answer.
type Error struct {
	Status     int // 0 when there was no answer
	request    request
	reason     string
	retryAfter time.Duration
	cause      error
}

func newError(r request, response *http.Response, err error) *Error {
	if err != nil {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return &Error{request: r, reason: err.Error(), cause: err}
	}
	defer response.Body.Close()
	e := &Error{request: r, Status: response.StatusCode}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		e.retryAfter = time.Duration(seconds) * time.Second
	}
	const most = 16 << 10
	body, _ := io.ReadAll(io.LimitReader(response.Body, most)) // what came is enough
	var status struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &status) == nil {
		e.reason = status.Message
	}
	if e.reason == "" {
		e.reason = strings.Join(strings.Fields(http.StatusText(response.StatusCode)+" "+string(body)), " ")
	}
	return e
}

func (e *Error) Error() string {
	if e.Status == 0 {
		return "the Kubernetes API did not answer: " + e.reason
	}
	return fmt.Sprintf("%d: %s", e.Status, e.reason)
}

func (e *Error) Unwrap() error { return e.cause }

// status is HTTP's of a request that was refused; 0 when there was no answer, or no refusal.
func status(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// Hint names the RBAC rule that grants what was refused.
func (e *Error) Hint() string {
	switch e.Status {
	case http.StatusForbidden:
		return e.request.rule()
	case http.StatusUnauthorized:
		return "log in to the cluster again: the kubeconfig's credentials are not accepted"
	case 0:
		switch {
		case e.untrusted():
			return "the server's certificate is not the kubeconfig's: is it the right context, and is its certificate-authority up to date?"
		case e.noCredentials():
			return "log in to the cluster again: the kubeconfig's credential plugin gives nothing"
		}
		return "is the cluster reachable from here, and is it the right context?"
	}
	return ""
}

// untrusted tells whether the server has shown a certificate that is not trusted.
func (e *Error) untrusted() bool {
	var certificate *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	return errors.As(e.cause, &certificate) || errors.As(e.cause, &plain)
}

// noCredentials tells whether the kubeconfig's credential plugin failed: client-go says so in words alone
// (plugin/pkg/client/auth/exec).
func (e *Error) noCredentials() bool {
	return e.Status == 0 && strings.Contains(e.reason, "getting credentials: ")
}

// rule is the missing right, as a rule of a Role or ClusterRole has it.
func (r request) rule() string {
	resource := r.resource.Name
	verb := r.verb
	if r.sub != "" {
		resource += "/" + r.sub
	}
	kind := "a Role of namespace " + r.namespace
	if r.namespace == "" {
		kind = "a ClusterRole"
	}
	return fmt.Sprintf("grant it with the rule {apiGroups: [%q], resources: [%q], verbs: [%q]} in %s", r.resource.Group, resource, verb, kind)
}

// temporary tells whether the same request may be answered a moment later.
func (e *Error) temporary() bool {
	var unknown *net.DNSError
	if errors.As(e.cause, &unknown) && unknown.IsNotFound || e.untrusted() || e.noCredentials() {
		return false
	}
	switch e.Status {
	case 0, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return e.request.sub == "" || e.Status != http.StatusInternalServerError // a kubelet's error stays
	}
	return false
}

// known is ErrMissing for an object, or a whole kind, that does not exist.
func (e *Error) known() error {
	if e.Status == http.StatusNotFound && e.request.verb == "list" {
		return &Error{Status: e.Status, request: e.request, reason: "the cluster does not serve " + e.request.resource.Name + " of " + e.request.resource.Group + "/" + e.request.resource.Version + ": its CRD is not installed"}
	}
	if e.Status == http.StatusNotFound {
		return fmt.Errorf("%w: %s", ErrMissing, e.reason)
	}
	return e
}
