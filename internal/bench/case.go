package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// newCase makes a case in a lab. What costs time (installing peers, preparing a tree) belongs into its prepare.
type newCase func(l *lab) benchCase

// cases is every case, in the order of the table.
func cases() []newCase {
	return []newCase{startCase, generateCase, unchangedCase, verifyCase, migrationsCase, manyDatabasesCase(10), manyDatabasesCase(100), manyDatabasesCase(1000), imageCase, imagesCase,
		scaffoldCase, manyPrimitivesCase(10), manyPrimitivesCase(100), manyPrimitivesCase(1000),
		unchangedClientsCase, manyRealmsCase(1), manyRealmsCase(10), manyRealmsCase(100), firstClientCase,
		liveCase("one environment", 3000, "dev"), liveCase("three environments at once", 5000, "dev", "staging", "production")}
}

// benchCase compares sides that do the same work. The first side is ameide's.
type benchCase struct {
	name    string
	goal    goal
	prepare func(ctx context.Context) ([]side, error)
}

// side is one way to do the work. before runs untimed ahead of each run; after, once at the end, judges something else than
// time and memory, or is nil.
type side struct {
	name     string
	before   func() error
	commands []command
	after    func() (verdict string, missed bool, err error)
}

// command is one process. Its stdout goes to the file out, or nowhere.
type command struct {
	dir  string
	args []string
	out  string
}

// goal is what a case promises; a zero field promises nothing.
type goal struct {
	millis float64 // upper bound of ameide's median
	ratio  float64 // the fastest peer's median divided by ameide's is at least this
	rssMB  float64 // upper bound of ameide's peak memory
}

// measure warms every side up and then lets them take turns.
func (c benchCase) measure(ctx context.Context, runs int) ([]result, error) {
	sides, err := c.prepare(ctx)
	if err != nil {
		return nil, err
	}
	results := make([]result, len(sides))
	for i, s := range sides {
		results[i].name = s.name
	}
	for round := -1; round < runs; round++ {
		for i, s := range sides {
			one, err := s.run(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			if round >= 0 {
				results[i].add(one)
			}
		}
	}
	for i, s := range sides {
		if s.after == nil {
			continue
		}
		if results[i].verdict, results[i].missed, err = s.after(); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return results, nil
}

// rows are the lines of the table: ameide's with the verdict, then the peers'.
func (c benchCase) rows(results []result) []row {
	rows := make([]row, 0, len(results))
	for i, r := range results {
		line := row{caseName: c.name, side: r.name, result: r}
		if i == 0 {
			line.verdict, line.missed = c.goal.judge(r, results[1:])
		} else {
			line.verdict = fmt.Sprintf("%.1f times ameide's", r.median()/results[0].median())
		}
		rows = append(rows, line)
	}
	return rows
}

// judge says how ameide did against its goal.
func (g goal) judge(own result, peers []result) (verdict string, missed bool) {
	var parts []string
	if own.verdict != "" {
		parts, missed = append(parts, own.verdict), own.missed
	}
	check := func(ok bool, text string) {
		if !ok {
			text += " MISSED"
			missed = true
		}
		parts = append(parts, text)
	}
	if g.millis > 0 {
		check(own.median() < g.millis, fmt.Sprintf("under %.0f ms", g.millis))
	}
	if g.rssMB > 0 {
		check(own.peakMB() < g.rssMB, fmt.Sprintf("under %.0f MB", g.rssMB))
	}
	if g.ratio > 0 && len(peers) > 0 {
		peer := slices.MinFunc(peers, func(a, b result) int { return cmp.Compare(a.median(), b.median()) })
		check(peer.median()/own.median() >= g.ratio, fmt.Sprintf("%.1f times as fast as %s, asked %.1f", peer.median()/own.median(), peer.name, g.ratio))
	}
	return strings.Join(parts, "; "), missed
}
