package main

import "context"

// startCase is how long a command takes that does nothing: what every call in a shell pays.
func startCase(l *lab) benchCase {
	return benchCase{name: "version", goal: goal{ratio: 1}, prepare: func(ctx context.Context) ([]side, error) {
		helm, err := l.peers.need(ctx, helm4())
		if err != nil {
			return nil, err
		}
		old, err := l.peers.need(ctx, helm3())
		if err != nil {
			return nil, err
		}
		return []side{
			{name: "ameide version", commands: []command{{args: []string{l.ameide, "version"}}}},
			{name: "helm " + helm4().version, commands: []command{{args: []string{helm, "version"}}}},
			{name: "helm " + helm3().version, commands: []command{{args: []string{old, "version"}}}},
		}, nil
	}}
}
