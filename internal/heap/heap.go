// Package heap lets the heap grow before it is collected: a run is over in a second, and collecting took a third of it.
//
// It works by being imported. What the packages of a program allocate while they are initialized already makes the
// collector run, so that main would come too late; this package depends on next to nothing, which lets the language's rules
// initialize it before the large ones. GOGC and GOMEMLIMIT decide where they are set.
package heap

import (
	"os"
	"runtime/debug"
)

// patience is by how many percent the heap may grow.
const patience = 400

func init() {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(patience)
	}
}

// Modest is from where on the heap is collected as often as it takes to stay below it, in bytes: with what the program
// itself takes, some 45 MB, less than 100 MB.
const Modest = 44 << 20

// Limit bounds the heap of a run that waits for servers more than it computes. A run that needs more gets more.
func Limit(bytes int64) {
	if _, set := os.LookupEnv("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(bytes)
	}
}
