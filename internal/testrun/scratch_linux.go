package main

import (
	"os"

	"golang.org/x/sys/unix"
)

const (
	memoryDir = "/dev/shm"
	// The tests hold some hundreds of megabytes at once; a machine with less to spare keeps to its disk.
	needed = 4 << 30
)

// scratch makes a directory in memory for what tests write, thousands of small files, if nobody chose one (TMPDIR) and the
// machine has the room. It is "" otherwise, and for the lab, whose servers keep their data on a disk as they do at work.
func scratch() string {
	if os.Getenv("TMPDIR") != "" || os.Getenv("AMEIDE_LAB") != "" || !roomy() {
		return ""
	}
	dir, err := os.MkdirTemp(memoryDir, "testrun-")
	if err != nil {
		return ""
	}
	// As open as /tmp: some tests go on as another user.
	if err := os.Chmod(dir, 0o777|os.ModeSticky); err != nil {
		_ = os.Remove(dir)
		return ""
	}
	return dir
}

// roomy says whether memoryDir is a file system in memory that may hold programs (containers often forbid it, and give it
// 64 MB) and whether the memory behind it is there.
func roomy() bool {
	var fs unix.Statfs_t
	var memory unix.Sysinfo_t
	if unix.Statfs(memoryDir, &fs) != nil || unix.Sysinfo(&memory) != nil {
		return false
	}
	return fs.Type == unix.TMPFS_MAGIC &&
		fs.Flags&unix.ST_NOEXEC == 0 &&
		fs.Bavail*uint64(fs.Bsize) >= needed &&
		memory.Freeram*uint64(memory.Unit) >= needed
}
