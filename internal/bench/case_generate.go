package main

import "context"

// generateCase writes four environments into a checkout that has never seen the portal.
func generateCase(l *lab) benchCase {
	return benchCase{name: "generate, first run", goal: goal{millis: 150}, prepare: func(ctx context.Context) ([]side, error) {
		dir, err := l.copyFixture(ctx, "generate")
		if err != nil {
			return nil, err
		}
		fresh := func() error {
			_, err := l.copyFixture(ctx, "generate")
			return err
		}
		return []side{{name: "ameide generate", before: fresh, commands: []command{l.generate(dir)}}}, nil
	}}
}

// unchangedCase runs generate where nothing is left to do.
func unchangedCase(l *lab) benchCase {
	return benchCase{name: "generate, no change", goal: goal{millis: 100}, prepare: func(ctx context.Context) ([]side, error) {
		dir, err := l.generated(ctx, "unchanged")
		if err != nil {
			return nil, err
		}
		return []side{{name: "ameide generate", commands: []command{l.generate(dir)}}}, nil
	}}
}
