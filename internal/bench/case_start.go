package main

import (
	"context"

	"github.com/ameideio/ameide/lab/peers"
)

// startCase is how long a command takes that does nothing: what every call in a shell pays.
func startCase(l *lab) benchCase {
	return benchCase{name: "version", goal: goal{ratio: 1}, prepare: func(ctx context.Context) ([]side, error) {
		helm, err := l.peers.Need(ctx, peers.Helm4())
		if err != nil {
			return nil, err
		}
		old, err := l.peers.Need(ctx, peers.Helm3())
		if err != nil {
			return nil, err
		}
		return []side{
			{name: "ameide version", commands: []command{{args: []string{l.ameide, "version"}}}},
			{name: "helm " + peers.Helm4().Version, commands: []command{{args: []string{helm, "version"}}}},
			{name: "helm " + peers.Helm3().Version, commands: []command{{args: []string{old, "version"}}}},
		}, nil
	}}
}
