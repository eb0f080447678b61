// Command install puts onto this machine what the lab lacks: Debian's packages by apt-get when it may, and into the user's
// cache Backstage's npm packages, docker-registry, Keycloak's distribution, and Helm, Vault, etcd and kube-apiserver built
// from their modules. It is quick when nothing is missing, and run at the root of the repository.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"

	"github.com/ameideio/ameide/lab"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := install(ctx, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}

func install(ctx context.Context, progress io.Writer) error {
	var missing []string
	if !lab.HasPostgres() {
		missing = append(missing, "postgresql")
	}
	for command, name := range map[string]string{"pgbouncer": "pgbouncer", "node": "nodejs", "npm": "npm", "g++": "g++", "make": "make", "python3": "python3", "mvn": "maven", "java": "default-jre-headless", "chromium": "chromium"} {
		if _, err := exec.LookPath(command); err != nil {
			missing = append(missing, name)
		}
	}
	if err := apt(ctx, progress, missing); err != nil {
		return err
	}
	if err := lab.InstallBackstage(ctx, progress); err != nil {
		return err
	}
	if err := lab.InstallRegistry(ctx, progress); err != nil {
		return err
	}
	if err := lab.InstallPeers(ctx, progress); err != nil {
		return err
	}
	if err := lab.InstallKeycloak(ctx, progress); err != nil {
		return err
	}
	if err := lab.InstallNPMPackages(ctx, progress); err != nil {
		return err
	}
	if err := lab.InstallVault(ctx, progress, "lab/vaultserver"); err != nil {
		return err
	}
	if err := lab.InstallKubernetes(ctx, progress, "lab/kubeserver"); err != nil {
		return err
	}
	if err := lab.InstallTemporal(ctx, progress, "lab/temporalserver"); err != nil {
		return err
	}
	fmt.Fprintln(progress, "the lab is complete")
	return nil
}

// apt installs Debian packages, without the cluster that postgresql would make and start.
func apt(ctx context.Context, progress io.Writer, names []string) error {
	if len(names) == 0 {
		return nil
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("missing, and only root can install: apt-get install %v", names)
	}
	fmt.Fprintln(progress, "installing", names)
	steps := [][]string{{"update"}}
	for _, name := range names {
		if name == "postgresql" {
			steps = append(steps, []string{"install", "-y", "--no-install-recommends", "postgresql-common"})
		}
	}
	steps = append(steps, append([]string{"install", "-y", "--no-install-recommends"}, names...))
	for _, args := range steps {
		c := exec.CommandContext(ctx, "apt-get", args...)
		c.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %v: %w: %s", args, err, out)
		}
		if args[len(args)-1] == "postgresql-common" {
			if err := noCluster(); err != nil {
				return err
			}
		}
	}
	return nil
}

// noCluster keeps the package from creating a cluster of its own (createcluster.conf(5)).
func noCluster() error {
	const file = "/etc/postgresql-common/createcluster.conf"
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.WriteString("\ncreate_main_cluster = false\n"); err != nil {
		return err
	}
	return f.Close()
}
