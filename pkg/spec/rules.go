package spec

import "maps"

// rule is what one scalar must look like. The pattern is valid both for Go and for ECMAScript, because editors judge
// by the same text in the JSON Schema.
type rule struct {
	pattern string // whole value
	says    string // completes "must be …"
	example string
}

const (
	label    = `[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?`
	hostname = label + `(\.` + label + `)*`
	pathPart = `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
	address  = `(` + hostname + `|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?`
	urlPath  = `(/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*/?`
	// entityName is Backstage's KubernetesValidatorFunctions.isValidObjectName.
	entityName = `([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]`
	oneLine    = `[^\x00-\x1f\x7f]*`
)

// rules are all rules by the name that a field's `rule` tag carries.
func rules() map[string]rule {
	all := nameRules()
	maps.Copy(all, valueRules())
	return all
}

// nameRules are names of things: in DNS, Kubernetes, PostgreSQL, Vault, Keycloak and Backstage.
func nameRules() map[string]rule {
	return map[string]rule{
		"label":        {`^` + label + `$`, "a DNS label: lower-case letters, digits and inner dashes, 63 characters at most", "ameide-dev"},
		"name":         {`^` + hostname + `$`, "a Kubernetes name: lower-case letters, digits, dashes and dots", "backstage"},
		"host":         {`^` + hostname + `$`, "a host name without scheme, port or path", "backstage.dev.ameide.io"},
		"environment":  {`^[a-z]([-a-z0-9]{0,30}[a-z0-9])?$`, "an environment's name: a lower-case letter, then letters, digits and inner dashes, 32 characters at most", "staging"},
		"organization": {`^[A-Za-z0-9]([-A-Za-z0-9]{0,38})$`, "a GitHub organisation", "ameideio"},
		"database":     {`^[a-z_][a-z0-9_-]{0,62}$`, "a PostgreSQL name: lower-case letters, digits, _ and -, 63 characters at most", "backstage"},
		"prefix":       {`^[a-z_][a-z0-9_-]{0,39}$`, "a prefix of PostgreSQL names: lower-case letters, digits, _ and -, 40 characters at most", "backstage_plugin_"},
		"plugin":       {`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`, "a Backstage plugin id", "catalog"},
		"vaultpath":    {`^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$`, "a Vault path without leading or trailing slash", "backstage-session-secret"},
		"key":          {`^[-._A-Za-z0-9]{1,253}$`, "a key: letters, digits, -, _ and .", "value"},
		"realm":        {`^[A-Za-z0-9_][A-Za-z0-9._-]*$`, "a Keycloak realm name", "ameide"},
		"word":         {`^[A-Za-z0-9][A-Za-z0-9._:/-]*$`, "one word without blanks", "backstage"},
		"resolver":     {`^[A-Za-z][A-Za-z0-9]*$`, "the name of a sign-in resolver", "emailMatchingUserEntityProfileEmail"},
		"entity":       {`^` + entityName + `$`, "an entity name: letters, digits and inner -, _ and ., 63 characters at most", "platform-factory"},
		"ref":          {`^([A-Za-z][A-Za-z0-9]*:)?(` + label + `/)?` + entityName + `$`, "an entity reference [kind:][namespace/]name", "group:platform"},
		"ruleid":       {`^[a-z]+/[a-z0-9-]+$`, "a rule id: area/name", "image/pinned"},
	}
}

// valueRules are every other value.
func valueRules() map[string]rule {
	return map[string]rule{
		"text":       {`^` + oneLine + `[^\s\x00-\x1f\x7f]` + oneLine + `$`, "one line of text, not empty", "Ameide Platform Factory"},
		"line":       {`^` + oneLine + `$`, "one line of text", ""},
		"https":      {`^https://` + hostname + `(:[1-9][0-9]{0,4})?(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)+/?$`, "an https URL with a path, without user, query or fragment", "https://github.com/ameideio/ameide-gitops.git"},
		"url":        {`^https?://` + address + urlPath + `$`, "an http or https URL without user, query or fragment", "https://auth.dev.ameide.io/realms/ameide"},
		"release":    {`^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?$`, "a release number of three parts", "1.35.0"},
		"minor":      {`^1\.(0|[1-9][0-9]{0,2})$`, "a minor version of Kubernetes", "1.34"},
		"revision":   {`^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$`, "a branch, tag or commit", "main"},
		"repository": {`^(` + `[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?(:[0-9]{1,5})?/)?` + pathPart + `(/` + pathPart + `)*$`, "an image repository without tag or digest", "ghcr.io/backstage/backstage"},
		"tag":        {`^([A-Za-z0-9_][A-Za-z0-9._-]{0,127})?$`, "an image tag", "1.35.0"},
		"digest":     {`^(sha256:[a-f0-9]{64})?$`, "sha256: and 64 hexadecimal digits", ""},
		"platform":   {`^linux/(amd64|arm64|arm|ppc64le|s390x|riscv64)(/v[5-9])?$`, "a platform os/arch[/variant]", "linux/amd64"},
		"port":       {`^([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$`, "a port, 1 to 65535", "5432"},
		"interval":   {`^([1-9][0-9]*[hms])+$`, "a duration such as 1h, 30m or 1h30m", "1h"},
		"email":      {`^[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+$`, "an e-mail address", "jo@ameide.io"},
		"date":       {`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$`, "a day as YYYY-MM-DD", "2026-12-31"},
	}
}
