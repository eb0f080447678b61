package cmd

import (
	"io"

	"github.com/ameideio/ameide/pkg/dbops"
)

// lockFacts writes the locks of a server, one line each.
func lockFacts(w io.Writer, r locksReport) error {
	f := factWriter{w: w}
	for _, l := range r.Locks {
		f.fact("lock", lockLevel(l), l)
	}
	for _, u := range r.Unseen {
		f.fact("unseen", levelError, u)
	}
	f.fact("summary", levelInfo, struct {
		Summary string `json:"summary"`
		Server  string `json:"server"`
		Version string `json:"version"`
		Role    string `json:"role"`
		Standby bool   `json:"standby"`
		TLS     bool   `json:"tls"`
	}{r.Summary, r.Server, r.Version, r.Role, r.Standby, r.TLS})
	return f.err
}

// lockLevel is how bad a lock is after what was done about it.
func lockLevel(l dbops.Lock) string {
	switch {
	case l.Action == dbops.ActionCleared:
		return levelWarn
	case l.Clear():
		return levelInfo
	}
	return levelError
}

// reconcileFacts writes one line for each realm that something is done to, and one for each client.
func reconcileFacts(w io.Writer, r reconcileReport) error {
	f := factWriter{w: w}
	for _, realm := range r.Realms {
		if level := errorLevel(realm.Error); level == levelError || len(realm.Actions) > 0 {
			f.fact("realm", level, realm)
		}
	}
	for _, c := range r.Clients {
		f.fact("client", clientLevel(c), c)
	}
	if v := r.Versions; v != nil {
		f.fact("versions", errorLevel(v.Error), v)
	}
	f.fact("summary", levelInfo, struct {
		Summary  string       `json:"summary"`
		Env      string       `json:"env"`
		Realm    string       `json:"realm"`
		Requests requestCount `json:"requests"`
	}{r.Summary, r.Env, r.Realm, r.Requests})
	return f.err
}

func clientLevel(c reconcileClient) string {
	if c.Status == "refused" {
		return levelError
	}
	for _, p := range c.Proof {
		if p.Status == "FAIL" {
			return levelError
		}
	}
	return errorLevel(c.Error)
}

func errorLevel(text string) string {
	if text != "" {
		return levelError
	}
	return levelInfo
}
