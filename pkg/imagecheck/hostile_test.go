package imagecheck_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"debug/elf"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/imagecheck"
)

// dialTo connects to a server whatever the address is.
func dialTo(server *httptest.Server) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, hostOf(server))
	}
}

func arm64() []imagecheck.Platform { return []imagecheck.Platform{{OS: "linux", Arch: "arm64"}} }

// check reads deeply and judges for linux/arm64.
func check(t *testing.T, ref string) imagecheck.Verdict {
	t.Helper()
	need := imagecheck.Need{Platforms: arm64(), Deep: true}
	a := imagecheck.NewClient(imagecheck.Options{}).ReadAll(t.Context(), []imagecheck.Request{{Image: ref, Need: need}}, nil)[0]
	if a.Err != nil {
		return imagecheck.Undetermined(ref, a.Err)
	}
	return imagecheck.Check(a.Ref, a.Facts, imagecheck.Want{Platforms: arm64(), Deep: true})
}

// spoiled is a registry that changes what it answers for paths with a part.
func spoiled(t *testing.T, part string, spoil func(body []byte) []byte) (plain, server *httptest.Server) {
	t.Helper()
	return wrapped(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.URL.Path, part) {
				next.ServeHTTP(w, r)
				return
			}
			rec := httptest.NewRecorder()
			next.ServeHTTP(rec, r)
			body := spoil(rec.Body.Bytes())
			for _, key := range []string{"Content-Type", "Docker-Content-Digest"} {
				w.Header().Set(key, rec.Header().Get(key))
			}
			w.WriteHeader(rec.Code)
			_, _ = w.Write(body)
		})
	})
}

func TestWrongContentIsNoticed(t *testing.T) {
	arm := image(t, made{platform: "linux/arm64", config: v1.Config{Entrypoint: []string{"/app"}}, layers: []v1.Layer{layer(t, program("app", elf.EM_AARCH64)), layer(t, entry{name: "pad", body: noise(1 << 20)})}})
	m, err := arm.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	blob := m.Layers[1].Digest.String() // above the program, so that all of it is read
	flip := func(b []byte) []byte {
		b = bytes.Clone(b)
		b[len(b)/2] ^= 0xff
		return b
	}
	for name, test := range map[string]struct {
		part  string
		spoil func([]byte) []byte
		want  string
	}{
		"a truncated blob":        {blob, func(b []byte) []byte { return b[:len(b)/2] }, "image/read ends after"},
		"a blob of other content": {blob, flip, "image/read cannot be unpacked"},
		"a wrong config":          {m.Config.Digest.String(), flip, "image/read corrupt"},
		"a wrong manifest":        {"/manifests/sha256:", flip, "image/read corrupt: the registry serves"},
		"no JSON at all":          {"/manifests/", func([]byte) []byte { return []byte("<html>") }, "image/read"},
		"an endless manifest":     {"/manifests/", func([]byte) []byte { return bytes.Repeat([]byte(" "), 5<<20) }, "image/read corrupt: more than"},
	} {
		plain, server := spoiled(t, test.part, test.spoil)
		shelf{host: hostOf(plain)}.put(t, "a:1", arm)
		v := check(t, hostOf(server)+"/a@"+digestOf(t, arm))
		if v.Status == imagecheck.Pass {
			t.Errorf("%s passes", name)
		}
		if len(v.Issues) != 1 {
			t.Errorf("%s: issues %+v, want one", name, v.Issues)
			continue
		}
		got := v.Issues[0].Check + " " + v.Issues[0].Message
		head, rest, _ := strings.Cut(test.want, " ")
		if !strings.HasPrefix(got, head) || !strings.Contains(got, rest) {
			t.Errorf("%s: %s, want %q", name, got, test.want)
		}
	}
}

// A body that ends early without a length is found out by counting.
func TestABlobThatEndsEarlyIsNoticed(t *testing.T) {
	arm := image(t, made{platform: "linux/arm64", config: v1.Config{Entrypoint: []string{"/app"}}, layers: []v1.Layer{layer(t, entry{name: "pad", body: noise(1 << 20)}, program("app", elf.EM_AARCH64))}})
	m, err := arm.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	plain, server := wrapped(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, m.Layers[0].Digest.String()) {
				next.ServeHTTP(w, r)
				return
			}
			rec := httptest.NewRecorder()
			next.ServeHTTP(rec, r)
			w.(http.Flusher).Flush() // chunked: the length is not told
			_, _ = w.Write(rec.Body.Bytes()[:1000])
		})
	})
	shelf{host: hostOf(plain)}.put(t, "a:1", arm)
	v := check(t, hostOf(server)+"/a@"+digestOf(t, arm))
	compareIssues(t, v.Issues, []string{"image/read ends after 1000 of"})
}

// served is a registry with exactly these manifests, whatever is asked for by digest.
func served(t *testing.T, mediaType string, body func(path string) string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isManifest(r) {
			w.Header().Set("Content-Type", mediaType)
			fmt.Fprint(w, body(r.URL.Path))
		}
	}))
	t.Cleanup(server.Close)
	return hostOf(server)
}

func TestAManifestThatReferencesItselfEnds(t *testing.T) {
	const list = "application/vnd.oci.image.index.v1+json"
	self := `{"schemaVersion":2,"mediaType":"` + list + `","manifests":[{"mediaType":"` + list + `","size":10,"digest":"sha256:` + strings.Repeat("0", 64) + `"}]}`
	host := served(t, list, func(string) string { return self })
	v := check(t, host+"/a:1")
	compareIssues(t, v.Issues, []string{"image/read corrupt: the registry serves sha256:"})
}

