// Package backstage holds the npm package set of the lab's Backstage and the programs that run in it.
package backstage

import "embed"

// Files are package.json, package-lock.json and the programs.
//
//go:embed package.json package-lock.json index.js knex.js nunjucks.js fetch.js
var Files embed.FS
