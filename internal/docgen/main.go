// Command docgen writes the documents that follow from the code: the command reference, the rules of verify, and the
// JSON Schema of ameide.yaml. With -check it writes nothing and fails when one of them is stale.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"

	"github.com/ameideio/ameide/cmd"
	"github.com/ameideio/ameide/internal/mutations"
	"github.com/ameideio/ameide/pkg/live"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/verify"
)

func main() {
	out := flag.String("out", "docs", "folder of the documents")
	check := flag.Bool("check", false, "write nothing, fail when a document is stale")
	flag.Parse()
	if err := run(*out, *check); err != nil {
		fmt.Fprintf(os.Stderr, "docgen: error: %v\n", err)
		os.Exit(1)
	}
}

func run(out string, check bool) error {
	docs, err := documents()
	if err != nil {
		return err
	}
	stale, err := docs.compare(out)
	if err != nil {
		return err
	}
	if check {
		return refuse(out, stale)
	}
	for _, s := range stale {
		fmt.Println(s)
	}
	return docs.write(out, stale)
}

// documents makes every document. Nothing in them depends on the machine or the time.
func documents() (documentSet, error) {
	docs := documentSet{}
	if err := addReference(docs, cmd.Reference()); err != nil {
		return nil, err
	}
	broken, err := mutations.Table()
	if err != nil {
		return nil, err
	}
	docs["rules.md"] = rulesPage(slices.Concat(verify.RuleInfos(), live.RuleInfos()), broken)
	schema, err := spec.Schema()
	if err != nil {
		return nil, err
	}
	docs["ameide.schema.json"] = schema
	return docs, nil
}
