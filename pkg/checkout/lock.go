package checkout

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// LockFile is the file that remembers what was written. It is committed with the rest.
const LockFile = "ameide.lock"

const lockHeader = "# What ameide wrote, so that your edits survive the next run. Commit this file; do not edit it.\nversion 1\n"

// maxLock bounds the size of a lock file; one line of it holds one compressed file, so that it bounds a line, too.
const maxLock = 64 << 20

// entry remembers one generated file: the version that the generator made, and the digest of the file as the run left
// it, which differs where a user's edit was merged in.
type entry struct {
	base    []byte
	written [sha256.Size]byte
	packed  string // base as the lock file has it; empty until it is needed
}

// remember is the entry for a generated file. One whose base is known and that this run does not write keeps its entry as
// it is: an edit of the user's alone is no change of ours. What the lock file has already is not compressed again.
func (l lock) remember(c Change) entry {
	known, wrote := l[c.Path]
	same := wrote && bytes.Equal(known.base, c.base)
	if same && c.New == nil {
		return known
	}
	e := entry{base: c.base, written: sha256.Sum256(c.result())}
	if same {
		e.packed = known.packed
	}
	return e
}

// lock is path to entry.
type lock map[string]entry

// parseLock reads the text of a lock file; an error names the line. What is remembered of a file is unpacked on every
// processor: there are hundreds.
func parseLock(name string, text []byte) (lock, error) {
	lines, err := lockLines(name, text)
	if err != nil {
		return nil, err
	}
	paths, entries, errs := make([]string, len(lines)), make([]entry, len(lines)), make([]error, len(lines))
	spread(len(lines), func(u *unpacker, i int) { paths[i], entries[i], errs[i] = parseEntry(u, lines[i].text) })
	l := lock{}
	for i, path := range paths {
		err := errs[i]
		if _, twice := l[path]; twice && err == nil {
			err = fmt.Errorf("%s is remembered twice", path)
		}
		if err != nil {
			return nil, lockError(name, lines[i].number, err.Error(), "restore the file from Git")
		}
		l[path] = entries[i]
	}
	return l, nil
}

// lockLine is a line of a lock file that remembers a file.
type lockLine struct {
	number int
	text   string
}

// lockLines are the lines that remember files, behind the version.
func lockLines(name string, text []byte) ([]lockLine, error) {
	var out []lockLine
	n, version := 0, ""
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if merging(line) {
			return nil, lockError(name, n, "Git left a merge conflict here", "take one side's whole file and run generate again: `git checkout --theirs "+name+"`")
		}
		if version == "" {
			if version = line; version != "version 1" {
				return nil, lockError(name, n, fmt.Sprintf("%.40q is not a lock file version that this ameide knows", line), "use the ameide that wrote it, or a newer one")
			}
			continue
		}
		out = append(out, lockLine{n, line})
	}
	return out, nil
}

// merging tells whether a line is a mark that Git leaves where it could not merge.
func merging(line string) bool {
	return strings.HasPrefix(line, "<<<<<<< ") || strings.HasPrefix(line, "||||||| ") || line == "=======" || strings.HasPrefix(line, ">>>>>>> ")
}

func lockError(name string, line int, problem, advice string) error {
	return &Error{Path: fmt.Sprintf("%s:%d", name, line), Problem: problem, Advice: advice}
}

// parseEntry reads "<sha256> <base64 of the deflated base> <path>".
func parseEntry(u *unpacker, line string) (string, entry, error) {
	fields := strings.SplitN(line, " ", 3)
	if len(fields) != 3 || validPath(fields[2]) != nil {
		return "", entry{}, errors.New("not a line that ameide wrote")
	}
	e := entry{packed: fields[1]}
	digest, err := hex.DecodeString(fields[0])
	if err != nil || len(digest) != sha256.Size {
		return "", entry{}, errors.New("not a sha256 digest")
	}
	copy(e.written[:], digest)
	if e.base, err = u.unpack(fields[1]); err != nil {
		return "", entry{}, errors.New("damaged content")
	}
	return fields[2], e, nil
}

// bytes is the lock file's text: one line for each file, sorted by path, so that Git can merge it.
func (l lock) bytes() []byte {
	paths := slices.Sorted(maps.Keys(l))
	packed := l.packed(paths)
	size := len(lockHeader)
	for i, path := range paths {
		size += 2*sha256.Size + len(packed[i]) + len(path) + len("  \n")
	}
	var out bytes.Buffer
	out.Grow(size)
	out.WriteString(lockHeader)
	for i, path := range paths {
		fmt.Fprintf(&out, "%x %s %s\n", l[path].written, packed[i], path)
	}
	return out.Bytes()
}

// packed are the bases of paths as the lock file has them. A first run has all of them to compress, which takes longer
// than anything else that it computes: every processor takes its share.
func (l lock) packed(paths []string) []string {
	out := make([]string, len(paths))
	var todo []int
	for i, path := range paths {
		if out[i] = l[path].packed; out[i] == "" {
			todo = append(todo, i)
		}
	}
	spread(len(todo), func(p *packer, n int) { out[todo[n]] = p.pack(l[paths[todo[n]]].base) })
	return out
}
