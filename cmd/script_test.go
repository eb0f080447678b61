package cmd_test

import (
	"context"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ameideio/ameide/cmd"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ameide": func() {
		os.Exit(cmd.Execute(context.Background(), cmd.SystemEnv("v0.0.0-test", "none"), os.Args[1:]))
	}})
}

// Every script of testdata/script shows one behaviour of the program. A script finds the example platform's checkout at
// $GITOPS, and images at registry.example, which a mirror line in the environment leads to a registry of this process.
func TestScripts(t *testing.T) {
	gitops, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	images := startRegistry(t)
	testscript.Run(t, testscript.Params{
		Dir:           "../testdata/script",
		UpdateScripts: os.Getenv("UPDATE_GOLDEN") == "1",
		Cmds:          scriptCommands(),
		Setup: func(e *testscript.Env) error {
			e.Setenv("GITOPS", gitops+"/../testdata/gitops")
			e.Setenv("REGISTRY", images)
			e.Setenv("GOGC", "400") // as the program's own main does
			e.Setenv("HOME", e.WorkDir+"/home")
			e.Values["trees"] = map[string]map[string]string{}
			startSystems(e)
			return nil
		},
	})
}
