package verify

// configSection is a mapping of app-config and the keys that are read there, in any release.
type configSection struct {
	path string // as in gate; empty for the root
	keys []string
}

// sections are those of Backstage and its core plugins, and of the plugins that Red Hat Developer Hub brings. A key that
// a gate knows stands here, too, or it would be a misspelling of its neighbour.
func sections() []configSection {
	return []configSection{
		{"", []string{
			"acr", "ai", "analytics", "app", "argocd", "auditor", "auth", "azureDevOps", "backend", "bulkImport", "buildInfo", "catalog",
			"costInsights", "customResources", "discovery", "dynamicPlugins", "dynatrace", "enterprise", "events", "gcp", "gitlab", "grafana",
			"homepage", "i18n", "integrations", "jenkins", "jfrog", "jira", "kafka", "kubernetes", "lightspeed", "lighthouse", "mcpActions",
			"newrelic", "nexusRepositoryManager", "notifications", "ocm", "opencost", "organization", "pagerDuty", "permission", "processors",
			"proxy", "quay", "rollbar", "scaffolder", "search", "sentry", "servicenow", "signInPage", "sonarqube", "techInsights", "techdocs",
			"telemetry", "threescale", "userSettings", "vault",
		}},
		{"app", []string{"analytics", "auth", "baseUrl", "branding", "experimental", "extensions", "packageName", "packages", "pluginOverrides", "routes", "sidebar", "support", "title"}},
		{"backend", []string{
			"actions", "auditor", "auth", "baseUrl", "cache", "cors", "csp", "database", "health", "lifecycle", "listen", "logger", "metrics",
			"packages", "plugins", "rateLimit", "reading", "server", "startup", "telemetry", "tracing", "trustProxy", "workingDirectory",
		}},
		{"backend.listen", []string{"address", "host", "port"}},
		{"backend.lifecycle", []string{"serverShutdownDelay", "startupRequestPauseTimeout"}},
		{"backend.database", connectionKeys("pluginDivisionMode", "prefix", "plugin")},
		{"backend.database.plugin.*", connectionKeys()},
		{"auth", []string{"autologout", "backstageTokenExpiration", "environment", "experimentalClientIdMetadataDocuments", "experimentalDynamicClientRegistration", "experimentalExtraAllowedOrigins", "identityTokenAlgorithm", "keyStore", "omitIdentityTokenOwnershipClaim", "providers", "session"}},
		{"auth.session", []string{"secret"}},
		{"auth.providers.oidc.*", []string{
			"additionalScopes", "callbackUrl", "clientId", "clientSecret", "metadataUrl", "prompt", "scope", "sessionDuration", "signIn",
			"startUrlSearchParams", "timeout", "tokenEndpointAuthMethod", "tokenSignedResponseAlg",
		}},
		{"auth.providers.*.*.signIn", []string{"resolvers"}},
		{"catalog", []string{
			"disableRelationsCompatibility", "import", "locations", "orphanProviderStrategy", "orphanStrategy", "processingInterval",
			"processors", "providers", "readonly", "rules", "stitchingStrategy", "useUrlReadersSearch",
		}},
		{"techdocs", []string{"builder", "cache", "generator", "legacyUseCaseSensitiveTripletPaths", "publisher", "requestUrl", "sanitizer", "storageUrl"}},
		{"techdocs.publisher", []string{"awsS3", "azureBlobStorage", "googleGcs", "local", "openStackSwift", "type"}},
	}
}

// connectionKeys are the keys of backend.database and of a plugin's own part of it, and further ones.
func connectionKeys(more ...string) []string {
	return append(more, "client", "connection", "ensureExists", "ensureSchemaExists", "knexConfig", "role", "skipMigrations")
}
