// Package skeleton is the template language that two engines share: Go's text/template, which writes a primitive from the
// terminal, and Nunjucks, with which Backstage's fetch:template writes the same one from the portal.
//
// A skeleton is a Go template with the delimiters [[ and ]]. Execute runs it. Compile parses it with the same parser and
// writes the parse tree out as Nunjucks, so that the two cannot come to differ in what they mean. What cannot be said in
// both is an *Error with file, line and column when the skeleton is compiled, not a difference when it is rendered.
//
// What both can say:
//
//   - fields of the values, and of the elements of their lists;
//   - if, else if and else on a bool, a string or a list (the empty ones are false);
//   - range over a list, with an index where one is wanted, and its else;
//   - the functions of Functions: eq ne lt le gt ge and or not len lower upper title untitle replace join quote.
//
// The types of the values decide what is written: an empty list is false in Go and true in JavaScript, so a condition on a
// list becomes one on its length. Fields have the names of their json tags in Nunjucks. Text that Nunjucks would read as its
// own (`${{ secrets.X }}` of a CI workflow, `{%`, the `{#` of `${#list[@]}`) is written as a string.
//
// The rules of Nunjucks are those of nunjucks 3.2.4 as Backstage configures it: tags ${{ and }}, no escaping of HTML, blocks
// not trimmed.
package skeleton
