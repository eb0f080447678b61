// Package helmtext edits the text of Helm templates, which is not YAML.
//
// As in package yamledit, which it complements, an edit inserts lines and
// leaves every byte that was there; line endings and indentation are those of
// the neighbours. A template is parsed before and after each edit, without
// knowledge of its functions. An edit whose result is already there returns
// the text as it is. Errors are [*yamledit.Error].
package helmtext
