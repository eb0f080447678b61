package live

import (
	"testing"
)

// Each text is what the program itself writes, as far as it can be quoted in one line.
func TestIncidentsAreKnownByWhatIsWritten(t *testing.T) {
	t.Parallel()
	named := map[string]bool{}
	for _, test := range []struct{ line, want string }{
		{"Can't take lock to run migrations: Migration table is already locked", "migration-lock"},
		{"MigrationLocked: Plugin 'catalog' startup failed; caused by MigrationLocked: Migration table is already locked", "migration-lock"},
		{"MigrationLocked: Module 'postgres-engine' for plugin 'search' startup failed; caused by MigrationLocked: Migration table is already locked", "migration-lock"},
		{`{"level":"error","message":"Unhandled rejection Migration table is already locked","name":"MigrationLocked","type":"unhandledRejection"}`, "migration-lock"},
		{`Error: create table "knex_migrations_lock" ("index" serial primary key, "is_locked" integer) - relation "knex_migrations_lock" already exists`, "two-first-starts"},
		{`Plugin 'catalog' startup failed; caused by error: CREATE INDEX CONCURRENTLY search_key_value_idx ON search(key, value) - relation "search_key_value_idx" already exists`, "half-built-index"},
		{`Failed to connect to the database to make sure that 'backstage_plugin_auth' exists, error: CREATE DATABASE "backstage_plugin_auth" - permission denied to create database`, "no-createdb"},
		{`create table "backstage_backend_public_keys__knex_migrations" ("id" serial primary key) - permission denied for schema public`, "foreign-database"},
		{`Failed to connect to the database to make sure that 'backstage_plugin_auth' exists, error: password authentication failed for user "backstage"`, "wrong-password"},
		{"SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string", "no-password"},
		{"The server does not support SSL connections", "no-tls"},
		{`Plugin 'catalog' startup failed; caused by error: select * from "locations" - relation "locations" does not exist`, "unmigrated"},
		{"Failed to connect to the database to make sure that 'backstage_plugin_app' exists, Error: connect ECONNREFUSED 10.96.4.2:5432", "database-unreachable"},
		{"Error: connect ECONNREFUSED 127.0.0.1:18443", "issuer-unreachable"},
		{"Error: getaddrinfo ENOTFOUND auth.dev.ameide.io", "issuer-unreachable"},
		{"dial tcp 20.10.3.4:443: i/o timeout", "issuer-unreachable"},
		{"exec /usr/local/bin/docker-entrypoint.sh: exec format error", "wrong-architecture"},
		{`Failed to pull image "quay.io/x": no match for platform in manifest: not found`, "wrong-architecture"},
		{"qemu: uncaught target signal 11 (Segmentation fault) - core dumped", "wrong-architecture"},
		{"FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", "heap-exhausted"},
		{"Invalid app bundle schema: Config validation failed, Config must have required property 'techdocs'", "config-schema"},
		{"Error: EROFS: read-only file system, mkdir '/opt/app-root/src/.cache'", "read-only-root"},
		{"Authentication failed, unauthorized_client (Invalid client or Invalid client credentials)", "stale-client-secret"},
		{"authorization endpoint: Client not found.", "client-missing"},
		{"authorization endpoint: Invalid parameter: redirect_uri", "redirect-uri"},
		{"authorization endpoint: invalid_scope: Invalid scopes: openid profile email roles", "invalid-scope"},
		{`ERROR:  syntax error at or near "$"`, "sql-dollar"},
		{"YAML parse error on backstage/templates/migrations-unlock-job.yaml: yaml: line 55: could not find expected ':'", "render-failure"},
		{`Deployment.apps "platform-backstage" is invalid: spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy type is 'Recreate'`, "recreate-rolling"},
		{`Job.batch "platform-backstage-migrations" is invalid: spec.template: Invalid value: core.PodTemplateSpec{}: field is immutable`, "immutable-job"},
		{"Skipping sync attempt to [4f2a1c7]: auto-sync will wipe out all resources", "would-prune-all"},
		{"unable to log in to auth method: Error making API request. Code: 503. Errors: * Vault is sealed", "vault-sealed"},
		{"Code: 400. Errors: * invalid audience (aud) claim: audience claim does not match any expected audience", "vault-audience"},
		{"Error making API request. URL: GET http://vault-core-dev:8200/v1/secret/data/backstage-session-secret Code: 403. Errors: * 1 error occurred: * permission denied", "vault-denied"},
		{"could not get secret data from provider", "vault-entry-missing"},
		{"error processing spec.data[0] (key: backstage-oidc-client-secret), err: Secret does not exist", "vault-entry-missing"},
		{"failed to resolve reference \"ghcr.io/x:1\": manifest unknown", "image-gone"},
		{"failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized", "pull-denied"},
	} {
		got := recognize(test.line)
		if got == nil || got.id != test.want {
			t.Errorf("%q is %+v, want %s", test.line, got, test.want)
			continue
		}
		named[got.id] = true
	}
	for _, i := range tableOfIncidents {
		if !named[i.id] {
			t.Errorf("no text tells of %s", i.id)
		}
		if i.name == "" || i.wayOut == "" {
			t.Errorf("%s has no name or way out", i.id)
		}
	}
}

func TestOrdinaryLinesAreNoIncidents(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		`{"level":"info","message":"Plugin initialization complete, newly initialized: 'catalog', 'scaffolder'","service":"backstage","type":"initialization"}`,
		`{"level":"info","message":"Performing database migration","plugin":"catalog","service":"backstage"}`,
		`{"level":"info","message":"Configuring auth provider: oidc","plugin":"auth","service":"backstage"}`,
		`{"level":"info","message":"[2026-01-20T12:00:00.000Z] \"GET /api/catalog/entities HTTP/1.1\" 401 0 \"-\" \"ameide-verify\"","service":"rootHttpRouter","type":"incomingRequest"}`,
		`{"level":"info","message":"Task worker starting: search_index_techdocs, {\"version\":2}","service":"backstage"}`,
		`{"level":"warn","message":"Failed to initialize kubernetes backend: valid kubernetes config is missing","service":"backstage"}`,
		`{"level":"info","message":"Created UrlReaders predicateMux{readers=azure{host=dev.azure.com,authed=false}}","service":"backstage"}`,
	} {
		if got := recognize(line); got != nil {
			t.Errorf("%q is taken for %s", line, got.id)
		}
	}
}

func TestAWayOutCanBeTyped(t *testing.T) {
	t.Parallel()
	d := declared(t, "dev")
	s := healthy(d)
	unready(s)
	s.Logs[0].Text += "Authentication failed, unauthorized_client (Invalid client or Invalid client credentials)\n"
	got := incidents(d, s)
	if len(got) != 1 || got[0].WayOut != "ameide platform backstage reconcile --env dev --client backstage; wait for the ExternalSecret's refresh and restart the Pod" {
		t.Errorf("incidents = %+v, want one whose way out names environment and client", got)
	}
}
