// Package imagecheck answers whether container images run on the platforms that they are to run on, before they are
// deployed.
//
// A [Client] reads what registries say about images ([Client.Read], [Client.ReadAll]): always the index, never a silent
// linux/amd64 default, one request for a multi-arch image and two for a single one. [Check] judges those [Facts] against
// what is wanted; it is pure. Asked for it (Need.Deep), the client also streams layers until it finds the program that
// the image starts, and reads the machine out of its ELF header, because manifests lie. A [Lock] keeps facts by digest,
// so that a check can be repeated without a network.
//
// The package depends on nothing else of this project.
package imagecheck
