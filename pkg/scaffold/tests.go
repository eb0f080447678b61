package scaffold

import (
	"bytes"
	"path"
	"strings"

	"github.com/ameideio/ameide/pkg/checkout"
)

// Tests are the ids of the tests among new files that wait for business logic: <primitive>.<rpc>.<case>.
func Tests(v Values, changes *checkout.Changes) []string {
	tests := []string{}
	for _, f := range changes.Files {
		if f.Action == checkout.Create && isTest(f.Path) && bytes.Contains(f.New, []byte(Marker)) {
			return append(tests, testIDs(v)...)
		}
	}
	return tests
}

func isTest(name string) bool {
	return strings.Contains(path.Base(name), "test") || strings.Contains(path.Dir(name), "/tests")
}

// testIDs go by the contract's RPCs, and where a primitive has none by the one function that is its owner's to write.
func testIDs(v Values) []string {
	one := map[Kind]string{Process: "decide", Agent: "reason", UISurface: "overview"}
	if function, ok := one[v.Kind]; ok {
		return []string{v.Name + "." + function + ".success"}
	}
	var ids []string
	for _, s := range v.Services {
		for _, m := range s.Methods {
			ids = append(ids, v.Name+"."+m.Snake+".success")
		}
	}
	return ids
}
