package imagecheck

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// errTooMany ends a search that would need too much memory.
var errTooMany = fmt.Errorf("the image has more than %d programs and links", maxEntries)

const (
	// maxWindow bounds what a zstd stream may make us keep.
	maxWindow = 64 << 20
	// bombBytes and bombRatio say what unpacking too much is: beyond the first, no more than ratio times what was read.
	bombBytes = 64 << 20
	bombRatio = 200
)

// unpack finds out by its first bytes how a layer is compressed; media types are wrong more often.
func unpack(raw io.Reader) (io.Reader, func(), error) {
	in := &meter{r: raw}
	buffered := bufio.NewReaderSize(in, 64<<10)
	head, err := buffered.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, nil, fmt.Errorf("gzip: %w", err)
		}
		return &guard{r: z, in: in}, func() {}, nil
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, fmt.Errorf("zstd: %w", err)
		}
		return &guard{r: z, in: in}, z.Close, nil
	}
	return buffered, func() {}, nil
}

// meter counts what was read.
type meter struct {
	r io.Reader
	n int64
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n += int64(n)
	return n, err
}

// guard stops a stream that unpacks to far more than was read.
type guard struct {
	r   io.Reader
	in  *meter
	out int64
}

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	g.out += int64(n)
	if g.out > bombBytes && g.out > g.in.n*bombRatio {
		return n, failure(Corrupt, "the layer unpacks to more than %d times its size", bombRatio)
	}
	return n, err
}

// scan adds a layer to a file system. It stops early when enough says so after a program or link was added.
func scan(ctx context.Context, raw io.Reader, fs *rootfs, enough func() bool) error {
	in, release, err := unpack(raw)
	if err != nil {
		return err
	}
	defer release()
	t := tar.NewReader(in)
	for {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			// The rest of the stream is read so that its digest is checked.
			_, err := io.Copy(io.Discard, raw)
			return err
		}
		if err != nil {
			return err
		}
		noted, err := note(fs, h, t)
		if err != nil {
			return err
		}
		if fs.full {
			return errTooMany
		}
		if noted && enough() {
			return nil
		}
	}
}

const (
	whiteout       = ".wh."
	whiteoutOpaque = ".wh..wh..opq"
)

// note adds one entry of an archive; false for what leads to no program.
func note(fs *rootfs, h *tar.Header, r io.Reader) (bool, error) {
	dir, base := path.Split(clean(h.Name))
	switch {
	case base == whiteoutOpaque:
		fs.add(dir, opaque, "")
		return false, nil
	case strings.HasPrefix(base, whiteout):
		fs.add(dir+strings.TrimPrefix(base, whiteout), gone, "")
		return true, nil
	}
	switch h.Typeflag {
	case tar.TypeDir:
		fs.folder(h.Name)
		return false, nil
	case tar.TypeSymlink:
		fs.add(h.Name, link, h.Linkname)
	case tar.TypeLink:
		fs.add(h.Name, link, clean(h.Linkname))
	case tar.TypeReg:
		if h.Mode&0o111 == 0 {
			return false, nil
		}
		head := make([]byte, headBytes)
		n, err := io.ReadFull(r, head)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return false, err
		}
		fs.add(h.Name, file, useful(head[:n]))
	default:
		return false, nil
	}
	return true, nil
}

// useful is what must be kept of a program's start: an ELF header, or a script's first line.
func useful(head []byte) string {
	if _, _, ok := elfMachine(head); ok {
		return string(head[:20])
	}
	if bytes.HasPrefix(head, []byte("#!")) {
		line, _, _ := bytes.Cut(head, []byte("\n"))
		return string(line)
	}
	return ""
}
