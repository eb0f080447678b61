// Package report writes the result of a verification in the formats people and CI systems read: text, JSON, JUnit XML,
// SARIF 2.1.0 and GitHub workflow annotations.
//
// Every writer is a function of the report and the options alone: the same input gives the same bytes. Times appear only
// when the report carries them. File names stay relative to the checkout, except that SARIF and GitHub, which speak
// about a repository, put Options.PathPrefix before them.
package report
