package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	pg "github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/dbops"
	"github.com/ameideio/ameide/templates"
)

// migrationsCase is a look at every lock of a usual installation, beside a loop of psql and beside Knex. Neither peer can
// say who holds a lock; Knex knows one table of each database.
func migrationsCase(l *lab) benchCase {
	return benchCase{name: "migrations, 13 locks in 8 databases", goal: goal{millis: 300, ratio: 1}, prepare: func(ctx context.Context) ([]side, error) {
		s, err := l.postgres(ctx)
		if err != nil {
			return nil, err
		}
		names, err := usualInstallation(ctx, s)
		if err != nil {
			return nil, err
		}
		psql, err := psqlLoop(l, s, names)
		if err != nil {
			return nil, err
		}
		sides := []side{{name: "ameide migrations", commands: []command{l.migrations(s)}}, {name: "psql, one for each database", commands: psql}}
		if program, err := pg.KnexProgram(); err == nil {
			sides = append(sides, knexStatus(s, program, names))
		}
		return sides, nil
	}}
}

// manyDatabasesCase shows how the cost grows: two lock tables in each database.
func manyDatabasesCase(count int) newCase {
	return func(l *lab) benchCase {
		return benchCase{name: fmt.Sprintf("migrations, %d locks in %d databases", 2*count, count), goal: goal{millis: 10_000, rssMB: 100}, prepare: func(ctx context.Context) ([]side, error) {
			s, err := l.postgres(ctx)
			if err != nil {
				return nil, err
			}
			if err := many(ctx, s, count); err != nil {
				return nil, err
			}
			return []side{{name: "ameide migrations", commands: []command{l.migrations(s)}}}, nil
		}}
	}
}

// postgres starts a server that lives until the lab is closed.
func (l *lab) postgres(ctx context.Context) (*pg.Server, error) {
	s, err := pg.StartPostgres(ctx, "max_connections=50", "autovacuum=off")
	if err != nil {
		return nil, err
	}
	l.closers = append(l.closers, s.Close)
	return s, nil
}

func (l *lab) migrations(s *pg.Server) command {
	return command{args: []string{"env", "AMEIDE_DSN=" + s.DSN("postgres", "postgres"), l.ameide, "platform", "backstage", "migrations"}}
}

// lockTable is Knex 3's table-creator with one free row.
func lockTable(name string) string {
	return fmt.Sprintf(`create table %[1]q (id serial primary key, name varchar(255), batch integer, migration_time timestamptz);
		create table "%[1]s_lock" (index serial primary key, is_locked integer); insert into "%[1]s_lock" (is_locked) values (0);`, name)
}

// usualInstallation has the lock tables of a fresh Backstage 1.35 and returns its databases.
func usualInstallation(ctx context.Context, s *pg.Server) ([]string, error) {
	const keys = "backstage_backend_public_keys__knex_migrations"
	tables := map[string][]string{
		"auth": {keys, "knex_migrations"}, "catalog": {keys, "knex_migrations"}, "kubernetes": {keys}, "permission": {keys}, "proxy": {keys},
		"scaffolder": {keys, "knex_migrations"}, "search": {keys, "knex_migrations", "backstage_backend_tasks__knex_migrations"}, "techdocs": {keys},
	}
	var names []string
	for plugin, wanted := range tables {
		name := dbops.DefaultPrefix + plugin
		names = append(names, name)
		if err := execute(ctx, s, "postgres", "CREATE DATABASE "+name); err != nil {
			return nil, err
		}
		for _, table := range wanted {
			if err := execute(ctx, s, name, lockTable(table)); err != nil {
				return nil, err
			}
		}
	}
	slices.Sort(names)
	return names, nil
}

func many(ctx context.Context, s *pg.Server, count int) error {
	if err := execute(ctx, s, "postgres", "CREATE DATABASE model"); err != nil {
		return err
	}
	if err := execute(ctx, s, "model", lockTable("knex_migrations")+lockTable("backstage_backend_public_keys__knex_migrations")); err != nil {
		return err
	}
	for i := range count {
		if err := execute(ctx, s, "postgres", fmt.Sprintf("CREATE DATABASE %sp%d TEMPLATE model STRATEGY file_copy", dbops.DefaultPrefix, i)); err != nil {
			return err
		}
	}
	return nil
}

func execute(ctx context.Context, s *pg.Server, database, sql string) error {
	config, err := pgx.ParseConfig(s.DSN("postgres", database))
	if err != nil {
		return err
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.Exec(ctx, sql)
	return err
}

// psqlLoop is what an SRE would write who already knows how to find lock tables by their shape.
func psqlLoop(l *lab, s *pg.Server, names []string) ([]command, error) {
	psql, err := exec.LookPath("psql")
	if err != nil {
		return nil, err
	}
	scripts, err := dbops.LoadScripts(templates.GitOps())
	if err != nil {
		return nil, err
	}
	file := filepath.Join(l.work, "locks.sql")
	text := "SELECT format('SELECT %L, * FROM %s', t, t) FROM (\n" + scripts.LockTables + ") AS q(t) \\gexec\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return nil, err
	}
	var out []command
	for _, name := range names {
		out = append(out, command{args: []string{psql, "--no-psqlrc", "--quiet", "--dbname", s.DSN("postgres", name), "--file", file}})
	}
	return out, nil
}

func knexStatus(s *pg.Server, program string, names []string) side {
	out := side{name: "knex migrate:status, for 4 of the 13 locks"}
	for _, name := range names {
		if !slices.Contains([]string{"auth", "catalog", "scaffolder", "search"}, strings.TrimPrefix(name, dbops.DefaultPrefix)) {
			continue // it only knows the table that its configuration names
		}
		out.commands = append(out.commands, command{args: []string{"env", "DATABASE_URL=" + s.DSN("postgres", name), "node", program, "status"}})
	}
	return out
}
