package checkout

import (
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// LockFile is the file that remembers what was written. It is committed with the rest.
const LockFile = "ameide.lock"

// journalFile is the lock file of a run that has not finished: it exists from before the first file is replaced until
// the lock file is.
const journalFile = ".ameide.lock.pending"

const lockHeader = "# What ameide wrote, so that your edits survive the next run. Commit this file; do not edit it.\nversion 1\n"

// maxBase bounds the size of one remembered file when it is decompressed.
const maxBase = 5 << 20

// entry remembers one generated file: the version that the generator made, and the digest of the file as the run left
// it, which differs where a user's edit was merged in.
type entry struct {
	base    []byte
	written [sha256.Size]byte
	packed  string // base as the lock file has it; empty until it is needed
}

// remember is the entry for a file that now has a base, and was left as written. What the lock file has already is not
// compressed again.
func (l lock) remember(path string, base []byte, written [sha256.Size]byte) entry {
	e := entry{base: base, written: written}
	if known := l[path]; bytes.Equal(known.base, base) {
		e.packed = known.packed
	}
	return e
}

// lock is path to entry.
type lock map[string]entry

// readLock reads the lock file as the last run left it. If that run was cut off, each file counts as it is on disk: one
// that was already replaced by its new entry, the others by their old one.
func readLock(fsys fs.FS) (lock, error) {
	old, err := readLockFile(fsys, LockFile)
	if err != nil {
		return nil, err
	}
	next, err := readLockFile(fsys, journalFile)
	if err != nil {
		return nil, err
	}
	for path, e := range next {
		if content, err := fs.ReadFile(fsys, path); err == nil && sha256.Sum256(content) == e.written {
			old[path] = e
		}
	}
	return old, nil
}

func readLockFile(fsys fs.FS, name string) (lock, error) {
	text, err := fs.ReadFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return lock{}, nil
	}
	if err != nil {
		return nil, &Error{Path: name, Problem: "cannot be read", Err: err}
	}
	return parseLock(name, text)
}

func parseLock(name string, text []byte) (lock, error) {
	l := lock{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 8<<20)
	version := ""
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if version == "" {
			if version = line; version != "version 1" {
				return nil, lockError(name, n, fmt.Sprintf("%q is not a lock file version that this ameide knows", line), "use the ameide that wrote it, or a newer one")
			}
			continue
		}
		path, e, err := parseEntry(line)
		if err != nil {
			return nil, lockError(name, n, err.Error(), "restore the file from Git")
		}
		if _, twice := l[path]; twice {
			return nil, lockError(name, n, path+" is remembered twice", "keep one of the two lines")
		}
		l[path] = e
	}
	if err := lines.Err(); err != nil {
		return nil, lockError(name, 1, err.Error(), "restore the file from Git")
	}
	return l, nil
}

func lockError(name string, line int, problem, advice string) error {
	return &Error{Path: fmt.Sprintf("%s:%d", name, line), Problem: problem, Advice: advice}
}

// parseEntry reads "<sha256> <base64 of the deflated base> <path>".
func parseEntry(line string) (string, entry, error) {
	fields := strings.SplitN(line, " ", 3)
	if len(fields) != 3 || !fs.ValidPath(fields[2]) {
		return "", entry{}, errors.New("not a line that ameide wrote")
	}
	e := entry{packed: fields[1]}
	if n, err := hex.Decode(e.written[:], []byte(fields[0])); err != nil || n != sha256.Size {
		return "", entry{}, errors.New("not a sha256 digest")
	}
	packed, err := base64.RawStdEncoding.DecodeString(fields[1])
	if err != nil {
		return "", entry{}, errors.New("damaged content")
	}
	e.base, err = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxBase+1))
	if err != nil || len(e.base) > maxBase {
		return "", entry{}, errors.New("damaged content")
	}
	return fields[2], e, nil
}

// bytes is the lock file's text: one line for each file, sorted by path, so that Git can merge it.
func (l lock) bytes() []byte {
	var out bytes.Buffer
	out.WriteString(lockHeader)
	for _, path := range slices.Sorted(maps.Keys(l)) {
		e := l[path]
		if e.packed == "" {
			e.packed = pack(e.base)
		}
		fmt.Fprintf(&out, "%x %s %s\n", e.written, e.packed, path)
	}
	return out.Bytes()
}

func pack(content []byte) string {
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil { // the level is a constant
		panic(err)
	}
	_, _ = w.Write(content) // a bytes.Buffer takes everything
	_ = w.Close()
	return base64.RawStdEncoding.EncodeToString(packed.Bytes())
}
