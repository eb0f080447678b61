package live

import (
	"regexp"
	"strings"

	"github.com/ameideio/ameide/pkg/lazy"
	"github.com/ameideio/ameide/pkg/verify"
)

// incident is a failure that is known by what somebody writes about it.
type incident struct {
	id      string
	pattern func() *regexp.Regexp
	name    string
	wayOut  string
	where   where
}

// where an incident's text counts.
type where int

const (
	starting where = iota // in statuses and in the log of a Pod that is not ready: it ends a start
	lasting               // in the log of a Pod that is ready, too
	statuses              // in statuses alone: in a log it may be about anything
)

// tableOfIncidents is in order: the first that fits a line names it, so the more telling ones come first. The texts are
// what Backstage, Knex, PostgreSQL, the kubelet, Argo CD, External Secrets, Vault and Keycloak write.
var tableOfIncidents = []incident{
	{"migration-lock", lazy.Regexp(`Migration table is already locked|MigrationLocked`),
		"a migration lock is taken: another migration runs, or one was killed",
		"ameide platform backstage migrations --env ENV shows who holds it; unlock-migrations clears what is STALE or CORRUPT", lasting},
	{"two-first-starts", lazy.Regexp(`relation "[^"]*knex_migrations(_lock)?" already exists|duplicate key value violates unique constraint "pg_type_typname_nsp_index"`),
		"two Pods made the migration tables at once",
		"set maxSurge 0 and one replica, or migrations.mode job; then look for a lock table with two rows: unlock-migrations leaves one", lasting},
	{"half-built-index", lazy.Regexp(`CREATE INDEX CONCURRENTLY .* already exists|relation "search_key_(value|original_value)_idx" already exists`),
		"a migration was killed while it built an index, which is now in the next one's way",
		"ameide platform backstage migrations lists the statements that take it away; run them, then start Backstage", lasting},
	{"no-createdb", lazy.Regexp(`permission denied to create database`),
		"the role may not create the plugins' databases",
		"set createdb: true for the role in the CloudNativePG cluster's managed.roles (generate writes it), and let Argo CD sync", lasting},
	{"foreign-database", lazy.Regexp(`permission denied for schema public`),
		"a plugin's database belongs to another role",
		"make the portal's role its owner: ALTER DATABASE … OWNER TO the role of POSTGRES_USER", lasting},
	{"wrong-password", lazy.Regexp(`password authentication failed for user`),
		"the database refuses the role's password",
		"compare the Secret with the role: CloudNativePG sets the password from it; restart Pods that started before it changed", lasting},
	{"no-password", lazy.Regexp(`client password must be a string`),
		"POSTGRES_PASSWORD is not set",
		"the Secret of envFrom must hold POSTGRES_PASSWORD; see live/secrets", starting},
	{"no-tls", lazy.Regexp(`The server does not support SSL connections`),
		"the portal asks for TLS and the database has none",
		"turn ssl off in backend.database.connection, or on in the cluster", starting},
	{"unmigrated", lazy.Regexp(`startup failed.*relation "[^"]+" does not exist|select .* - relation "[^"]+" does not exist`),
		"the portal skips migrations and its tables do not exist",
		"let the migrations Job run (sync the Application), or set migrations.mode to startup", lasting},
	{"database-unreachable", lazy.Regexp(`Failed to connect to the database|connect ECONNREFUSED [^ ]*:5432|getaddrinfo (ENOTFOUND|EAI_AGAIN) \S*postgres`),
		"the database cannot be reached from the Pod",
		"see live/database; the host must be the cluster's -rw Service, and the NetworkPolicy must let the Pod out", starting},
	{"issuer-unreachable", lazy.Regexp(`connect (ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)|getaddrinfo (ENOTFOUND|EAI_AGAIN)|dial tcp \S+: i/o timeout|(outgoing request timed out|expected 200 OK).*openid-configuration|Issuer\.discover|unable to (get local issuer|verify the first) certificate|self-signed certificate`),
		"a server that the start needs cannot be reached: most often the OIDC issuer, without which the whole process ends",
		"ask the issuer's /.well-known/openid-configuration from a Pod: check DNS (split horizon), the NetworkPolicy's egress and the certificate; then restart the Pod", starting},
	{"wrong-architecture", lazy.Regexp(`exec format error|no match for platform in manifest|no matching manifest for|qemu: uncaught target signal|qemu-\S+: Could not open`),
		"the image is not built for this node",
		"use an image index with the node's platform (ameide platform backstage check-image), or set nodeSelector kubernetes.io/arch", starting},
	{"heap-exhausted", lazy.Regexp(`JavaScript heap out of memory`),
		"Node's heap is full",
		"raise the memory limit and NODE_OPTIONS --max-old-space-size together", starting},
	{"config-schema", lazy.Regexp(`Invalid app bundle schema|Config must have required property|Missing required config value at`),
		"app-config lacks a section that a plugin needs",
		"ameide platform backstage verify names it offline (config/…); add the section to the values", starting},
	{"read-only-root", lazy.Regexp(`EROFS: read-only file system`),
		"a plugin writes into the image's file system, which is read-only",
		"give it a directory below /tmp, or a volume (extraVolumes)", lasting},
	{"stale-client-secret", lazy.Regexp(`unauthorized_client|[Ii]nvalid client( or Invalid client)? credentials|invalid_client`),
		"Keycloak refuses the portal's client secret: it is a placeholder, or older than Keycloak's",
		"ameide platform backstage reconcile --env ENV --client CLIENT; wait for the ExternalSecret's refresh and restart the Pod", starting},
	{"client-missing", lazy.Regexp(`Client not found`),
		"the realm has no such client: a KeycloakRealmImport never adds one to an existing realm",
		"ameide platform backstage reconcile --env ENV --client CLIENT", statuses},
	{"redirect-uri", lazy.Regexp(`Invalid parameter: redirect_uri`),
		"the client does not allow the portal's redirect URI",
		"ameide platform backstage reconcile --env ENV --client CLIENT writes what Git declares", statuses},
	{"invalid-scope", lazy.Regexp(`invalid_scope|Invalid scopes`),
		"the client lacks a scope that the portal asks for",
		"ameide platform backstage reconcile --env ENV --client CLIENT attaches the declared scopes", statuses},
	{"sql-dollar", lazy.Regexp(`syntax error at or near "\$"`),
		"a shell has taken $$ out of the unlock script",
		"use the chart's own script: plain statements, no DO block", starting},
	{"render-failure", lazy.Regexp(`YAML parse error on|could not find expected ':'|execution error at \(`),
		"the chart does not render, so Argo CD compares nothing and makes no hook",
		"ameide platform backstage verify --rule chart/render names file and line", statuses},
	{"recreate-rolling", lazy.Regexp(`spec\.strategy\.rollingUpdate: Forbidden: may not be specified when strategy type is 'Recreate'`),
		"rollingUpdate stands beside the strategy Recreate, or another field manager owns it",
		"render rollingUpdate for RollingUpdate alone, and apply once with --server-side --force-conflicts as argocd-controller", statuses},
	{"immutable-job", lazy.Regexp(`field is immutable`),
		"a Job was changed in place",
		"make it a hook with BeforeHookCreation", statuses},
	{"would-prune-all", lazy.Regexp(`auto-sync will wipe out all resources`),
		"the Application renders nothing, and Argo CD refuses to delete everything",
		"render one object at least; see enabled in the values", statuses},
	{"vault-sealed", lazy.Regexp(`Vault is sealed`),
		"Vault is sealed",
		"let its auto-unseal work; see the Vault Pods. Nobody unseals by hand", statuses},
	{"vault-audience", lazy.Regexp(`invalid audience \(aud\) claim`),
		"Vault refuses the ServiceAccount token's audience",
		"let the role of the Kubernetes auth method and the SecretStore name one audience", statuses},
	{"vault-denied", lazy.Regexp(`(?s)Code: 403.*permission denied`),
		"Vault's policy does not cover the path",
		"add the path to the policy of the vault-bootstrap CronJob and run a fresh Job of it", statuses},
	{"vault-entry-missing", lazy.Regexp(`Secret does not exist|could not get secret data from provider`),
		"Vault has no such entry, or External Secrets may not read it",
		"ameide platform backstage reconcile --env ENV writes the client's; see the SecretStore for the rest", statuses},
	{"image-gone", lazy.Regexp(`manifest unknown|not found: manifest|repository does not exist`),
		"the registry does not have the image",
		"ameide platform backstage check-image names what exists", statuses},
	{"pull-denied", lazy.Regexp(`(pull|authorization|authenticate|authentication).*(denied|failed|required|unauthorized)|401 Unauthorized|429 Too Many Requests`),
		"the registry refuses the pull",
		"check the pull secret's registry and credentials; see imagePullSecrets", statuses},
}

