package lab

import (
	"context"
	"io"
	"os"
	"testing"

	"github.com/ameideio/ameide/lab/peers"
)

// comparedWith are the peers that tests run beside ameide, on the same charts and images.
func comparedWith() []peers.Tool {
	return []peers.Tool{peers.Helm3(), peers.Helm4(), peers.HelmUnittest(), peers.Crane(), peers.Regctl()}
}

// Peer is the path of a peer in the tools' cache, where the benchmarks keep theirs, too. AMEIDE_TOOLS names another folder.
func Peer(t testing.TB, tool peers.Tool) string {
	t.Helper()
	box := peers.Toolbox{Dir: os.Getenv("AMEIDE_TOOLS")}
	if box.Dir == "" {
		var err error
		if box.Dir, err = peers.Default(); err != nil {
			t.Fatal(err)
		}
	}
	path := box.Path(tool)
	if _, err := os.Stat(path); err != nil {
		Missing(t, tool.Name+" "+tool.Version)
	}
	return path
}

// InstallPeers builds the peers that are missing, each in a folder of its own.
func InstallPeers(ctx context.Context, progress io.Writer) error {
	dir, err := peers.Default()
	if err != nil {
		return err
	}
	for _, tool := range comparedWith() {
		if _, err := (peers.Toolbox{Dir: dir, Progress: progress}).Need(ctx, tool); err != nil {
			return err
		}
	}
	return nil
}
