package dbops

import (
	"slices"
	"strings"
)

// ApplicationPrefix begins the application_name of every session of a Backstage plugin, whatever the databases are
// called (backend-defaults, DatabaseManager).
const ApplicationPrefix = "backstage_plugin_"

// DefaultPrefix begins the name of every plugin's database unless backend.database.prefix says otherwise.
const DefaultPrefix = "backstage_plugin_"

// Installation says which databases of a server are Backstage's.
type Installation struct {
	Prefix   string            // of the plugins' databases; empty matches none
	Database string            // the base database: in schema mode the only one
	Plugins  map[string]string // plugins whose database has a name of its own: plugin id to database
}

// Owns tells whether a database belongs to the installation.
func (i Installation) Owns(database string) bool {
	return database == i.Database || i.override(database) != "" || i.Prefix != "" && strings.HasPrefix(database, i.Prefix)
}

// Plugin is the plugin of a lock table: from an override, from the database's prefix, else from the schema (schema mode).
// In the base database's public schema no plugin can be told; the database's name stands for it.
func (i Installation) Plugin(database, schema string) string {
	if id := i.override(database); id != "" {
		return id
	}
	if id, ok := strings.CutPrefix(database, i.Prefix); ok && i.Prefix != "" && id != "" {
		return id
	}
	if schema != "public" {
		return schema
	}
	return database
}

// override is the plugin whose database has this very name; the first of several by id.
func (i Installation) override(database string) string {
	var ids []string
	for id, name := range i.Plugins {
		if name == database {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return slices.Min(ids)
}
