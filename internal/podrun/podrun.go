// Package podrun runs a container image as a kubelet would, without a container engine: the layers unpacked, the root file
// system read-only, the image's user, entrypoint and working directory. It needs root and Linux; tests prove with it that
// the image of a release works under restricted Pod security.
package podrun

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// Container is an unpacked image.
type Container struct {
	Root   string // directory of its root file system
	Config v1.Config
}

// Unpack unpacks the image for an architecture from a tar of an OCI layout into an empty directory. The layout holds one
// index, as a release writes it.
func Unpack(archive, dir, arch string) (Container, error) {
	c := Container{Root: filepath.Join(dir, "root")}
	store := filepath.Join(dir, "layout")
	f, err := os.Open(archive)
	if err != nil {
		return c, err
	}
	defer f.Close()
	if err := untar(f, store); err != nil {
		return c, err
	}
	image, err := open(store, arch)
	if err != nil {
		return c, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return c, err
	}
	c.Config = config.Config
	layers, err := image.Layers()
	if err != nil {
		return c, err
	}
	for _, l := range layers {
		if err := unlayer(l, c.Root); err != nil {
			return c, err
		}
	}
	return c, nil
}

func unlayer(l v1.Layer, root string) error {
	r, err := l.Uncompressed()
	if err != nil {
		return err
	}
	defer r.Close()
	return untar(r, root)
}

// open finds the image of an architecture in a layout whose only entry is an index.
func open(store, arch string) (v1.Image, error) {
	outer, err := layout.ImageIndexFromPath(store)
	if err != nil {
		return nil, err
	}
	manifest, err := outer.IndexManifest()
	if err != nil || len(manifest.Manifests) != 1 {
		return nil, fmt.Errorf("open %s: %w", store, errors.Join(err, errors.New("want one index")))
	}
	inner, err := outer.ImageIndex(manifest.Manifests[0].Digest)
	if err != nil {
		return nil, err
	}
	if manifest, err = inner.IndexManifest(); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(manifest.Manifests, func(d v1.Descriptor) bool { return d.Platform != nil && d.Platform.Architecture == arch })
	if i < 0 {
		return nil, fmt.Errorf("open %s: no image for %s", store, arch)
	}
	return inner.Image(manifest.Manifests[i].Digest)
}

// untar writes files and folders with their modes and owners.
func untar(r io.Reader, dir string) error {
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !filepath.IsLocal(path.Clean(h.Name)) {
			return fmt.Errorf("%s leaves the archive", h.Name)
		}
		if err := place(t, h, filepath.Join(dir, filepath.FromSlash(h.Name))); err != nil {
			return err
		}
	}
}

func place(r io.Reader, h *tar.Header, name string) error {
	if h.Typeflag == tar.TypeDir {
		if err := os.MkdirAll(name, 0o755); err != nil {
			return err
		}
	} else if err := write(r, name); err != nil {
		return err
	}
	if err := os.Chown(name, h.Uid, h.Gid); err != nil {
		return err
	}
	return os.Chmod(name, h.FileInfo().Mode())
}

func write(r io.Reader, name string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// Mount puts files where a volume would be, readable for everybody and writable for nobody.
func (c Container) Mount(at string, files map[string]string) error {
	dir := filepath.Join(c.Root, filepath.FromSlash(at))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o444); err != nil {
			return err
		}
	}
	return nil
}

// program makes the root read-only in a mount namespace of its own and goes on as the image's user.
const program = `mount=$1 unshare=$2 root=$3 user=$4 group=$5 dir=$6; shift 6
"$mount" --bind "$root" "$root" && "$mount" -o remount,ro,bind "$root" &&
exec "$unshare" --root "$root" --wd "$dir" --setuid "$user" --setgid "$group" -- "$@"`

// Command is the container's process with arguments behind its entrypoint. Its environment is the image's and env, as
// NAME=value, and nothing of this process'.
func (c Container) Command(ctx context.Context, env []string, args ...string) (*exec.Cmd, error) {
	var tools [3]string
	for i, name := range []string{"sh", "mount", "unshare"} {
		path, err := exec.LookPath(name)
		if err != nil {
			return nil, err
		}
		tools[i] = path
	}
	user, group, _ := strings.Cut(c.Config.User, ":")
	argv := slices.Concat([]string{"--mount", tools[0], "-c", program, "sh", tools[1], tools[2], c.Root, user, group, c.Config.WorkingDir}, c.Config.Entrypoint, args)
	cmd := exec.CommandContext(ctx, tools[2], argv...)
	cmd.Env = slices.Concat(c.Config.Env, env)
	return cmd, nil
}

// Possible tells why nothing can be run here; nil where it can.
func Possible(ctx context.Context) error {
	if os.Geteuid() != 0 {
		return errors.New("root")
	}
	if out, err := exec.CommandContext(ctx, "unshare", "--mount", "sh", "-c", `d=$(mktemp -d) && mount --bind "$d" "$d" && mount -o remount,ro,bind "$d" && unshare --root / --wd / --setuid 65532 --setgid 65532 true`).CombinedOutput(); err != nil {
		return fmt.Errorf("unshare with --root, --wd, --setuid and a mount namespace: %w: %s", err, out)
	}
	return nil
}
