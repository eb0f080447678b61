// Package mutations is the table of ways to break a correct tree, and which rule must notice each. It is the evidence that
// the rules of verify work: a test applies every mutation, and the page of the rules shows them.
package mutations

import (
	"bytes"
	_ "embed"
	"fmt"

	"go.yaml.in/yaml/v3"
)

//go:embed mutations.yaml
var table []byte

// Mutation breaks one place of one file.
type Mutation struct {
	Rule    string   `yaml:"rule"`
	Envs    []string `yaml:"envs"`    // environments in which it fires; empty for a rule about the whole tree
	File    string   `yaml:"file"`    // in the checkout
	Line    string   `yaml:"line"`    // text that stands in the file exactly once; empty for a file that is new
	Becomes string   `yaml:"becomes"` // what stands there instead
	Delete  bool     `yaml:"delete"`  // the whole file goes
}

// Findings is what must fire: "rule env" for each environment, or "rule".
func (m Mutation) Findings() []string {
	if len(m.Envs) == 0 {
		return []string{m.Rule}
	}
	var found []string
	for _, e := range m.Envs {
		found = append(found, m.Rule+" "+e)
	}
	return found
}

// Table is every mutation. A key that is misspelt is an error.
func Table() ([]Mutation, error) {
	var all []Mutation
	dec := yaml.NewDecoder(bytes.NewReader(table))
	dec.KnownFields(true)
	if err := dec.Decode(&all); err != nil {
		return nil, fmt.Errorf("mutations.yaml: %w", err)
	}
	return all, nil
}
