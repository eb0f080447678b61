package yamledit_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/yamledit"
)

const role = "name: backstage\nlogin: true\npasswordSecret: { name: db }\n"

type ensureCase struct {
	name, in, path, fragment, want string
}

func ensureCases() []ensureCase {
	const roles = "managed.roles[name=backstage]"
	return []ensureCase{
		{"indented list keeps comments, quotes and blank lines",
			"# top\n\nmanaged:   # m\n  roles:\n    - name: 'a'   # first\n      login: true\n\n\n# tail\ndatabases: [ ]\n", roles, role,
			"# top\n\nmanaged:   # m\n  roles:\n    - name: 'a'   # first\n      login: true\n    - name: backstage\n      login: true\n      passwordSecret: { name: db }\n\n\n# tail\ndatabases: [ ]\n"},
		{"indentless list",
			"managed:\n  roles:\n  - name: a\n  other: 1\n", roles, role,
			"managed:\n  roles:\n  - name: a\n  - name: backstage\n    login: true\n    passwordSecret: { name: db }\n  other: 1\n"},
		{"four columns and a wide dash",
			"managed:\n    roles:\n        -   name: a\n            spec:\n                x: 1\n", roles, "name: backstage\nspec:\n  x: 1\n  l:\n    - a\n",
			"managed:\n    roles:\n        -   name: a\n            spec:\n                x: 1\n        -   name: backstage\n            spec:\n                x: 1\n                l:\n                    - a\n"},
		{"CRLF, byte order mark and missing final newline",
			"\ufeffmanaged:\r\n  roles:\r\n    - name: a", roles, role,
			"\ufeffmanaged:\r\n  roles:\r\n    - name: a\r\n    - name: backstage\r\n      login: true\r\n      passwordSecret: { name: db }"},
		{"comments inside the last item stay with it, those below the list stay below",
			"managed:\n  roles:\n    - name: a\n      # superuser: true\n    # - name: old\n  # end\nx: 1\n", roles, "name: backstage\n",
			"managed:\n  roles:\n    - name: a\n      # superuser: true\n    - name: backstage\n    # - name: old\n  # end\nx: 1\n"},
		{"a block scalar with # lines at the end of the list",
			"managed:\n  roles:\n    - name: a\n      sql: |\n        select\n        # not a comment\n         \n\n# c\nx: 1\n", roles, "name: backstage\n",
			"managed:\n  roles:\n    - name: a\n      sql: |\n        select\n        # not a comment\n         \n    - name: backstage\n\n# c\nx: 1\n"},
		{"a block scalar that keeps its blank lines",
			"managed:\n  roles:\n    - name: a\n      sql: |+\n        x\n\n\nx: 1\n", roles, "name: backstage\n",
			"managed:\n  roles:\n    - name: a\n      sql: |+\n        x\n\n\n    - name: backstage\nx: 1\n"},
		{"flow list on one line",
			"managed: {roles: [{name: a}], x: 1}  # c\n", roles, role,
			"managed: {roles: [{name: a}, { name: backstage, login: true, passwordSecret: { name: db } }], x: 1}  # c\n"},
		{"flow list over several lines",
			"managed:\n  roles: [\n    {name: a},\n    {name: b} # last\n  ]\n", roles, "name: backstage\n",
			"managed:\n  roles: [\n    {name: a},\n    {name: b}, # last\n    { name: backstage }\n  ]\n"},
		{"flow list over several lines with a trailing comma",
			"managed:\n  roles: [\n    {name: a}, # first\n  ]\n", roles, "name: backstage\n",
			"managed:\n  roles: [\n    {name: a}, # first\n    { name: backstage },\n  ]\n"},
		{"empty list becomes a block list and keeps its comment",
			"managed:\n  roles: []  # none yet\n  x: 1\n", roles, "name: backstage\n",
			"managed:\n  roles:  # none yet\n    - name: backstage\n  x: 1\n"},
		{"null value", "managed:\n  roles: # none\n  x: 1\n", roles, "name: backstage\n",
			"managed:\n  roles: # none\n    - name: backstage\n  x: 1\n"},
		{"written null", "managed:\n  roles: ~\nx:\n- 1\n", roles, "name: backstage\n",
			"managed:\n  roles:\n  - name: backstage\nx:\n- 1\n"},
		{"missing list goes to the end of its mapping",
			"managed:\n  x: 1 # c\n\nother: 2\n", roles, "name: backstage\n",
			"managed:\n  x: 1 # c\n  roles:\n    - name: backstage\n\nother: 2\n"},
		{"missing parents", "a: 1\n\n# tail\n", roles, "name: backstage\n",
			"a: 1\nmanaged:\n  roles:\n    - name: backstage\n\n# tail\n"},
		{"file of comments only", "# nothing here\n", roles, "name: backstage\n",
			"# nothing here\nmanaged:\n  roles:\n    - name: backstage\n"},
		{"empty file", "", "a", "b", "a: b\n"},
		{"document marker and comment only", "---\n# c\n", "a.b", "c", "---\n# c\na:\n  b: c\n"},
		{"document markers", "---\na: 1\n...\n", "b", "2", "---\na: 1\nb: 2\n...\n"},
		{"an empty mapping as the whole file", "# defaults\n{}\n", "a.b", "c", "# defaults\na:\n  b: c\n"},
		{"several documents, one of which has the key",
			"a: 1\n---\nmanaged: {}\n---\nb: 1\n", roles, "name: backstage\n",
			"a: 1\n---\nmanaged:\n  roles:\n    - name: backstage\n---\nb: 1\n"},
		{"anchors that nobody refers to", "managed: &m\n  roles: &r\n    - &i name: a\n", roles, "name: backstage\n",
			"managed: &m\n  roles: &r\n    - &i name: a\n    - name: backstage\n"},
		{"anchors and aliases next to the place",
			"d: &d {x: 1}\nmanaged:\n  <<: *d\n  roles:\n    - *d\n", roles, "name: backstage\n",
			"d: &d {x: 1}\nmanaged:\n  <<: *d\n  roles:\n    - *d\n    - name: backstage\n"},
		{"an item that is already there",
			"managed:\n  roles:\n    - {login: true, 'name': \"backstage\", passwordSecret: {name: db}, extra: 1}\n", roles, role,
			"managed:\n  roles:\n    - {login: true, 'name': \"backstage\", passwordSecret: {name: db}, extra: 1}\n"},
		{"fields that differ are changed one by one",
			"managed:\n  roles:\n    - name: backstage # ours\n      login: false # why\n      passwordSecret:\n        name: 'old' # s\n    - name: z\n", roles, role + "createdb: true # needed\n",
			"managed:\n  roles:\n    - name: backstage # ours\n      login: true # why\n      passwordSecret:\n        name: 'db' # s\n      createdb: true  # needed\n    - name: z\n"},
		{"a list inside the item gets what is missing",
			"c:\n  - clientId: b\n    uris: [x]\n    origins:\n      - 'a'\n", "c[clientId=b]", "uris: [x, \"https://y/*\"]\norigins:\n  - a\n  - b\n",
			"c:\n  - clientId: b\n    uris: [x, \"https://y/*\"]\n    origins:\n      - 'a'\n      - b\n"},
		{"a string in the place of a number is quoted", "port: 5432\n", "port", `"5433"`, "port: \"5433\"\n"},
		{"a number in the place of a string is not", "port: \"5432\"\n", "port", "5433", "port: 5433\n"},
		{"a text that needs quotes", "a: b\n", "a", `"x: y # z"`, "a: \"x: y # z\"\n"},
		{"single quotes", "a: 'b'\n", "a", "it's", "a: 'it''s'\n"},
		{"a literal fragment", "a: 1\n", "b.c", "|\n  x\n  # y\n\n  z\n", "a: 1\nb:\n  c: |\n    x\n    # y\n\n    z\n"},
		{"characters of several bytes before the place", "é: {ü: [ö]}\n", "é.ü", "[ß]", "é: {ü: [ö, ß]}\n"},
		{"quoted key in the path", "a:\n  b.c/d: 1\n", `a."b.c/d"`, "2", "a:\n  b.c/d: 2\n"},
		{"a plain scalar over several lines", "l:\n  - a b\n    c\n\n    d\nx: 1\n", "l", "[e]", "l:\n  - a b\n    c\n\n    d\n  - e\nx: 1\n"},
		{"a multi-line quoted scalar", "l:\n  - \"a\n    b\" # c\nx: 1\n", "l", "[e]", "l:\n  - \"a\n    b\" # c\n  - e\nx: 1\n"},
		{"flow mapping without a last value", "m: {a: 1, b: }\n", "m.c", "2", "m: {a: 1, b: , c: 2 }\n"},
		{"empty item at the end", "l:\n  - a\n  -\nx: 1\n", "l", "[b]", "l:\n  - a\n  -\n  - b\nx: 1\n"},
		{"nested dashes", "l:\n  - - a\n    - b\n", "l", "[c]", "l:\n  - - a\n    - b\n  - c\n"},
		{"comments of the fragment", "a: 1\n", "l[name=x]", "# why\nname: x # it\n# and\nb: 2\n", "a: 1\nl:\n  # why\n  - name: x  # it\n    # and\n    b: 2\n"},
	}
}

func TestEnsure(t *testing.T) {
	for _, tc := range ensureCases() {
		t.Run(tc.name, func(t *testing.T) {
			doc, err := yamledit.Parse("f.yaml", []byte(tc.in))
			if err != nil {
				t.Fatal(err)
			}
			got, err := doc.Ensure(tc.path, tc.fragment)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(got.Bytes()), tc.want); diff != "" {
				t.Errorf("-got +want:\n%s", diff)
			}
			again, err := got.Ensure(tc.path, tc.fragment)
			if err != nil || again != got {
				t.Errorf("a second Ensure changed the document to %q (%v)", again.Bytes(), err)
			}
		})
	}
}
