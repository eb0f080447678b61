// Package kubeschema says whether a Kubernetes object would be accepted, without a cluster and without a network.
//
// It holds the schemas of the built-in kinds of several Kubernetes versions and of the custom resources of Argo CD,
// CloudNativePG, External Secrets, Gateway API and the Prometheus operator (schemas/NOTICE says which versions) and of the
// platform itself (ameide.io/v1, see PlatformCRDs), and runs the API server's own code over them: unknown fields,
// structure, list keys, CEL rules, metadata. For built-in kinds it adds the checks that Kubernetes makes in Go and that
// therefore no schema has, as far as they stop a deployment. What admission plugins, other objects or an earlier state of
// the object decide is not looked at.
//
//	validator, err := kubeschema.New("1.37")
//	objects, err := kubeschema.Decode(yamlBytes)
//	for _, violation := range validator.Validate(objects[0]) { … }
//
// Nothing is read before it is needed: New parses an index, the first object of a kind decodes that kind's schema, and a
// CEL rule is compiled when an object has the field that it guards.
package kubeschema

//go:generate go run ../../internal/schemagen -out schemas
