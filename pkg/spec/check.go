package spec

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxName is the length of a PostgreSQL identifier, in bytes; maxPort is the highest port of TCP.
const (
	maxName = 63
	maxPort = 65535
)

// checkAll judges what no single field can tell: whether the parts of the spec agree. A line whose value was not
// acceptable by itself is not reported again for what follows from that.
func (d *decoder) checkAll() {
	found := d.problems
	d.problems = nil
	d.check()
	follows := func(p Problem) bool {
		return slices.ContainsFunc(found, func(f Problem) bool { return f.Line == p.Line })
	}
	d.problems = append(slices.DeleteFunc(d.problems, follows), found...)
}

func (d *decoder) check() {
	d.checkImages()
	d.checkDatabase()
	d.checkOIDC()
	d.checkHooks()
	d.checkEnvironments()
	d.checkCatalog()
	d.checkWaivers()
}

// blame reports a problem at the place of a path, or at the nearest place that the file gives.
func (d *decoder) blame(path, hint, format string, args ...any) {
	at, exact := nearest(d.positions, path)
	message := fmt.Sprintf(format, args...)
	if !exact {
		message += " (" + path + " has its default)"
	}
	d.problems = append(d.problems, Problem{File: d.file, Line: at.Line, Column: at.Column, Message: message, Hint: hint})
}

func (d *decoder) checkImages() {
	const hint = "list them, for example [linux/amd64]; check-image reads them from the registry"
	if len(d.spec.Image.Platforms) == 0 {
		d.blame("image.repository", hint, "image.platforms: the platforms of %s are not known", d.spec.Image.Repository)
	}
	for i, e := range d.spec.Environments {
		if e.Image != nil && len(e.Image.Platforms) == 0 {
			d.blame(entry("environments", i)+".image.repository", hint, "%s.image.platforms: the platforms of %s are not known", entry("environments", i), e.Image.Repository)
		}
	}
}

// checkDatabase holds the databases of plugins apart, in the length that PostgreSQL cuts names to.
func (d *decoder) checkDatabase() {
	db := d.spec.Database
	plugins := sortedKeys(db.Plugins)
	owner := map[string]string{}
	for _, plugin := range plugins {
		path, name := "database.plugins."+plugin, db.Plugins[plugin]
		if other, taken := owner[name]; taken {
			d.blame(path, "", "plugins %s and %s have one database %q: their migrations would collide", other, plugin, name)
		}
		owner[name] = plugin
		if id, ok := strings.CutPrefix(name, db.PluginPrefix); ok && id != plugin {
			d.blame(path, "", "%q is the database that plugin %s has by its prefix", name, id)
		}
		if len(db.PluginPrefix)+len(plugin) > maxName {
			d.blame(path, "", "%s%s is longer than the %d bytes of a PostgreSQL name", db.PluginPrefix, plugin, maxName)
		}
	}
}

func (d *decoder) checkOIDC() {
	if i := slices.Index(d.spec.OIDC.Scopes, "openid"); i >= 0 {
		d.blame(entry("oidc.scopes", i), "remove it: Backstage always asks for it", "openid is a protocol scope, not a client scope: Keycloak would refuse the client")
	}
	if d.spec.OIDC.Vault == d.spec.Session {
		d.blame("session", "", "the session secret and the client secret are one Vault field: rotating one would break the other")
	}
}

func (d *decoder) checkEnvironments() {
	names, hosts, namespaces := map[string]string{}, map[string]string{}, map[string]string{}
	for i, e := range d.spec.Environments {
		path := entry("environments", i)
		if _, taken := names[e.Name]; taken {
			d.blame(path+".name", "", "duplicate environment %q", e.Name)
			continue
		}
		names[e.Name] = e.Name
		d.unique(hosts, e.Host, e.Name, path+".host")
		d.unique(namespaces, e.Namespace, e.Name, path+".namespace")
		if e.Host != e.DNSZone && !strings.HasSuffix(e.Host, "."+e.DNSZone) {
			d.blame(path+".host", "set dnsZone too", "host %s does not lie in the DNS zone %s", e.Host, e.DNSZone)
		}
		d.checkURL(path+".issuer", e.Issuer)
		d.checkURL(path+".vaultAddress", e.VaultAddress)
		if _, realm, ok := strings.Cut(e.Issuer, "/realms/"); !ok || strings.TrimSuffix(realm, "/") != d.spec.OIDC.Realm {
			d.blame(path+".issuer", "", "issuer %s is not the URL of realm %s: it must end in /realms/%s", e.Issuer, d.spec.OIDC.Realm, d.spec.OIDC.Realm)
		}
	}
}

func (d *decoder) unique(seen map[string]string, value, env, path string) {
	field := path[strings.LastIndexByte(path, '.')+1:]
	if other, taken := seen[value]; taken {
		d.blame(path, "", "environments %s and %s have one %s: %s", other, env, field, value)
		return
	}
	seen[value] = env
}

// checkURL catches what a pattern cannot: a port beyond 65535, a host of more than 253 characters.
func (d *decoder) checkURL(path, value string) {
	u, err := url.Parse(value)
	if err != nil || len(u.Hostname()) > 253 {
		d.blame(path, "", "%s is not a URL: %s", path, value)
		return
	}
	if port, err := strconv.Atoi(u.Port()); err == nil && port > maxPort {
		d.blame(path, "", "%s has the port %d, beyond %d", path, port, maxPort)
	}
}

func (d *decoder) checkWaivers() {
	for i, w := range d.spec.Waivers {
		path := entry("waivers", i)
		if _, err := time.Parse(time.DateOnly, w.Expires); err != nil {
			d.blame(path+".expires", "", "%s.expires: there is no day %s", path, w.Expires)
		}
		if _, ok := d.spec.Environment(w.Env); w.Env != "" && !ok {
			d.blame(path+".env", suggestion(w.Env, d.spec.EnvironmentNames()), "%s.env: there is no environment %q", path, w.Env)
		}
	}
}

func entry(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
