package yamledit

import (
	"testing"

	"go.yaml.in/yaml/v3"
)

// A word is not parsed when it is written: what the parser makes of it must be known all the same.
func TestAWordIsReadAsTheParserReadsIt(t *testing.T) {
	for _, text := range []string{
		"a", "Z9", "a-b", "a_b/c.d", "true", "True", "no", "on", "y", "null", "NULL", "12", "007", "0x1F", "0o17", "0b11", "1_000", "1.5", "1e3",
		"2026-11-29", "12-", "a-", "a.", "a/",
	} {
		if !word(text) {
			t.Errorf("%s is no word", text)
		}
		for _, context := range []string{"k: " + text, "[" + text + "]", "[" + text + ", z]", "- " + text} {
			var doc yaml.Node
			if err := yaml.Unmarshal([]byte(context), &doc); err != nil {
				t.Fatal(err)
			}
			c := doc.Content[0].Content
			got := c[0]
			if context[0] == 'k' {
				got = c[1]
			}
			ours := yaml.Node{Kind: yaml.ScalarNode, Value: text}
			if got.Value != text || got.ShortTag() != ours.ShortTag() {
				t.Errorf("%s: the parser reads %s %q, a word is %s", context, got.ShortTag(), got.Value, ours.ShortTag())
			}
		}
	}
	for _, text := range []string{"", "-", "-a", ".5", "_a", "/a", "a b", "a: b", "a#", "~", "+1", "é", "[a]", "a,", "<<", "*a", "!a"} {
		if word(text) {
			t.Errorf("%q is a word", text)
		}
	}
}
