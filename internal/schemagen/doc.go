// Command schemagen writes the schemas that package kubeschema embeds.
//
// It takes the published OpenAPI documents of Kubernetes and the CustomResourceDefinitions of the operators from pinned
// Go modules (sources.go), drops everything that does not decide whether an object is valid, and writes the rest
// compressed and byte for byte reproducible:
//
//	go run ./internal/schemagen           write pkg/kubeschema/schemas
//	go run ./internal/schemagen -check    exit 1 if what is there differs from what would be written
//
// The modules come through `go mod download`, so a second run needs no network. To add the CRDs of another project, add
// its module to sources.go with the sum that the first run reports.
package main
