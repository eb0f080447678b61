package cmd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/ameideio/ameide/pkg/dbops"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/templates"
)

// databaseFlags say which server is looked at, and which of its databases are the installation's.
type databaseFlags struct {
	tree  treeFlags
	env   string
	dsn   string
	kube  kubeFlags
	site  *site       // of --env; nil without it
	typed func() bool // --dsn stands on the command line itself
	factFormat
}

func (f *databaseFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.dsn, "dsn", "", "server: postgres://user@host:port/database or key=value pairs; keep the password in AMEIDE_DSN, PGPASSWORD or PGPASSFILE")
	flags.StringVar(&f.env, "env", "", "environment of the spec: its primary, as the cluster's Secret and Service say; or with POSTGRES_USER and POSTGRES_PASSWORD (and _HOST, _PORT) of this process")
	flags.StringVar(&f.tree.root, "gitops-root", ".", "root of the GitOps checkout")
	flags.StringVar(&f.tree.specFile, "spec", "", "spec file, for other prefixes and database names (default <gitops-root>/ameide.yaml when present, else built-in values)")
	f.kube.register(c)
	f.factFormat.register(c)
	f.typed = func() bool { return flags.Changed("dsn") }
	_ = flags.SetAnnotation("dsn", secretAnnotation, []string{"true"})
	_ = c.MarkFlagDirname("gitops-root")
	_ = c.MarkFlagFilename("spec", "yaml", "yml")
}

// noDSNArgs refuses arguments without repeating them: one may be a DSN with its password.
func noDSNArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usage(errors.New("unexpected argument"), fmt.Sprintf("name the server with --dsn or AMEIDE_DSN; run `%s --help`", c.CommandPath()))
}

// reader is the installation on its server.
func (f *databaseFlags) reader(ctx context.Context, env Env) (dbops.Reader, error) {
	if err := f.check(); err != nil {
		return dbops.Reader{}, err
	}
	f.preferEnvironment(env)
	if f.dsn == "" && f.env == "" {
		return dbops.Reader{}, usage(errors.New("no server is named"), "set AMEIDE_DSN or --dsn to the primary's address, or name an environment with --env")
	}
	if f.env != "" {
		f.tree.envs = []string{f.env}
	}
	t, err := f.tree.open()
	if err != nil {
		return dbops.Reader{}, err
	}
	defer t.root.Close()
	target, err := f.target(ctx, env, &t.spec.Spec)
	if err != nil {
		return dbops.Reader{}, err
	}
	scripts, err := dbops.LoadScripts(templates.GitOps())
	if err != nil {
		return dbops.Reader{}, err
	}
	db := t.spec.Database
	return dbops.Reader{
		Target: target, Scripts: scripts,
		Installation: dbops.Installation{Prefix: db.PluginPrefix, Database: db.Name, Plugins: db.Plugins},
	}, nil
}

// preferEnvironment forgets a server that only a variable or the config file names when an environment is asked for: it may
// be that of another evening, and the environment's Deployment would be scaled while its locks are cleared.
func (f *databaseFlags) preferEnvironment(env Env) {
	if f.env == "" || f.dsn == "" || f.dsnTyped() {
		return
	}
	fmt.Fprintf(env.Err, "ameide: note: --env %s says which database is meant: AMEIDE_DSN, or dsn of the config file, is not used (type --dsn to ask another server)\n", plain(f.env))
	f.dsn = ""
}

func (f *databaseFlags) dsnTyped() bool { return f.typed != nil && f.typed() }

// target is the server: as the DSN or the process's environment says, or as the cluster knows it.
func (f *databaseFlags) target(ctx context.Context, env Env, s *spec.Spec) (dbops.Target, error) {
	if e, ok := s.Environment(f.env); ok {
		f.site = f.kube.at(env, e)
	}
	if f.inCluster(env) {
		return findDatabase(ctx, f.site, s.Database)
	}
	dsn := f.dsn
	if dsn == "" {
		dsn = f.environmentDSN(env, s)
	}
	target, err := dbops.ParseTarget(dsn)
	if err != nil {
		return target, usage(err, "write special characters of the password as %XX, or keep it in PGPASSWORD")
	}
	if f.dsnTyped() && target.SaysPassword(dsn) {
		fmt.Fprintln(env.Err, "ameide: warning: the command line holds the password: every user of this machine sees it, and the shell's history keeps it; put the DSN into AMEIDE_DSN, or the password into PGPASSWORD or PGPASSFILE")
	}
	return target, nil
}

// inCluster tells that the cluster is asked where the database is and how to get in: nobody has said it.
func (f *databaseFlags) inCluster(env Env) bool {
	given := env.getenv("POSTGRES_PASSWORD") != "" || env.getenv("POSTGRES_HOST") != ""
	return f.dsn == "" && f.env != "" && (f.kube.named() || !given)
}

// environmentDSN is the environment's primary, with what the installation's Secret says where it is in the process's
// environment (envFrom).
func (f *databaseFlags) environmentDSN(env Env, s *spec.Spec) string {
	host := s.Database.Host
	for _, e := range s.Environments {
		if e.Name == f.env {
			host += "." + e.Namespace + ".svc"
		}
	}
	or := func(key, fallback string) string {
		if v := env.getenv(key); v != "" {
			return v
		}
		return fallback
	}
	u := url.URL{
		Scheme: "postgres", User: url.User(or("POSTGRES_USER", s.Database.Role)), Path: "/" + s.Database.Name,
		Host: net.JoinHostPort(or("POSTGRES_HOST", host), or("POSTGRES_PORT", strconv.Itoa(s.Database.Port))),
	}
	if password := env.getenv("POSTGRES_PASSWORD"); password != "" {
		u.User = url.UserPassword(u.User.Username(), password)
	}
	return u.String()
}
