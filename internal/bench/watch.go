package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// watchEvery is the pause between two looks at a process's memory.
const watchEvery = 2 * time.Millisecond

// watchPeak follows the largest resident set, in MB, of a process and of those that it starts, as Linux keeps it in /proc,
// until stop; 0 on other systems. The kernel's own account of a process that has ended begins with the memory of the one that
// started it, so it cannot be smaller than the benchmark's.
func watchPeak(pid int) (stop func() float64) {
	end, peak := make(chan struct{}), make(chan float64)
	go func() {
		most := 0.0
		for {
			most = max(most, treePeak(strconv.Itoa(pid)))
			select {
			case <-end:
				peak <- most
				return
			case <-time.After(watchEvery):
			}
		}
	}()
	return func() float64 {
		close(end)
		return <-peak
	}
}

// treePeak is the largest peak of a process and its descendants.
func treePeak(pid string) float64 {
	peak := ownPeak(pid)
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%s/task/%s/children", pid, pid)) // it may have ended
	for _, child := range strings.Fields(string(children)) {
		peak = max(peak, treePeak(child))
	}
	return peak
}

// ownPeak is VmHWM of a process; 0 where it is not told.
func ownPeak(pid string) float64 {
	status, _ := os.ReadFile("/proc/" + pid + "/status")
	_, after, _ := strings.Cut(string(status), "\nVmHWM:")
	fields := strings.Fields(after)
	if len(fields) == 0 {
		return 0
	}
	kilobytes, _ := strconv.ParseFloat(fields[0], 64)
	return kilobytes / (1 << 10)
}
