package yamledit_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/yamledit"
)

const clients = `# realm
base: &base
  realm: ameide
clients:
  - clientId: argocd
    <<: *base
  - clientId: backstage
    realm: "master"   # why
    empty:
    uris: ['https://é', b]
`

func TestGet(t *testing.T) {
	doc, err := yamledit.Parse("f.yaml", []byte(clients))
	if err != nil {
		t.Fatal(err)
	}
	type got struct {
		Text, Bytes  string
		Line, Column int
	}
	cases := map[string]got{
		"clients[clientId=backstage].realm":       {"master", `"master"`, 8, 12},
		"clients[clientId=argocd].realm":          {"ameide", "ameide", 3, 10},
		"clients[clientId=backstage].empty":       {"", "", 9, 11},
		"clients[clientId=backstage].uris":        {"", "['https://é', b]", 10, 11},
		"base":                                    {"", "&base\n  realm: ameide", 2, 7},
		"clients[realm=ameide,clientId=argocd]":   {"", "clientId: argocd\n    <<: *base", 5, 5},
		`"clients"["clientId"="argocd"].clientId`: {"argocd", "argocd", 5, 15},
	}
	for path, want := range cases {
		v, ok, err := doc.Get(path)
		if err != nil || !ok {
			t.Errorf("%s: found %v, error %v", path, ok, err)
			continue
		}
		have := got{v.Text(), string(doc.Bytes()[v.Start:v.End]), v.Line, v.Column}
		if diff := cmp.Diff(have, want); diff != "" {
			t.Errorf("%s: -got +want:\n%s", path, diff)
		}
	}
}

func TestGetTellsMissingFromWrong(t *testing.T) {
	doc, err := yamledit.Parse("f.yaml", []byte(clients))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"x", "base.x", "clients[clientId=x]", "clients[clientId=backstage].empty.x", "clients[clientId=x].y"} {
		if _, ok, err := doc.Get(path); ok || err != nil {
			t.Errorf("%s: found %v, error %v, want nothing", path, ok, err)
		}
	}
	if _, _, err := doc.Get("base.realm.x"); err == nil {
		t.Error("base.realm.x: no error for a path through a scalar")
	}
}

func TestValueWalksListsAndMappings(t *testing.T) {
	doc, err := yamledit.Parse("f.yaml", []byte(clients))
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := doc.Get("clients")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, item := range list.Items() {
		id, _, err := item.Field("clientId")
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id.Text())
	}
	if diff := cmp.Diff(ids, []string{"argocd", "backstage"}); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
	if diff := cmp.Diff(list.Items()[1].Keys(), []string{"clientId", "realm", "empty", "uris"}); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
}

func TestAppendRepeatsAndSetReplaces(t *testing.T) {
	doc, err := yamledit.Parse("f.yaml", []byte("l: [a]\nk: 'v'\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"l", "l", "new.list"} {
		if doc, err = doc.Append(path, "a"); err != nil {
			t.Fatal(err)
		}
	}
	if doc, err = doc.Set("k", "w"); err != nil {
		t.Fatal(err)
	}
	if got, want := string(doc.Bytes()), "l: [a, a, a]\nk: 'w'\nnew:\n  list:\n    - a\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := doc.Set("l", "x"); err == nil {
		t.Error("Set replaced a list")
	}
}
