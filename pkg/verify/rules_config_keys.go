package verify

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/spec"
)

// gate is an app-config key that a release may not read. A step * of the path is any key or list item.
type gate struct {
	path   string      // steps joined by dots
	since  [2]int      // first release that reads it, major and minor; zero means that none does
	layout spec.Layout // the only layout that reads it, or that reads it before since; empty for no such thing
}

// gates are keys that look right and are not read, or not yet. Found in the config schemas and the code of
// @backstage/backend-defaults, @backstage/plugin-auth-node and the OIDC module of the releases 1.35 to 1.53, and of Red
// Hat Developer Hub 1.5, whose own resolvers and sign-in page read more.
func gates() []gate {
	return []gate{
		{path: "telemetry"},
		{path: "backend.telemetry"},
		{path: "backend.plugins"},
		{path: "backend.logger", since: [2]int{1, 43}},
		{path: "backend.health.headers", since: [2]int{1, 34}},
		{path: "backend.lifecycle.serverShutdownDelay", since: [2]int{1, 34}},
		{path: "backend.database.skipMigrations", since: [2]int{1, 33}},
		{path: "backend.database.plugin.*.skipMigrations", since: [2]int{1, 33}},
		{path: "backend.database.plugin.*.ensureSchemaExists"}, // the code asks for another name: only the global key works
		{path: "backend.trustProxy", since: [2]int{1, 38}},
		{path: "backend.startup", since: [2]int{1, 36}},
		{path: "auth.providers.oidc.*.timeout", since: [2]int{1, 38}},
		{path: "auth.providers.oidc.*.startUrlSearchParams", since: [2]int{1, 47}},
		{path: "auth.providers.*.*.signIn.resolvers.*.dangerouslyAllowSignInWithoutUserInCatalog", since: [2]int{1, 39}, layout: spec.LayoutRHDH},
		{path: "signInPage", layout: spec.LayoutRHDH}, // compiled into the frontend elsewhere
		{path: "dynamicPlugins", layout: spec.LayoutRHDH},
	}
}

// unread tells why an image of a release and layout does not read the key; empty when it does.
func (g gate) unread(release [2]int, layout spec.Layout) string {
	switch {
	case g.layout != "" && g.layout == layout, g.since[0] > 0 && !before(release, g.since):
		return ""
	case g.since[0] > 0:
		return fmt.Sprintf("no such key before Backstage %d.%d", g.since[0], g.since[1])
	case g.layout != "":
		return fmt.Sprintf("no such key: only images of layout %s read it", g.layout)
	}
	return "no such key: no release reads it"
}

func keysKnown(e *Env) ([]Issue, error) {
	c, configs, err := e.appConfigs()
	if err != nil {
		return nil, err
	}
	value, _, _ := c.Values.Lookup("image", "layout")
	layout := spec.Layout(dig.Text(value))
	release := minor(e.tree.Spec.Backstage.Version)
	var issues []Issue
	for _, config := range configs {
		for _, g := range gates() {
			why := g.unread(release, layout)
			if why == "" {
				continue
			}
			for _, path := range matches(config.root, strings.Split(g.path, ".")) {
				issues = append(issues, e.keyIssue(c, config, path, Issue{Expected: why, Actual: "it is set"}))
			}
		}
		issues = append(issues, e.misspelt(c, config)...)
	}
	return issues, nil
}

// keyIssue is an issue about a key of app-config, at the key in extraAppConfig or where the template writes it.
func (e *Env) keyIssue(c *Component, config appConfig, path []string, i Issue) Issue {
	i.Resource, i.Field = config.manifest.ID(), strings.Join(path, ".")
	if _, origin, ok := c.Values.Lookup(append([]string{"extraAppConfig"}, path...)...); ok && origin.File != "" {
		return at(origin, i)
	}
	return at(e.blame(c, config.manifest, path...), i)
}

// matches are the paths of a config that a pattern with * finds, in order.
func matches(v any, pattern []string) [][]string {
	if len(pattern) == 0 {
		return [][]string{nil}
	}
	var found [][]string
	for _, key := range keysBelow(v) {
		if pattern[0] != "*" && pattern[0] != key {
			continue
		}
		for _, rest := range matches(dig.At(v, key), pattern[1:]) {
			found = append(found, append([]string{key}, rest...))
		}
	}
	return found
}

// keysBelow are a map's keys, sorted, or a list's indexes.
func keysBelow(v any) []string {
	switch node := v.(type) {
	case map[string]any:
		return sortedKeys(node)
	case []any:
		keys := make([]string, len(node))
		for i := range node {
			keys[i] = strconv.Itoa(i)
		}
		return keys
	}
	return nil
}

// misspelt are keys that nobody reads and that are nearly one that somebody does. What resembles none is left alone: it
// may belong to a plugin of the image, which alone knows its keys.
func (e *Env) misspelt(c *Component, config appConfig) []Issue {
	var issues []Issue
	for _, s := range sections() {
		var steps []string
		if s.path != "" {
			steps = strings.Split(s.path, ".")
		}
		for _, path := range matches(config.root, steps) {
			section := dig.At(config.root, path...)
			if _, isMap := section.(map[string]any); !isMap {
				continue
			}
			for _, key := range keysBelow(section) {
				known := nearKey(key, s.keys)
				if known == "" {
					continue
				}
				issues = append(issues, e.keyIssue(c, config, append(slices.Clone(path), key), Issue{
					Expected: "a key that Backstage reads", Actual: key, Hint: "write " + known,
				}))
			}
		}
	}
	return issues
}

// nearKey is the known key that a misspelt one means; empty when it is known or resembles none. One slip for every four
// letters is a misspelling, more is another word.
func nearKey(key string, known []string) string {
	if slices.Contains(known, key) {
		return ""
	}
	nearest, distance := "", 0
	for _, name := range known {
		d := levenshtein.Distance(strings.ToLower(plainKey(key)), strings.ToLower(name), nil)
		if d <= min(len(name)/4, 2) && (nearest == "" || d < distance) {
			nearest, distance = name, d
		}
	}
	return nearest
}

// plainKey is a key without the dashes and underscores of other conventions.
func plainKey(key string) string { return strings.NewReplacer("-", "", "_", "").Replace(key) }

// minor is a release's major and minor number.
func minor(version string) [2]int {
	var out [2]int
	for i, part := range strings.SplitN(version, ".", 3)[:min(2, strings.Count(version, ".")+1)] {
		out[i], _ = strconv.Atoi(part) // the spec was validated
	}
	return out
}

func before(a, b [2]int) bool { return slices.Compare(a[:], b[:]) < 0 }
