package report_test

import (
	"testing/fstest"

	"github.com/ameideio/ameide/pkg/verify"
)

const realmFile = "sources/values/env/dev/platform/platform-keycloak-realm.yaml"

// tree holds the offending lines of sample.
func tree() fstest.MapFS {
	return fstest.MapFS{
		realmFile: {Data: []byte("clientReconciliation:\r\n  clients:\r\n    - clientId: backstage\r\n      redirectUris:\r\n        - https://portal.dev.ameide.io/callback\r\n")},
		"sources/values/_shared/platform/backstage.yaml": {Data: []byte("image:\n  tag: \"latest\"\n" +
			"auth:\n  sessionSecret: hunter2\n\turl: postgres://backstage:hunter3@db/x\n")},
		"sources/charts/platform/backstage/templates/deployment.yaml": {Data: []byte("a: \x1b[31mred\n")},
	}
}

func rules() []verify.RuleInfo {
	return []verify.RuleInfo{
		{ID: "oidc/redirect-uri", Severity: verify.Error, Summary: "The client allows exactly the portal's callback.", Hint: "Run generate, or add the URI to the client."},
		{ID: "image/floating", Severity: verify.Error, Summary: "No image has a floating tag.", Hint: "Name a version."},
		{ID: "image/pinned", Severity: verify.Warning, Summary: "Every image is pinned by digest."},
		{ID: "secret/inline", Severity: verify.Error, Summary: "No secret is written in the tree.", Sensitive: true},
	}
}

// sample has every status, an issue with and without each part, and text that each format must escape.
func sample() verify.Report {
	return verify.Report{
		Summary: "fail",
		Applications: []verify.Application{
			{Name: "dev-platform-backstage", Env: "dev", Namespace: "ameide-dev", Chart: "sources/charts/platform/backstage", ValueFiles: []string{"a.yaml"}, Phase: "356"},
			{Name: "production-platform-backstage", Env: "production", Namespace: "ameide-prod", Chart: "sources/charts/platform/backstage", ValueFiles: []string{"a.yaml"}, Phase: "356"},
		},
		Checks: []verify.Check{
			{Rule: "chart/lint", Status: verify.Pass, Severity: verify.Error, Env: "dev", Message: "helm lint --strict is clean"},
			{Rule: "chart/lint", Status: verify.Pass, Severity: verify.Error, Env: "production", Message: "helm lint --strict is clean"},
			{Rule: "oidc/redirect-uri", Status: verify.Fail, Severity: verify.Error, Env: "dev", Message: "client backstage does not allow the portal's callback",
				Issues: []verify.Issue{{File: realmFile, Line: 5, Resource: "KeycloakClient/backstage", Field: "clientReconciliation.clients[0].redirectUris[0]",
					Expected: "https://backstage.dev.ameide.io/api/auth/oidc/handler/frame", Actual: "https://portal.dev.ameide.io/callback",
					Hint: "run `ameide platform backstage generate --env dev`"}}},
			{Rule: "oidc/redirect-uri", Status: verify.Pass, Severity: verify.Error, Env: "production", Message: "the callback is allowed"},
			{Rule: "image/floating", Status: verify.Fail, Severity: verify.Error, Env: "dev", Message: "1 image floats: <main> & 100%, \"quoted\"",
				Issues: []verify.Issue{{File: "sources/values/_shared/platform/backstage.yaml", Line: 2, Field: "image.tag", Actual: "latest", Hint: "name a version"}}},
			{Rule: "image/pinned", Status: verify.Warn, Severity: verify.Warning, Env: "dev", Message: "2 images without digest",
				Issues: []verify.Issue{{Resource: "Deployment/backstage", Hint: "add a digest"}, {Resource: "Job/backstage-migrations", Hint: "add a digest"}}},
			{Rule: "host/zone", Status: verify.Skip, Severity: verify.Error, Env: "dev", Message: "the environment has no zone"},
			{Rule: "secret/inline", Status: verify.Fail, Severity: verify.Error, Message: "1 secret is written in the tree",
				Issues: []verify.Issue{{File: "sources/values/_shared/platform/backstage.yaml", Line: 4, Field: "auth.sessionSecret", Hint: "move it to Vault\nand rotate it"}}},
			{Rule: "names/telemetry", Status: verify.Fail, Severity: verify.Error, Env: "dev", Message: "no such Service"},
		},
		NextSteps: []string{"fix the lines above", "ameide platform backstage verify --gitops-root ."},
	}
}
