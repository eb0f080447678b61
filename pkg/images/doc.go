// Package images finds every image that a GitOps tree will run, and has them checked.
//
// [Collect] looks through every rendered object of every environment: all containers of all Pods (init, ephemeral,
// CronJobs, hook Jobs, Pods inside custom resources), image volumes, and the image fields of custom resources. Each use
// knows the file and line that asks for the image, the platforms of the nodes that it may land on, and where its digest
// is written. [Plan] makes requests for package imagecheck of them, [Judge] rows of its answers, [Pins] edits.
package images
