// Package catalog reads Backstage catalog entities and judges them by Backstage's own rules, without Backstage: the
// entity envelope, the kinds' schemas, the formats of names and keys, and the syntax of references, as
// @backstage/catalog-model 1.7.3 and @backstage/plugin-scaffolder-common 1.5.9 (release 1.35) enforce them.
//
// Validate says what Backstage would refuse; References what it would accept and leave dangling; Advise what it would
// accept and do something else with than the author meant.
package catalog
