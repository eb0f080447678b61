package live

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/secret"
)

// told is a part as a row shows it.
func told[T any](p Part[T], say func(T) string) string {
	switch {
	case p.Err != nil:
		return "not seen: " + oneLine(p.Err.Error())
	case p.Missing:
		return "nothing"
	}
	return say(p.Value)
}

func runningApplication(_ *Declared, s *Snapshot) string {
	return told(s.Application, func(app Object) string {
		return orNothing(dig.Text(app, "status", "sync", "status")) + ", " + orNothing(dig.Text(app, "status", "health", "status")) + revision(app)
	})
}

func runningImage(d *Declared, s *Snapshot) string {
	return told(s.Pods, func(all []Object) string {
		var images []string
		for _, p := range portalPods(d, all) {
			if id := dig.Text(containerStatus(p, dig.Text(d.Container(), "name")), "imageID"); id != "" && !slices.Contains(images, id) {
				images = append(images, id)
			}
		}
		return orNothing(strings.Join(images, ", "))
	})
}

func declaredRollout(d *Declared) string {
	return strings.TrimSuffix(dig.Text(d.Deployment, "spec", "strategy", "type")+", maxSurge "+dig.Text(d.Deployment, "spec", "strategy", "rollingUpdate", "maxSurge"), ", maxSurge ")
}

func runningRollout(_ *Declared, s *Snapshot) string {
	return told(s.Deployment, func(o Object) string {
		return declaredRollout(&Declared{Deployment: o}) + "; " + said(condition(dig.Maps(o, "status", "conditions"), "Progressing"))
	})
}

func runningPods(d *Declared, s *Snapshot) string {
	return told(s.Pods, func(all []Object) string {
		ready, restarts := 0, 0
		mine := portalPods(d, all)
		for _, p := range mine {
			if isReady(p) {
				ready++
			}
			restarts += dig.Number(containerStatus(p, dig.Text(d.Container(), "name")), "restartCount")
		}
		return fmt.Sprintf("%d of %d ready, %s", ready, len(mine), countOf(restarts, "restart"))
	})
}

func runningNodes(d *Declared, s *Snapshot) string {
	return told(s.Nodes, func(all []Object) string {
		var out []string
		found := byPlatform(admitted(d, all))
		for _, platform := range slices.Sorted(maps.Keys(found)) {
			out = append(out, fmt.Sprintf("%d %s", len(found[platform]), platform))
		}
		return orNothing(strings.Join(out, ", ")) + told(s.Image, func(i Image) string { return "; image for " + platforms(i) })
	})
}

func declaredRoute(d *Declared) string {
	if d.Route == nil {
		return ""
	}
	return strings.Join(dig.Texts(d.Route, "spec", "hostnames"), ", ") + " on " + parentName(dig.Map(d.Route, "spec", "parentRefs", "0"))
}

func runningRoute(d *Declared, s *Snapshot) string {
	return told(s.Route, func(o Object) string {
		var parts []string
		for _, p := range dig.Maps(o, "status", "parents") {
			for _, c := range dig.Maps(p, "conditions") {
				parts = append(parts, dig.Text(c, "type")+"="+dig.Text(c, "status"))
			}
		}
		ready, all := endpoints(s.Slices.Value, name(d.Service))
		return fmt.Sprintf("%s; %d of %d endpoints ready", orNothing(strings.Join(parts, ", ")), ready, all)
	})
}

func runningHealth(_ *Declared, s *Snapshot) string {
	var parts []string
	for _, p := range s.Probes {
		parts = append(parts, fmt.Sprintf("%s liveness %s, readiness %s", p.Pod, told(p.Liveness, code), told(p.Readiness, code)))
	}
	return strings.Join(append(parts, "public "+told(s.Health, code)), "; ")
}