// recognize is the incident that a text tells of; nil when it is none.
func recognize(line string) *incident {
	for i := range tableOfIncidents {
		if tableOfIncidents[i].pattern().MatchString(line) {
			return &tableOfIncidents[i]
		}
	}
	return nil
}

// known adds to a finding the way out of the incident that it tells of.
func known(i verify.Issue) verify.Issue {
	if found := recognize(i.Actual); found != nil { // its way out says more than the rule's
		i.Hint = found.name + ": " + found.wayOut
	}
	return i
}

// fill names environment and client in a way out, so that it can be typed.
func (d *Declared) fill(s string) string {
	return strings.NewReplacer("--env ENV", "--env "+d.Env.Name, "--client CLIENT", "--client "+d.Spec.OIDC.ClientID).Replace(s)
}

// sighting is an incident in one line of a log.
type sighting struct {
	incident *incident
	line     string
}

// sightings are the incidents of a log, each once, with the first line that tells of it. In the log of a Pod that is ready
// only those count that last: whatever else it says, it has started.
func sightings(log string, ready bool) []sighting {
	var all []sighting
	seen := map[string]bool{}
	for line := range strings.Lines(log) {
		found := recognize(line)
		if found == nil || seen[found.id] || found.where == statuses || ready && found.where != lasting {
			continue
		}
		seen[found.id] = true
		all = append(all, sighting{found, oneLine(line)})
	}
	return all
}
