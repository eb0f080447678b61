package lab

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// InstallKeycloak fetches the lab's Keycloaks from Maven Central, which has the distribution as a zip, into the lab's
// cache.
func InstallKeycloak(ctx context.Context, progress io.Writer) error {
	for _, version := range []string{KeycloakCurrent, KeycloakOldest} {
		_, err := keycloakDir(version)
		if errors.Is(err, ErrNoKeycloak) {
			fmt.Fprintln(progress, "fetching Keycloak", version)
			err = fetchKeycloak(ctx, version)
		}
		if err != nil {
			return fmt.Errorf("keycloak %s: %w", version, err)
		}
	}
	return nil
}

func fetchKeycloak(ctx context.Context, version string) error {
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	lab := filepath.Join(cache, "ameide", "lab")
	if err := os.MkdirAll(lab, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(lab, "fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	artifact := "org.keycloak:keycloak-quarkus-dist:" + version + ":zip"
	c := exec.CommandContext(ctx, "mvn", "-q", "-B", "dependency:copy", "-Dartifact="+artifact, "-DoutputDirectory="+work)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("mvn dependency:copy %s: %w: %s", artifact, err, tail(out))
	}
	if err := unzip(filepath.Join(work, "keycloak-quarkus-dist-"+version+".zip"), work); err != nil {
		return err
	}
	return os.Rename(filepath.Join(work, "keycloak-"+version), filepath.Join(lab, "keycloak-"+version))
}

// unzip unpacks an archive below dir, with the files' modes.
func unzip(archive, dir string) error {
	r, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer r.Close()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, f := range r.File {
		if err := unpack(root, f); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

func unpack(root *os.Root, f *zip.File) error {
	name := filepath.FromSlash(strings.TrimSuffix(f.Name, "/"))
	if f.FileInfo().IsDir() {
		return root.MkdirAll(name, 0o755)
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, f.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
