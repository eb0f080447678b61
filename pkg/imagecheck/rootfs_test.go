package imagecheck

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
)

// tree is layers from the top, each a list of "path", "path -> target", "path => hard", ".wh." names or "folder/".
func tree(layers ...[]string) *rootfs {
	fs := newRootfs()
	for i, lines := range layers {
		fs.layer = i
		for _, line := range lines {
			h := &tar.Header{Name: line, Typeflag: tar.TypeReg, Mode: 0o755}
			if name, target, ok := strings.Cut(line, " -> "); ok {
				h.Name, h.Linkname, h.Typeflag = name, target, tar.TypeSymlink
			}
			if name, target, ok := strings.Cut(line, " => "); ok {
				h.Name, h.Linkname, h.Typeflag = name, target, tar.TypeLink
			}
			if strings.HasSuffix(line, "/") {
				h.Typeflag = tar.TypeDir
			}
			if _, err := note(fs, h, strings.NewReader("#!"+h.Name)); err != nil {
				panic(err)
			}
		}
	}
	return fs
}

func TestLayersAreReadAsARuntimeStacksThem(t *testing.T) {
	for name, test := range map[string]struct {
		layers [][]string // from the top
		path   string
		want   found
		at     string
	}{
		"a file":                               {[][]string{{"bin/a"}}, "/bin/a", present, "/bin/a"},
		"nothing says it":                      {[][]string{{"bin/a"}}, "/bin/b", unknown, "/bin/b"},
		"the higher layer wins":                {[][]string{{"bin/a -> b"}, {"bin/a", "bin/b"}}, "/bin/a", present, "/bin/b"},
		"a folder that is a link":              {[][]string{{"usr/bin/a"}, {"bin -> usr/bin"}}, "/bin/a", present, "/usr/bin/a"},
		"a relative link upwards":              {[][]string{{"opt/x/run -> ../../bin/a", "bin/a"}}, "/opt/x/run", present, "/bin/a"},
		"a link out of the root stays in it":   {[][]string{{"run -> ../../../bin/a", "bin/a"}}, "/run", present, "/bin/a"},
		"a link to what a lower layer has":     {[][]string{{"run -> /bin/a"}, {"bin/a"}}, "/run", present, "/bin/a"},
		"a dangling link":                      {[][]string{{"run -> /bin/a"}}, "/run", unknown, "/bin/a"},
		"links in a circle":                    {[][]string{{"a -> b", "b -> a"}}, "/a", absent, ""},
		"a link to itself":                     {[][]string{{"a -> a/a"}}, "/a", absent, ""},
		"a hard link":                          {[][]string{{"bin/a", "x => bin/a"}}, "/x", present, "/bin/a"},
		"a whiteout hides what is below":       {[][]string{{"bin/.wh.a"}, {"bin/a"}}, "/bin/a", absent, "/bin/a"},
		"a whiteout of a folder hides its own": {[][]string{{".wh.bin"}, {"bin/a"}}, "/bin/a", absent, "/bin/a"},
		"removed and made again":               {[][]string{{".wh.bin", "bin/", "bin/b"}, {"bin/a"}}, "/bin/b", present, "/bin/b"},
		"removed, made again and empty":        {[][]string{{".wh.bin", "bin/"}, {"bin/a"}}, "/bin/a", unknown, "/bin/a"},
		"a whiteout beside a new file":         {[][]string{{"bin/.wh.a", "bin/a"}}, "/bin/a", present, "/bin/a"},
		"an opaque folder":                     {[][]string{{"bin/.wh..wh..opq", "bin/b"}, {"bin/a"}}, "/bin/a", unknown, "/bin/a"},
		"a file where a folder is needed":      {[][]string{{"bin"}}, "/bin/a", absent, "/bin/a"},
		"a file that replaces a folder":        {[][]string{{"bin"}, {"bin/a"}}, "/bin/a", absent, "/bin/a"},
		"a path with dots":                     {[][]string{{"./bin/../bin/a"}}, "/bin/./a", present, "/bin/a"},
	} {
		got, at, _ := tree(test.layers...).lookup(test.path)
		if got != test.want || test.at != "" && at != test.at {
			t.Errorf("%s: %v at %s, want %v at %s", name, got, at, test.want, test.at)
		}
	}
}

func TestTooManyEntriesEndTheSearch(t *testing.T) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for i := range maxEntries + 1 {
		name := "a/" + strings.Repeat("x", i%7+1) + "/" + string(rune('a'+i%26)) + strings.Repeat("y", i%3) + "/" + strconv.Itoa(i)
		if err := w.WriteHeader(&tar.Header{Name: name, Linkname: "b", Typeflag: tar.TypeSymlink}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := scan(t.Context(), &out, newRootfs(), func() bool { return false }); !errors.Is(err, errTooMany) {
		t.Errorf("error %v, want %v", err, errTooMany)
	}
}

func TestShebangsAreReadAsLinuxDoes(t *testing.T) {
	for in, want := range map[string][2]string{
		"#!/bin/sh\n":             {"/bin/sh", ""},
		"#! /bin/sh -e\nx":        {"/bin/sh", "-e"},
		"#!/usr/bin/env node":     {"/usr/bin/env", "node"},
		"#!/bin/sh\t-e -u\r\n":    {"/bin/sh", "-e -u"},
		"#!/usr/bin/env -S a b\n": {"/usr/bin/env", "-S a b"},
	} {
		name, arg, ok := shebang([]byte(in))
		if !ok || name != want[0] || arg != want[1] {
			t.Errorf("%q = %q, %q, %v; want %q", in, name, arg, ok, want)
		}
	}
	for _, in := range []string{"", "#!", "#!\n", "# /bin/sh", "\x7fELF"} {
		if name, _, ok := shebang([]byte(in)); ok {
			t.Errorf("%q leads to %q", in, name)
		}
	}
}

// Whatever a registry sends as a layer, scanning ends and never panics.
func FuzzScan(f *testing.F) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	_ = w.WriteHeader(&tar.Header{Name: "bin/a", Mode: 0o755, Size: 4, Typeflag: tar.TypeReg})
	_, _ = w.Write([]byte("#!/b"))
	_ = w.Close()
	f.Add(out.Bytes())
	f.Add([]byte{0x1f, 0x8b, 8, 0})
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x04})
	f.Fuzz(func(t *testing.T, data []byte) {
		fs := newRootfs()
		config := &Config{Path: "/bin"}
		s := search{fs: fs, config: config}
		_ = scan(t.Context(), io.NopCloser(bytes.NewReader(data)), fs, func() bool { return s.settled([][]string{{"a"}}) })
		s.all = true
		_, _ = s.programs([]string{"a"})
	})
}