func TestIndexesInIndexesEnd(t *testing.T) {
	const list = "application/vnd.oci.image.index.v1+json"
	bodies := map[string]string{}
	inner := `{"schemaVersion":2,"manifests":[]}`
	for range 8 {
		digest := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(inner)))
		bodies[digest] = inner
		inner = `{"schemaVersion":2,"manifests":[{"mediaType":"` + list + `","size":` + strconv.Itoa(len(inner)) + `,"digest":"` + digest + `"}]}`
	}
	host := served(t, list, func(path string) string {
		if body, ok := bodies[path[strings.LastIndex(path, "/")+1:]]; ok {
			return body
		}
		return inner
	})
	compareIssues(t, check(t, host+"/a:1").Issues, []string{"image/read corrupt: indexes are nested more than 4 deep"})
}

func TestSchema1IsNamed(t *testing.T) {
	const signed = "application/vnd.docker.distribution.manifest.v1+prettyjws"
	host := served(t, signed, func(string) string { return `{"schemaVersion":1,"name":"a","tag":"1","architecture":"amd64"}` })
	compareIssues(t, check(t, host+"/a:1").Issues, []string{"image/read schema1"})
	plain := served(t, "application/json", func(string) string { return `{"schemaVersion":1,"name":"a","tag":"1","architecture":"amd64"}` })
	compareIssues(t, check(t, plain+"/a:1").Issues, []string{"image/read schema1"})
}

// noise does not compress, and is the same in each run.
func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// bigLayer writes an uncompressed layer of a size whose program comes last.
func bigLayer(w io.Writer, size int64) error {
	t := tar.NewWriter(w)
	if err := t.WriteHeader(&tar.Header{Name: "data", Mode: 0o644, Typeflag: tar.TypeReg, Size: size}); err != nil {
		return err
	}
	chunk := noise(1 << 20)
	for range size / int64(len(chunk)) {
		if _, err := t.Write(chunk); err != nil {
			return err
		}
	}
	app := elfFile(elf.EM_X86_64)
	if err := t.WriteHeader(&tar.Header{Name: "app", Mode: 0o755, Typeflag: tar.TypeReg, Size: int64(len(app))}); err != nil {
		return err
	}
	if _, err := t.Write(app); err != nil {
		return err
	}
	return t.Close()
}

// counted hashes and measures what is written.
type counted struct {
	hash.Hash
	n int64
}

func (c *counted) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return c.Hash.Write(p)
}

func TestMemoryStaysFlatOverALayerOf200MB(t *testing.T) { memoryStaysFlat(t, 200<<20) }

func TestMemoryStaysFlatOverALayerOf2GB(t *testing.T) {
	lab.Slow(t)
	memoryStaysFlat(t, 2<<30)
}

func memoryStaysFlat(t *testing.T, size int64) {
	sum := &counted{Hash: sha256.New()}
	if err := bigLayer(sum, size); err != nil {
		t.Fatal(err)
	}
	config := `{"os":"linux","architecture":"arm64","rootfs":{"type":"layers","diff_ids":[]},"config":{"Entrypoint":["/app"]}}`
	configDigest := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(config)))
	manifest := fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",`+
		`"config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":%d,"digest":%q},`+
		`"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","size":%d,"digest":"sha256:%x"}]}`, len(config), configDigest, sum.n, sum.Sum(nil))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case isManifest(r):
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
			fmt.Fprint(w, manifest)
		case strings.HasSuffix(r.URL.Path, configDigest):
			fmt.Fprint(w, config)
		case strings.Contains(r.URL.Path, "/blobs/"):
			w.Header().Set("Content-Length", strconv.FormatInt(sum.n, 10))
			_ = bigLayer(w, size)
		}
	}))
	t.Cleanup(server.Close)
	debug.FreeOSMemory()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	v := check(t, hostOf(server)+"/big:1")
	runtime.ReadMemStats(&after)
	compareIssues(t, v.Issues, []string{"image/lie starts /app, which is a program for amd64"})
	if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 32<<20 {
		t.Errorf("the heap grew by %d MB over a layer of %d MB", grown>>20, sum.n>>20)
	}
}

func TestWhatAPodStartsInPlaceOfTheImagesOwnIsFollowed(t *testing.T) {
	server := fakeRegistry(t)
	sh := shelf{host: hostOf(server)}
	sh.put(t, "a:1", image(t, made{platform: "linux/arm64", config: v1.Config{Entrypoint: []string{"/app"}},
		layers: []v1.Layer{layer(t, program("bin/sh", elf.EM_X86_64), program("app", elf.EM_AARCH64))}}))
	for name, test := range map[string]struct {
		commands [][]string
		want     []string
	}{
		"the image's own":    {nil, nil},
		"a shell in between": {[][]string{{"sh", "-c"}}, []string{"image/lie starts /bin/sh, which is a program for amd64"}},
		"both":               {[][]string{nil, {"/bin/sh"}}, []string{"image/lie starts /bin/sh, which is a program for amd64"}},
		"what is not there":  {[][]string{{"bash"}, {"sh"}}, []string{"image/lie bash is not in the image", "image/lie starts /bin/sh"}},
	} {
		need := imagecheck.Need{Platforms: arm64(), Deep: true, Commands: test.commands}
		a := imagecheck.NewClient(imagecheck.Options{}).ReadAll(t.Context(), []imagecheck.Request{{Image: sh.ref("a:1"), Need: need}}, nil)[0]
		if a.Err != nil {
			t.Fatal(a.Err)
		}
		t.Run(name, func(t *testing.T) {
			compareIssues(t, imagecheck.Check(a.Ref, a.Facts, imagecheck.Want{Platforms: arm64(), Deep: true}).Issues, test.want)
		})
	}
}
