//go:build !unix

package main

import "os"

// peakRSS is not told here.
func peakRSS(*os.ProcessState) float64 { return 0 }

// settleDisk trusts the system.
func settleDisk() {}
