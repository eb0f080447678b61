// Package pkg_test holds the importable packages to their layer: they decide and return; they never print, end the
// process, or read the environment or the clock, and know nothing of the command line.
package pkg_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/ameideio/ameide"

// forbiddenImport tells whether a package below pkg may not import a path.
func forbiddenImport(path string) bool {
	for _, p := range []string{module + "/cmd", module + "/internal", "github.com/spf13/cobra", "github.com/spf13/viper", "github.com/spf13/pflag"} {
		if path == p || strings.HasPrefix(path, p+"/") {
			return true
		}
	}
	return false
}

// forbiddenCall tells whether pkg may not use a name of a standard package.
func forbiddenCall(pkg, name string) bool {
	forbidden := map[string][]string{
		"os":  {"Getenv", "LookupEnv", "Environ", "Exit", "Stdout", "Stderr", "Stdin", "Args"},
		"fmt": {"Print", "Printf", "Println", "Scan", "Scanf", "Scanln"},
		"log": {"Print", "Printf", "Println", "Fatal", "Fatalf", "Fatalln", "Panic", "Panicf"},
		// A clock comes in as an argument; Since and Until read it too.
		"time": {"Now", "Since", "Until"},
	}
	return slices.Contains(forbidden[pkg], name)
}

func TestPackagesStayBelowTheCommandLine(t *testing.T) {
	checked := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && d.Name() == "testdata" {
			return orSkip(err)
		}
		if d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		checked++
		for _, v := range violations(set, file) {
			t.Error(v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked == 0 {
		t.Error("no file was checked")
	}
}

func orSkip(err error) error {
	if err != nil {
		return err
	}
	return filepath.SkipDir
}

func TestViolationsAreFound(t *testing.T) {
	src := `package x
import (
	"fmt"
	clock "time"
	"os"
	"github.com/spf13/cobra"
	"github.com/ameideio/ameide/cmd"
	"github.com/ameideio/ameide/pkg/spec"
)
var os2 = os.ErrNotExist
func f(time struct{ Now int }) {
	fmt.Println(clock.Now(), time.Now)
	fmt.Sprintf("")
	os.Exit(1)
}`
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "x.go", src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"x.go:6: imports github.com/spf13/cobra",
		"x.go:7: imports github.com/ameideio/ameide/cmd",
		"x.go:12: uses fmt.Println",
		"x.go:12: uses time.Now",
		"x.go:14: uses os.Exit",
	}
	if diff := cmp.Diff(want, violations(set, file)); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

// violations lists what a file may not do, in the order of its lines.
func violations(set *token.FileSet, file *ast.File) []string {
	var out []string
	imports := map[string]string{} // name in the file to import path
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := path[strings.LastIndexByte(path, '/')+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imports[name] = path
		if forbiddenImport(path) {
			out = append(out, at(set, spec.Pos())+"imports "+path)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && forbiddenCall(imports[x.Name], sel.Sel.Name) {
				out = append(out, fmt.Sprintf("%suses %s.%s", at(set, sel.Pos()), imports[x.Name], sel.Sel.Name))
			}
		}
		return true
	})
	return out
}

func at(set *token.FileSet, pos token.Pos) string {
	p := set.Position(pos)
	return fmt.Sprintf("%s:%d: ", p.Filename, p.Line)
}
