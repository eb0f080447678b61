package checkout

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// volume tells the file system of an open file; false where it cannot be flushed as a whole and say whether it was.
func volume(f *os.File) (id uint64, ok bool) {
	if !reportsFailures() {
		return 0, false
	}
	info, err := f.Stat()
	if err != nil {
		return 0, false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return uint64(stat.Dev), true //nolint:unconvert // of another width on some processors
}

// flushVolume waits until everything that was written to the file system of an open file is on disk.
func flushVolume(f *os.File) error {
	return os.NewSyscallError("syncfs", unix.Syncfs(int(f.Fd())))
}

// reportsFailures tells whether the kernel's syncfs returns what went wrong: it does since 5.8 (syncfs(2)).
var reportsFailures = sync.OnceValue(func() bool {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return false
	}
	major, rest, _ := strings.Cut(unix.ByteSliceToString(name.Release[:]), ".")
	minor, _, _ := strings.Cut(rest, ".")
	m, _ := strconv.Atoi(major)
	n, _ := strconv.Atoi(minor)
	return m > 5 || m == 5 && n >= 8
})
