package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// bundle is one embedded file: definitions by name, and the kinds whose schemas they hold.
type bundle struct {
	path        string // below schemas/, with the suffix .gz
	kinds       []kind
	definitions map[string]map[string]any
}

// kind is one line of the index.
type kind struct {
	apiVersion, kind, scope, definition string
}

// encode writes a definition a line, "name TAB JSON", sorted by name, and compresses them. The gzip header has neither
// time nor name, so that the same definitions give the same bytes.
func (b *bundle) encode() ([]byte, error) {
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(b.definitions)) {
		text, err := json.Marshal(b.definitions[name]) // sorts the keys
		if err != nil {
			return nil, fmt.Errorf("encode %s of %s: %w", name, b.path, err)
		}
		if _, err := fmt.Fprintf(zip, "%s\t%s\n", name, text); err != nil {
			return nil, err
		}
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
