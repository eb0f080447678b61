package spec

// Default is the platform's own installation: what holds when no ameide.yaml exists, and what its missing keys mean.
func Default() Spec {
	return Spec{
		Version:      Version,
		Organization: "ameideio",
		Title:        "Ameide Platform Factory",
		Backstage:    Backstage{Version: "1.35.0"},
		Kubernetes:   Kubernetes{Version: "1.34"},
		GitOps:       GitOps{RepoURL: "https://github.com/ameideio/ameide-gitops.git", Revision: "main", Project: "ameide"},
		Image:        defaultImage(),
		Database:     defaultDatabase(),
		OIDC:         defaultOIDC(),
		Session:      VaultRef{Mount: "secret", Key: "backstage-session-secret", Field: "value"},
		Secrets:      Secrets{StoreKind: "SecretStore", StoreName: "ameide-vault", RefreshInterval: "1h", PullSecret: "ghcr-pull"},
		Gateway:      Gateway{Name: "ameide", SectionName: "https"},
		Telemetry:    Telemetry{Service: "otel-collector", Port: 4317, Protocol: "grpc", LogLevel: "info"},
		Hooks:        defaultHooks(),
		Catalog:      defaultCatalog(),
		Environments: []Environment{
			DefaultEnvironment("dev"), DefaultEnvironment("staging"), DefaultEnvironment("production"), DefaultEnvironment("local"),
		},
	}
}

// defaultImage is Janus IDP's build, which has the OIDC module that the stock image lacks, at the digest that ran in
// production; it exists for amd64 only.
func defaultImage() Image {
	return Image{
		Repository: "quay.io/janus-idp/backstage-showcase",
		Digest:     "sha256:81021071ebd48fc889ccf98ba3cb6c797c38edc11227fcf18fe52bd262a64c9a",
		Layout:     LayoutRHDH,
		Platforms:  []string{"linux/amd64"},
	}
}

// localImage is the stock image: amd64 and arm64, but without the OIDC module, so a laptop signs in as guest.
func localImage() Image {
	return Image{
		Repository: "ghcr.io/backstage/backstage",
		Tag:        "1.35.0",
		Layout:     LayoutUpstream,
		Platforms:  []string{"linux/amd64", "linux/arm64"},
	}
}

func defaultDatabase() Database {
	return Database{
		Cluster: "postgres-ameide", Host: "postgres-ameide-rw", Port: 5432, Name: "backstage", Role: "backstage",
		SecretName: "backstage-db-credentials", DivisionMode: DivisionDatabase, PluginPrefix: "backstage_plugin_",
	}
}

func defaultOIDC() OIDC {
	return OIDC{
		Realm: "ameide", ClientID: "backstage",
		Name:        "Backstage Developer Portal",
		Description: "OIDC client for Backstage platform factory",
		Scopes:      []string{"profile", "email", "roles"},
		Resolver:    "emailMatchingUserEntityProfileEmail",
		Vault:       VaultRef{Mount: "secret", Key: "backstage-oidc-client-secret", Field: "value"},
		SecretName:  "keycloak-realm-oidc-clients",
		SecretKey:   "backstage-client-secret",
		Roles: []RoleLink{
			{Backstage: "backstage-admin", Keycloak: "platform-admin"},
			{Backstage: "backstage-editor", Keycloak: "developer"},
			{Backstage: "backstage-viewer", Keycloak: "viewer"},
		},
	}
}

func defaultCatalog() Catalog {
	return Catalog{
		Domains: []CatalogDomain{{Name: "platform", Title: "Platform", Description: "The platform that every service primitive runs on.", Owner: "group:platform"}},
		Systems: []CatalogSystem{{Name: "platform-factory", Title: "Platform factory", Description: "Developer portal, catalog and software templates.", Owner: "group:platform", Domain: "platform"}},
		Groups:  []CatalogGroup{{Name: "platform", Title: "Platform team", Type: "team"}},
		Users:   []CatalogUser{{Name: "platform-admin", DisplayName: "Platform administrator", Email: "platform-admin@ameide.io", MemberOf: []string{"platform"}}},
	}
}

// DefaultEnvironment derives an environment from its name alone: production lies in the apex zone, local runs on
// laptops, every other name is a hosted environment with a zone of its own.
func DefaultEnvironment(name string) Environment {
	zone := name + ".ameide.io"
	if IsProduction(name) {
		zone = "ameide.io"
	}
	return environmentIn(name, zone, "ameide-"+Short(name), defaultOIDC().Realm)
}

// environmentIn derives an environment from its name, DNS zone, namespace and realm.
func environmentIn(name, zone, namespace, realm string) Environment {
	short := Short(name)
	e := Environment{
		Name: name, Namespace: namespace, Cluster: "azure", NodeProfile: short + "-pool",
		DNSZone: zone, Host: "backstage." + zone, Issuer: "https://auth." + zone + "/realms/" + realm,
		VaultAddress:      "http://vault-core-" + short + "." + namespace + ".svc.cluster.local:8200",
		NodeArchitectures: []string{"amd64"}, KubeContext: namespace,
	}
	if name == "local" {
		image := localImage()
		e.Cluster, e.NodeProfile, e.Image, e.GuestSignIn = "local", "none", &image, true
		e.NodeArchitectures = []string{"amd64", "arm64"}
	}
	return e
}
