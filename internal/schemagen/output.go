package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// manifest is schemas/manifest.json: where every embedded byte comes from.
type manifest struct {
	Sources []manifestSource  `json:"sources"`
	Files   map[string]string `json:"files"` // path -> sha256
}

type manifestSource struct {
	Module     string   `json:"module"`
	Version    string   `json:"version"`
	Sum        string   `json:"sum"`
	Licence    string   `json:"licence"`
	Taken      []string `json:"taken"`
	Kubernetes string   `json:"kubernetes,omitempty"`
}

// build returns every file of the schemas directory by its path below it.
func build(ctx context.Context, offline bool) (map[string][]byte, error) {
	files := map[string][]byte{}
	var index []string
	var m manifest
	var notice bytes.Buffer
	notice.WriteString(noticeHead)
	for _, src := range sources() {
		dir, err := download(ctx, src, offline)
		if err != nil {
			return nil, err
		}
		upstream, err := readNotice(dir, src)
		if err != nil {
			return nil, err
		}
		writeNotice(&notice, src, upstream)
		m.Sources = append(m.Sources, manifestSource{src.module, src.version, src.sum, "Apache-2.0", src.globs, src.minor})
		bundles, err := sourceBundles(dir, src)
		if err != nil {
			return nil, err
		}
		for _, b := range bundles {
			if files[b.path], err = b.encode(); err != nil {
				return nil, err
			}
			for _, k := range b.kinds {
				index = append(index, strings.Join([]string{b.path, k.apiVersion, k.kind, k.scope, k.definition}, " "))
			}
		}
	}
	slices.Sort(index)
	files["index.txt"] = []byte(strings.Join(index, "\n") + "\n")
	files["NOTICE"] = notice.Bytes()
	m.Files = map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		sum := sha256.Sum256(files[name])
		m.Files[name] = hex.EncodeToString(sum[:])
	}
	text, err := json.MarshalIndent(m, "", "  ")
	files["manifest.json"] = append(text, '\n')
	return files, err
}

func sourceBundles(dir string, src source) ([]*bundle, error) {
	inputs, err := readInputs(dir, src)
	if err != nil {
		return nil, err
	}
	if src.minor != "" {
		b, err := builtinBundle(src.minor, inputs)
		return []*bundle{b}, err
	}
	var bundles []*bundle
	for _, in := range inputs {
		b, err := crdBundle(in)
		if err != nil {
			return nil, err
		}
		bundles = append(bundles, b)
	}
	return bundles, nil
}

const noticeHead = `The files of this directory are derived from the works below, each under the Apache License, Version 2.0
(http://www.apache.org/licenses/LICENSE-2.0). They were changed: descriptions, examples and titles are removed, repeated
parts are stored once, value lists that Kubernetes checks in code are added, and the result is compressed.
`

func writeNotice(out *bytes.Buffer, src source, upstream string) {
	fmt.Fprintf(out, "\n%s %s\n  taken: %s\n", src.module, src.version, strings.Join(src.globs, ", "))
	if upstream != "" {
		fmt.Fprintf(out, "  its notice:\n    %s\n", strings.ReplaceAll(strings.ReplaceAll(upstream, "\r", ""), "\n", "\n    "))
	}
}
