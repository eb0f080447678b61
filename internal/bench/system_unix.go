//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// peakRSS is the largest resident set of a process in MB. Linux counts kilobytes, macOS bytes.
func peakRSS(p *os.ProcessState) float64 {
	usage, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return float64(usage.Maxrss) / (1 << 20)
	}
	return float64(usage.Maxrss) / (1 << 10)
}

// settleDisk waits until what was written ahead of a run is on disk: it would be written during the run.
func settleDisk() { unix.Sync() }
