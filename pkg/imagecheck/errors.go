package imagecheck

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Kind is why nothing could be determined about an image.
type Kind string

// The kinds of failure, as reports name them.
const (
	BadReference Kind = "bad-reference" // not an image reference
	NotFound     Kind = "not-found"     // the registry does not have it, or does not say so to strangers
	Unauthorized Kind = "unauthorized"  // credentials are missing, wrong or not enough
	RateLimited  Kind = "rate-limited"  // 429 until the time was up
	TLS          Kind = "tls"           // the registry's certificate is not trusted, or it speaks no TLS
	DNS          Kind = "dns"           // the registry's name does not resolve
	Unreachable  Kind = "unreachable"   // no answer: refused, timed out, server error
	NotAnImage   Kind = "not-an-image"  // a chart, a signature, another artifact
	Schema1      Kind = "schema1"       // Docker's manifest schema 1, which says nothing dependable about platforms
	Corrupt      Kind = "corrupt"       // content that is not what its digest or type says
	Unlocked     Kind = "not-in-lock"   // offline, and the lock file does not know it
)

// Error is a failure to determine something about an image.
type Error struct {
	Kind  Kind
	Image string
	Err   error

	hint string
}

// Error is the image, then what happened.
func (e *Error) Error() string {
	if e.Image == "" {
		return fmt.Sprintf("%s: %v", e.Kind, e.Err)
	}
	return fmt.Sprintf("%s: %s: %v", e.Image, e.Kind, e.Err)
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// Hint is what to do about it.
func (e *Error) Hint() string {
	if e.hint != "" {
		return e.hint
	}
	switch e.Kind {
	case NotFound:
		return "check repository and tag; a private repository answers the same to strangers, then log in with docker login"
	case Unauthorized:
		return "log in with docker login, or let a credential helper of ~/.docker/config.json answer for this registry"
	case RateLimited:
		return "wait, log in for a higher limit, lower --jobs, or check offline against the lock file"
	case TLS:
		return "trust the registry's CA (SSL_CERT_FILE); plain HTTP is spoken on loopback only"
	case DNS:
		return "check the registry's name; behind a mirror name it with --mirror"
	case Unreachable:
		return "check the network and HTTPS_PROXY; behind a mirror name it with --mirror"
	case NotAnImage:
		return "name the image itself, not its chart, signature or attestation"
	case Schema1:
		return "push the image again with a current tool; schema 1 is gone from current runtimes, too"
	case Corrupt:
		return "the registry or something in between serves wrong content; pull elsewhere and compare digests"
	case Unlocked:
		return "run it once online with --update-lock and commit the lock file"
	}
	return ""
}

// failure wraps a cause that is of a known kind already.
func failure(k Kind, format string, args ...any) error {
	return &Error{Kind: k, Err: fmt.Errorf(format, args...)}
}

// classify makes an Error of whatever went wrong with an image.
func classify(image string, err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		out := *known
		out.Image = image
		return &out
	}
	return &Error{Kind: kindOf(err), Image: image, Err: err}
}

func kindOf(err error) Kind {
	var verification *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &verification) || errors.As(err, &unknown) || errors.Is(err, errPlainHTTP) {
		return TLS // before any answer: on loopback plain HTTP is tried, too, and a TLS server answers that with 400
	}
	var answer *transport.Error
	if errors.As(err, &answer) {
		return kindOfAnswer(answer)
	}
	var dns *net.DNSError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &dns):
		return DNS
	case errors.As(err, &record), errors.As(err, &alert):
		return TLS
	}
	return Unreachable
}

// isRequest tells whether an error is about a request and not about what it brought.
func isRequest(err error) bool {
	var answer *transport.Error
	var url *url.Error
	var network net.Error
	return errors.As(err, &answer) || errors.As(err, &url) || errors.As(err, &network)
}

// kindOfAnswer goes by the registry's error codes first, because some answer 404 or 401 for both missing and forbidden.
func kindOfAnswer(e *transport.Error) Kind {
	has := func(codes ...transport.ErrorCode) bool {
		return slices.ContainsFunc(e.Errors, func(d transport.Diagnostic) bool { return slices.Contains(codes, d.Code) })
	}
	switch {
	case e.StatusCode == http.StatusTooManyRequests, has(transport.TooManyRequestsErrorCode):
		return RateLimited
	case has(transport.ManifestUnknownErrorCode, transport.NameUnknownErrorCode, transport.BlobUnknownErrorCode), e.StatusCode == http.StatusNotFound:
		return NotFound
	case e.StatusCode == http.StatusUnauthorized, e.StatusCode == http.StatusForbidden, has(transport.UnauthorizedErrorCode, transport.DeniedErrorCode):
		return Unauthorized
	}
	return Unreachable
}

// timedOut says how long was waited instead of "context deadline exceeded".
func timedOut(err error, limit fmt.Stringer) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %s: %w", limit, err)
	}
	return err
}
