// Package spec describes one Backstage installation over all its environments: what `ameide.yaml` at the root of a
// GitOps checkout says, and the defaults that hold where it says nothing.
//
// The types are plain data. Load reads and validates a file strictly and reports every problem at once with its line;
// Default returns the installation of the platform's own design; Print writes a spec back with a comment for every key;
// Schema returns the JSON Schema that editors complete the file from. The `doc` tag of a field is the one text behind
// that comment and that schema.
package spec
