package imagecheck

import (
	"fmt"
	"net/url"
	"sort"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// Mirrors says where images are really pulled from: a registry, or a registry and a path, to its stand-in. The longest
// match wins; only the stand-in is asked.
type Mirrors []Mirror

// Mirror is one line of the table.
type Mirror struct {
	From string // docker.io, quay.io/janus-idp
	To   string // harbor.example.com:8443/quay: host and path before the repository
	API  string // https://host/artifactory/api/docker/quay: where /v2/ is below a path; empty when To is set
}

// ParseMirror reads FROM=TO, where TO is a host with an optional path that is put before the repository, or an https URL
// (http on loopback) below which the registry's /v2/ lies.
func ParseMirror(s string) (Mirror, error) {
	from, to, ok := strings.Cut(s, "=")
	if !ok || from == "" || to == "" {
		return Mirror{}, fmt.Errorf("mirror %q is not REGISTRY[/PATH]=HOST[/PATH] or REGISTRY[/PATH]=https://HOST/PATH", s)
	}
	m := Mirror{From: canonical(strings.TrimSuffix(from, "/"))}
	if !strings.Contains(to, "://") {
		m.To = strings.TrimSuffix(to, "/")
		if _, err := name.NewRepository(m.To + "/x"); err != nil {
			return Mirror{}, fmt.Errorf("mirror %q: %w", s, err)
		}
		return m, nil
	}
	u, err := url.Parse(to)
	if err != nil {
		return Mirror{}, fmt.Errorf("mirror %q: %w", s, err)
	}
	if u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return Mirror{}, fmt.Errorf("mirror %q: want https://HOST[/PATH] without user or query; http is for loopback only", s)
	}
	m.API = strings.TrimSuffix(to, "/")
	return m, nil
}

// canonical is a registry with path as references name it: docker.io is index.docker.io.
func canonical(from string) string {
	host, rest, _ := strings.Cut(from, "/")
	if host == "docker.io" {
		host = name.DefaultRegistry
	}
	return strings.TrimSuffix(host+"/"+rest, "/")
}

// place is where an image is asked for.
type place struct {
	repo   name.Repository
	scheme string // of the API; empty means find out
	path   string // of the API before /v2/
}

// find is the place of a reference.
func (m Mirrors) find(r Ref) (place, error) {
	full := r.Registry() + "/" + r.Repository()
	table := append(Mirrors(nil), m...)
	sort.SliceStable(table, func(i, j int) bool { return len(table[i].From) > len(table[j].From) })
	for _, line := range table {
		rest, ok := strings.CutPrefix(full, line.From+"/")
		if !ok {
			continue
		}
		if line.API != "" {
			return apiPlace(line.API, rest)
		}
		repo, err := name.NewRepository(line.To + "/" + rest)
		return place{repo: repo}, err
	}
	return place{repo: r.repo}, nil
}

func apiPlace(api, repository string) (place, error) {
	u, err := url.Parse(api)
	if err != nil {
		return place{}, err
	}
	reg, err := name.NewRegistry(u.Host)
	if err != nil {
		return place{}, err
	}
	return place{repo: reg.Repo(repository), scheme: u.Scheme, path: u.Path}, nil
}
