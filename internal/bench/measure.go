package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// sample is one run of a side: all its processes, one after another.
type sample struct {
	millis float64 // wall
	rssMB  float64 // peak of the largest process; 0 where the system does not tell
}

// result is the samples of a side, and what else was found of it.
type result struct {
	name    string
	samples []sample
	verdict string
	missed  bool
}

func (r *result) add(s sample) { r.samples = append(r.samples, s) }

// sorted is the wall times, the shortest first.
func (r result) sorted() []float64 {
	out := make([]float64, 0, len(r.samples))
	for _, s := range r.samples {
		out = append(out, s.millis)
	}
	slices.Sort(out)
	return out
}

// median of the wall times; the mean of the two in the middle when their number is even.
func (r result) median() float64 {
	s := r.sorted()
	if len(s) == 0 {
		return 0
	}
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// peakMB is the largest peak of any run.
func (r result) peakMB() float64 {
	peak := 0.0
	for _, s := range r.samples {
		peak = max(peak, s.rssMB)
	}
	return peak
}

// run does the work once. A process that fails ends the benchmark: a fast failure is no figure.
func (s side) run(ctx context.Context) (sample, error) {
	if s.before != nil {
		if err := s.before(); err != nil {
			return sample{}, err
		}
	}
	settleDisk()
	var total sample
	for _, c := range s.commands {
		one, err := c.run(ctx)
		if err != nil {
			return sample{}, err
		}
		total.millis += one.millis
		total.rssMB = max(total.rssMB, one.rssMB)
	}
	return total, nil
}

// run starts one process and waits for it.
func (c command) run(ctx context.Context) (sample, error) {
	p := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	p.Dir = c.dir
	var stderr bytes.Buffer
	p.Stderr = &stderr
	out, err := os.OpenFile(c.stdout(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return sample{}, err
	}
	defer out.Close()
	p.Stdout = out
	start := time.Now()
	if err := p.Start(); err != nil {
		return sample{}, fmt.Errorf("%s: %w", strings.Join(c.args, " "), err)
	}
	watched := watchPeak(p.Process.Pid)
	err = p.Wait()
	wall := time.Since(start)
	peak := watched()
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w: %s", strings.Join(c.args, " "), err, tail(stderr.String()))
	}
	if told := peakRSS(p.ProcessState); peak == 0 || told > ownPeak("self")+1 {
		peak = told // to the end, and above what the benchmark has put into it
	}
	return sample{float64(wall) / float64(time.Millisecond), peak}, nil
}

func (c command) stdout() string {
	if c.out == "" {
		return os.DevNull
	}
	return c.out
}

// tail is the last few lines of a failed process's messages.
func tail(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], " | ")
}
