package live

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/verify"
)

// realmComponent is the component whose chart syncs the OIDC clients' secrets.
const realmComponent = "platform-keycloak-realm"

// Declared is what Git says of one environment: the spec's entry, the Application, and the portal's rendered objects.
type Declared struct {
	Env             spec.Environment
	Spec            *spec.Spec
	Application     Object
	Deployment      Object
	Service         Object // nil when the chart renders none; so are Route, Monitor and Job
	Route           Object
	Monitor         Object
	Job             Object   // that migrates before each sync
	ExternalSecrets []Object // whose Secrets the portal reads
	AppConfig       Object   // effective, ${VAR} as written
	KeycloakAdmin   *KeyPair // in the cluster, as the client patcher reads it; nil when Git names none
	KeycloakURL     string   // as Pods of the namespace reach it; empty when Git names none
}

// Declare collects what Git says. Its error is why there is nothing to hold a running environment against.
func Declare(e *verify.Env, s *spec.Spec) (*Declared, error) {
	portal := e.Portal()
	if portal == nil {
		return nil, verify.NotApplicable("no Application is generated, see appset/application")
	}
	if portal.Err != nil {
		return nil, verify.NotApplicable("the chart does not render, see chart/render")
	}
	return declare(e.Environment, s, portal, e.Component(realmComponent))
}

// declare collects what the portal's objects say, and the realm's where they are known.
func declare(e spec.Environment, s *spec.Spec, portal, realm *verify.Component) (*Declared, error) {
	d := &Declared{Env: e, Spec: s, Application: portal.App.Object}
	d.Deployment, d.Service, d.Route = first(portal, "Deployment"), first(portal, "Service"), first(portal, "HTTPRoute")
	if d.Deployment == nil {
		return nil, verify.NotApplicable("the chart renders no Deployment")
	}
	d.Monitor, d.Job = first(portal, "ServiceMonitor"), d.migrationJob(portal)
	d.AppConfig = d.appConfig(portal)
	d.externalSecrets(portal)
	if realm != nil {
		d.externalSecrets(realm)
		d.patcher(realm)
	}
	return d, nil
}

func first(c *verify.Component, kind string) Object {
	if m := c.Object(kind, ""); m != nil {
		return m.Object
	}
	return nil
}

// migrationJob is the hook Job that runs the portal's own image: the others run tools. Where hooks run ameide, the image
// runs between two other containers, as an init container.
func (d *Declared) migrationJob(c *verify.Component) Object {
	for _, m := range c.Objects("Job") {
		pod := dig.Map(m.Object, "spec", "template", "spec")
		for _, container := range slices.Concat(dig.Maps(pod, "initContainers"), dig.Maps(pod, "containers")) {
			if dig.Text(container, "image") == d.Image() {
				return m.Object
			}
		}
	}
	return nil
}

// appConfig is the app-config of the ConfigMap that the Deployment mounts.
func (d *Declared) appConfig(c *verify.Component) Object {
	mounted := map[string]bool{}
	for _, v := range dig.Maps(d.Deployment, "spec", "template", "spec", "volumes") {
		mounted[dig.Text(v, "configMap", "name")] = true
	}
	for _, m := range c.Objects("ConfigMap") {
		var config Object
		if mounted[m.Name()] && yaml.Unmarshal([]byte(dig.Text(m.Object, "data", "app-config.yaml")), &config) == nil && config != nil {
			return config
		}
	}
	return nil
}

// externalSecrets adds those of a component whose Secret the portal reads.
func (d *Declared) externalSecrets(c *verify.Component) {
	for _, m := range c.Objects("ExternalSecret") {
		if slices.ContainsFunc(d.SecretKeys(), func(k SecretKey) bool { return k.Secret == dig.Text(m.Object, "spec", "target", "name") }) {
			d.ExternalSecrets = append(d.ExternalSecrets, m.Object)
		}
	}
}

// patcher reads from the client patcher, or from the reconcile Job in its place, where Keycloak is and who may ask it.
func (d *Declared) patcher(c *verify.Component) {
	for _, m := range c.Objects("Job") {
		container := dig.Map(m.Object, "spec", "template", "spec", "containers", "0")
		for _, prefix := range []string{"", "KEYCLOAK_"} {
			d.patchedAs(container, prefix)
		}
	}
}

