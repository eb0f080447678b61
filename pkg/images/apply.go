package images

import (
	"fmt"
	"os"
)

// Apply writes edits of existing files below a root, each whole.
func Apply(root *os.Root, edits []Edit) error {
	for _, e := range edits {
		if err := write(root, e); err != nil {
			return fmt.Errorf("write %s: %w", e.Path, err)
		}
	}
	return nil
}

// write replaces a file through a temporary one beside it, so that nobody ever reads half of it.
func write(root *os.Root, e Edit) error {
	mode := os.FileMode(0o644)
	if info, err := root.Stat(e.Path); err == nil {
		mode = info.Mode().Perm()
	}
	temporary := e.Path + ".ameide-tmp"
	if err := root.WriteFile(temporary, e.Data, mode); err != nil {
		return err
	}
	if err := root.Rename(temporary, e.Path); err != nil {
		_ = root.Remove(temporary)
		return err
	}
	return nil
}