// countOf is a number of things, in words.
func countOf(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func code(a Answer) string { return fmt.Sprint(a.Status) }

func runningPlugins(_ *Declared, s *Snapshot) string {
	if err := nonePlugin(s); err != nil {
		return "not seen: " + oneLine(err.Error())
	}
	var parts []string
	for _, id := range slices.Sorted(maps.Keys(s.Plugins)) {
		parts = append(parts, id+" "+told(s.Plugins[id], code))
	}
	return orNothing(strings.Join(parts, ", "))
}

func runningSecrets(d *Declared, s *Snapshot) string {
	var parts []string
	for _, n := range d.SecretNames() {
		parts = append(parts, n+" "+told(s.Secrets[n], func(now Secret) string { return "(" + countOf(len(now.Values), "key") + ")" }))
	}
	return strings.Join(parts, ", ")
}

func declaredChain(d *Declared) string {
	key, ok := d.ClientSecret()
	if !ok {
		return ""
	}
	return "Keycloak " + d.Spec.OIDC.ClientID + " = Vault " + d.Spec.OIDC.Vault.Mount + "/" + d.Spec.OIDC.Vault.Key + " = Secret " + key.Secret + " = " + key.Variable
}

func runningChain(d *Declared, s *Snapshot) string {
	key, ok := d.ClientSecret()
	if !ok {
		return "nothing"
	}
	pods := "Pods not asked"
	switch l := s.Login.Value; {
	case s.Login.Seen() && refused(l.Exchange):
		pods = "Pods refused by Keycloak"
	case s.Login.Seen() && accepted(l.Exchange):
		pods = "Pods accepted by Keycloak"
	}
	return strings.Join([]string{
		"Keycloak " + told(s.Keycloak, secret.Value.Short), "Vault " + told(s.Vault, secret.Value.Short),
		"Secret " + told(s.Secrets[key.Secret], func(now Secret) string { return now.Values[key.Key].Short() }), pods,
	}, ", ")
}

func declaredLogin(d *Declared) string {
	if _, ok := d.OIDC(); !ok {
		return "guest"
	}
	return d.Env.Issuer
}

func runningLogin(_ *Declared, s *Snapshot) string {
	return told(s.Login, func(l Login) string {
		switch {
		case l.Start.Status != http.StatusFound && l.Start.Status != http.StatusOK:
			return l.Start.Asked + ": " + l.Start.String()
		case l.Authorize != nil:
			return oneLine(l.Authorize.Error())
		case l.UserErr != nil:
			return oneLine(l.UserErr.Error())
		case l.Exchange != "" && !accepted(l.Exchange):
			return oneLine(l.Exchange)
		}
		return howFar(l)
	})
}

func declaredDatabase(d *Declared) string {
	host, port := d.DatabaseAddress()
	return fmt.Sprintf("%s as %s at %s:%d", d.Spec.Database.Name, d.Spec.Database.Role, host, port)
}

func runningDatabase(_ *Declared, s *Snapshot) string {
	return told(s.Database, func(db Database) string {
		if db.Refused != nil {
			return db.Refused.Text
		}
		may := "without CREATEDB"
		if db.Rights.CreateDB {
			may = "with CREATEDB"
		}
		return fmt.Sprintf("%s as %s %s, PostgreSQL %s", db.Rights.Database, db.Rights.Role, may, db.Snapshot.Version)
	})
}

func runningMigrations(_ *Declared, s *Snapshot) string {
	return told(s.Database, func(db Database) string {
		if db.Refused != nil {
			return db.Refused.Text
		}
		count := map[string]int{}
		for _, l := range db.Locks {
			count[string(l.Verdict)]++
		}
		var parts []string
		for _, verdict := range slices.Sorted(maps.Keys(count)) {
			parts = append(parts, fmt.Sprintf("%d %s", count[verdict], verdict))
		}
		return orNothing(strings.Join(parts, ", "))
	})
}

func declaredMetrics(d *Declared) string {
	if d.Monitor == nil {
		return ""
	}
	return ref("ServiceMonitor", d.Monitor) + " on port " + dig.Text(d.Monitor, "spec", "endpoints", "0", "port")
}

func runningMetrics(d *Declared, s *Snapshot) string {
	if d.Monitor == nil {
		return "nothing"
	}
	return told(s.Metrics, func(a Answer) string { return a.Asked + ": " + status(a) })
}
