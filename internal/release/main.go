// Command release makes what goreleaser does not make by itself: the root file system of the container image, the bill
// of materials of a binary, and the multi-arch image as an OCI layout, without a container engine.
//
//	release rootfs FILE.tar            CA certificates, a user, /tmp: what a static binary needs beside itself
//	release sbom BINARY FILE.json      CycloneDX, from the build information inside the binary
//	release image DIST FILE.tar        OCI layout of every linux binary in goreleaser's output folder; prints its sizes
//	release host DIST                  path of the binary for this machine
package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "release: error: %v\n", err)
		os.Exit(1)
	}
}

func run(out io.Writer, args []string) error {
	is := func(name string, arguments int) bool { return len(args) == arguments+1 && args[0] == name }
	switch {
	case is("rootfs", 1):
		return writeFile(args[1], writeRootFS)
	case is("sbom", 2):
		return writeFile(args[2], func(w io.Writer) error { return writeSBOM(w, args[1]) })
	case is("image", 2):
		return writeFile(args[2], func(w io.Writer) error { return writeImage(w, out, args[1]) })
	case is("host", 1):
		b, err := findBinary(args[1], runtime.GOOS, runtime.GOARCH)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, b.Path)
		return err
	}
	return fmt.Errorf("unknown arguments %q; usage: release rootfs FILE | sbom BINARY FILE | image DIST FILE | host DIST", args)
}

func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return fmt.Errorf("write %s: %w", name, err)
	}
	return f.Close()
}
