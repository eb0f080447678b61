package catalog

import (
	"strconv"
	"strings"

	"github.com/ameideio/ameide/pkg/lazy"
)

// The formats of catalog-model's KubernetesValidatorFunctions, CommonValidatorFunctions and makeValidator.
var (
	namePattern    = lazy.Regexp(`^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$`)
	labelPattern   = lazy.Regexp(`^[a-z0-9]+(?:-+[a-z0-9]+)*$`)
	kindPattern    = lazy.Regexp(`^[a-zA-Z][a-z0-9A-Z]*$`)
	versionPattern = lazy.Regexp(`^[a-z0-9A-Z]+$`)
	tagPattern     = lazy.Regexp(`^[a-z0-9:+#]+(-[a-z0-9:+#]+)*$`)
)

// maxLength is the length of a name, label, kind or tag.
const maxLength = 63

func isName(s string) bool     { return len(s) <= maxLength && namePattern().MatchString(s) }
func isDNSLabel(s string) bool { return len(s) <= maxLength && labelPattern().MatchString(s) }
func isKind(s string) bool     { return len(s) <= maxLength && kindPattern().MatchString(s) }
func isTag(s string) bool      { return len(s) <= maxLength && tagPattern().MatchString(s) }
func isNotBlank(s string) bool { return strings.TrimSpace(s) != "" }

func isLabelValue(s string) bool { return s == "" || isName(s) }
func isKey(s string) bool        { return isPrefixed(s, isName) }

func isAPIVersion(s string) bool {
	return isPrefixed(s, func(v string) bool { return len(v) <= maxLength && versionPattern().MatchString(v) })
}

// isPrefixed is [DNS subdomain/]suffix.
func isPrefixed(s string, suffix func(string) bool) bool {
	prefix, rest, found := strings.Cut(s, "/")
	if !found {
		return suffix(s)
	}
	if len(prefix) > 253 || strings.Contains(rest, "/") {
		return false
	}
	for part := range strings.SplitSeq(prefix, ".") {
		if !isDNSLabel(part) {
			return false
		}
	}
	return suffix(rest)
}

var (
	schemePattern = lazy.Regexp(`^([A-Za-z][A-Za-z0-9+.-]*):(.*)$`)
	// forbiddenHost are the code points that the URL standard refuses in a host.
	forbiddenHost = lazy.Regexp(`[\x00-\x20#%/:<>?@\[\\\]^|\x7f]`)
	ipv6Host      = lazy.Regexp(`^\[[0-9A-Fa-f:.]+\]$`)
)

// isURL tells what `new URL(s)` of the URL standard accepts, as far as people write it: http:example.org is a URL there.
func isURL(s string) bool {
	m := schemePattern().FindStringSubmatch(strings.Trim(s, "\x00 \t\n\r"))
	if m == nil {
		return false
	}
	scheme, rest := strings.ToLower(m[1]), m[2]
	switch scheme {
	case "http", "https", "ws", "wss", "ftp":
		return isAuthority(strings.TrimLeft(rest, `/\`), `/\?#`, false)
	}
	authority, found := strings.CutPrefix(rest, "//")
	return !found || isAuthority(authority, "/?#", true)
}

// isAuthority judges [user@]host[:port] up to one of the ends.
func isAuthority(s, ends string, mayBeEmpty bool) bool {
	if i := strings.IndexAny(s, ends); i >= 0 {
		s = s[:i]
	}
	s = s[strings.LastIndexByte(s, '@')+1:]
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && i > strings.LastIndexByte(s, ']') {
		host, port = s[:i], s[i+1:]
	}
	if n, err := strconv.Atoi(port); port != "" && (err != nil || n < 0 || n > 65535) {
		return false
	}
	if host == "" {
		return mayBeEmpty && port == ""
	}
	return ipv6Host().MatchString(host) || !forbiddenHost().MatchString(host) && !isBrokenIPv4(host)
}

// isBrokenIPv4 tells a host that ends in a number, which makes it an IPv4 address in the URL standard, and is none.
func isBrokenIPv4(host string) bool {
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	if _, err := strconv.ParseUint(parts[len(parts)-1], 10, 32); err != nil {
		return false
	}
	for _, part := range parts[:len(parts)-1] {
		if n, err := strconv.Atoi(part); err != nil || n < 0 || n > 255 {
			return true
		}
	}
	return len(parts) > 4
}