// patchedAs reads the variables of a container whose names begin with prefix.
func (d *Declared) patchedAs(container Object, prefix string) {
	variable := map[string]Object{}
	for _, v := range dig.Maps(container, "env") {
		variable[dig.Text(v, "name")] = v
	}
	id, key := dig.Map(variable[prefix+"CLIENT_ID"], "valueFrom", "secretKeyRef"), dig.Map(variable[prefix+"CLIENT_SECRET"], "valueFrom", "secretKeyRef")
	if id == nil || key == nil || dig.Text(id, "name") != dig.Text(key, "name") {
		return
	}
	d.KeycloakAdmin = &KeyPair{Secret: dig.Text(id, "name"), ID: dig.Text(id, "key"), Key: dig.Text(key, "key")}
	d.KeycloakURL = dig.Text(variable["KEYCLOAK_URL"], "value")
	for _, arg := range dig.Texts(container, "args") {
		if url, ok := strings.CutPrefix(arg, "--keycloak-url="); ok {
			d.KeycloakURL = url
		}
	}
}

// ApplicationName and ApplicationNamespace are where Argo CD keeps the Application.
func (d *Declared) ApplicationName() string { return name(d.Application) }

// ApplicationNamespace is Argo CD's own namespace unless the ApplicationSet says otherwise.
func (d *Declared) ApplicationNamespace() string {
	if ns := dig.Text(d.Application, "metadata", "namespace"); ns != "" {
		return ns
	}
	return "argocd"
}

// Container is the container of the Deployment that runs Backstage.
func (d *Declared) Container() Object {
	return dig.Map(d.Deployment, "spec", "template", "spec", "containers", "0")
}

// Image is the reference that the Deployment names.
func (d *Declared) Image() string { return dig.Text(d.Container(), "image") }

// Selector are the labels of the Deployment's Pods.
func (d *Declared) Selector() Object { return dig.Map(d.Deployment, "spec", "selector", "matchLabels") }

// Port is the number of a named port of the container; 0 when there is none.
func (d *Declared) Port(named string) int {
	for _, p := range dig.Maps(d.Container(), "ports") {
		if dig.Text(p, "name") == named {
			return dig.Number(p, "containerPort")
		}
	}
	return 0
}

// ProbePath is the path of a probe of the container, for example readinessProbe.
func (d *Declared) ProbePath(probe string) string {
	return dig.Text(d.Container(), probe, "httpGet", "path")
}

// DatabaseAddress is host and port of the primary as Pods of the namespace reach it.
func (d *Declared) DatabaseAddress() (host string, port int) {
	host, port = d.Spec.Database.Host, d.Spec.Database.Port
	for _, v := range dig.Maps(d.Container(), "env") {
		switch dig.Text(v, "name") {
		case "POSTGRES_HOST":
			host = dig.Text(v, "value")
		case "POSTGRES_PORT":
			if n, err := strconv.Atoi(dig.Text(v, "value")); err == nil {
				port = n
			}
		}
	}
	return host, port
}

// OIDC tells whether app-config signs people in with Keycloak, and in which auth environment.
func (d *Declared) OIDC() (environment string, ok bool) {
	environment = dig.Text(d.AppConfig, "auth", "environment")
	return environment, dig.Map(d.AppConfig, "auth", "providers", "oidc", environment) != nil
}

// Plugins are the ids of the plugins whose APIs a portal of the platform serves: what the goals name, what app-config
// configures, and what has a database of its own name. Kept to those that have an API at /api/<id>.
func (d *Declared) Plugins() []string {
	ids := []string{"auth", "catalog", "scaffolder"}
	for _, section := range []string{"techdocs", "search", "kubernetes", "permission"} {
		if dig.Map(d.AppConfig, section) != nil {
			ids = append(ids, section)
		}
	}
	for id := range d.Spec.Database.Plugins {
		ids = append(ids, id)
	}
	for id := range dig.Map(d.AppConfig, "backend", "startup", "plugins") {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == "app" })
}

// HealthPath is the path of the HTTPRoute that is rewritten to readiness, /healthz; empty when none is.
func (d *Declared) HealthPath() string {
	for _, rule := range dig.Maps(d.Route, "spec", "rules") {
		for _, filter := range dig.Maps(rule, "filters") {
			if dig.Text(filter, "urlRewrite", "path", "replaceFullPath") != "" {
				return dig.Text(rule, "matches", "0", "path", "value")
			}
		}
	}
	return ""
}

// digest is the part of an image reference behind @; empty when it has none.
func digest(image string) string {
	_, d, _ := strings.Cut(image, "@")
	return d
}

// ref names an object in a finding.
func ref(kind string, o Object) string { return fmt.Sprintf("%s/%s", kind, name(o)) }
