package main

import (
	"bytes"
	"path"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// addReference adds one page for each command below and including c.
func addReference(docs documentSet, c *cobra.Command) error {
	if !c.IsAvailableCommand() && c.HasParent() {
		return nil
	}
	var b bytes.Buffer
	c.DisableAutoGenTag = true // it holds the date
	if err := doc.GenMarkdownCustom(c, &b, func(link string) string { return link }); err != nil {
		return err
	}
	docs[path.Join("reference", strings.ReplaceAll(c.CommandPath(), " ", "_")+".md")] = tidy(b.Bytes())
	for _, child := range c.Commands() {
		if err := addReference(docs, child); err != nil {
			return err
		}
	}
	return nil
}

// tidy removes blanks at the ends of lines and blank lines at the end of the page.
func tidy(page []byte) []byte {
	var lines []string
	for line := range strings.Lines(string(page)) {
		lines = append(lines, strings.TrimRight(line, " \t\n"))
	}
	return []byte(strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n")
}
