package scaffold_test

import (
	"debug/elf"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/scaffold"
)

// The release images' own steps are run on this machine, for each platform, as a builder without emulation runs them.
func TestImagesAreBuiltForBothPlatformsWithoutEmulation(t *testing.T) {
	lab.Slow(t)
	for _, k := range []struct {
		kind scaffold.Kind
		lang scaffold.Lang
		// programs says that the image holds machine code; JavaScript may hold none, because it would be the builder's.
		programs bool
	}{
		{scaffold.Domain, scaffold.Go, true},
		{scaffold.Process, scaffold.Go, true},
		{scaffold.Agent, scaffold.Python, true},
		{scaffold.Domain, scaffold.TypeScript, false},
		{scaffold.UISurface, scaffold.TypeScript, false},
	} {
		t.Run(string(k.kind)+" "+string(k.lang), func(t *testing.T) {
			for arch, machine := range map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64} {
				p := newProject(t, k.kind, k.lang, "order-intake")
				programs := p.image(arch)
				if k.programs && len(programs) == 0 {
					t.Errorf("no machine code is in the image for %s", arch)
				}
				for name, got := range programs {
					if !k.programs || got != machine {
						t.Errorf("%s is machine code of %v in the image for %s", name, got, arch)
					}
				}
				if k.kind == scaffold.UISurface {
					p.standalone()
				}
			}
		})
	}
}

// standalone runs the surface as its image does, with nothing but what the build put together for it.
func (p *project) standalone() {
	p.t.Helper()
	// Away from the project, whose packages it would find too.
	app := filepath.Join(p.t.TempDir(), "app")
	if err := os.Rename(filepath.Join(p.dir, ".next/standalone"), app); err != nil {
		p.t.Fatal(err)
	}
	port := freePort(p.t)
	p.env = []string{
		"API_URL=http://127.0.0.1:1/api", "OIDC_ISSUER=http://127.0.0.1:1", "OIDC_AUDIENCE=x",
		"NODE_ENV=production", "HOSTNAME=127.0.0.1", "PORT=" + port,
	}
	base := p.serve(port, "node", filepath.Join(app, "server.js"))
	expectStatus(p.t, base+"/healthz", 200)
	expectStatus(p.t, base+"/metrics", 200)
}

// image takes the steps of Dockerfile.release for an architecture and returns the machine of every program and library that
// they put into the last stage. The folder of the project is the builder's /src and its context.
func (p *project) image(arch string) map[string]elf.Machine {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, "Dockerfile.release"))
	if err != nil {
		p.t.Fatal(err)
	}
	built := p.t.TempDir()
	here := strings.NewReplacer("/src/", p.dir+"/", "/out/", built+"/out/", "/site", built+"/site")
	programs := map[string]elf.Machine{}
	arguments := map[string]string{"TARGETOS": "linux", "TARGETARCH": arch}
	p.env = []string{"GOWORK=off", "HOME=" + os.Getenv("HOME")}
	for _, line := range strings.Split(strings.ReplaceAll(string(text), "\\\n", " "), "\n") {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		words := strings.Fields(here.Replace(rest))
		switch instruction {
		case "ARG":
			for _, name := range words {
				p.env = append(p.env, name+"="+arguments[name])
			}
		case "ENV":
			p.env = append(p.env, strings.Fields(os.Expand(rest, func(name string) string { return arguments[name] }))...)
		case "RUN":
			p.must("sh", "-c", here.Replace(rest))
		case "COPY":
			if from, ok := strings.CutPrefix(words[0], "--from="); ok && from != "" {
				for _, taken := range words[1 : len(words)-1] {
					maps.Copy(programs, machines(p.t, taken))
				}
			} else if last := words[len(words)-1]; path.IsAbs(last) {
				if err := os.CopyFS(last, os.DirFS(filepath.Join(p.dir, words[0]))); err != nil {
					p.t.Fatal(err)
				}
			}
		}
	}
	return programs
}

// machines are the machines of all ELF files at and below a path, which must exist and hold something.
func machines(t *testing.T, root string) map[string]elf.Machine {
	t.Helper()
	found := map[string]elf.Machine{}
	files := 0
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		if e, err := elf.NewFile(f); err == nil {
			found[name] = e.Machine
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Errorf("%s is copied into the image and holds nothing", root)
	}
	return found
}
