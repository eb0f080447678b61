package scaffold

import (
	"io/fs"
	"strings"
)

// Mode is a scaffolded file's permissions: shell scripts can be executed.
func Mode(name string) fs.FileMode {
	if strings.HasSuffix(name, ".sh") {
		return 0o755
	}
	return 0o644
}
