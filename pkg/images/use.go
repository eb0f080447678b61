package images

import (
	"fmt"

	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/imagecheck"
)

// Use is one place of the tree that asks for an image.
type Use struct {
	Image     string
	Env       string        // empty for what a cluster has once
	Component string        // of the environment
	Resource  string        // Kind/name
	Field     string        // of the resource
	Pos       helmchart.Pos // value or template line that asks for it
	Platforms []imagecheck.Platform
	Layout    *imagecheck.Layout // how the chart takes the image to be built; nil when it does not say
	Command   []string           // that is started in place of the image's own; nil when there is none
	pin       *pin               // where the digest is written; nil when no value says it
}

// Where is file:line.
func (u Use) Where() string {
	if u.Pos.Line == 0 {
		return u.Pos.File
	}
	return fmt.Sprintf("%s:%d", u.Pos.File, u.Pos.Line)
}

// Skipped is a component whose images are not known.
type Skipped struct {
	Component string `json:"component"`
	Env       string `json:"env,omitempty"`
	Reason    string `json:"reason"`
}
