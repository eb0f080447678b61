package spec

import (
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// start prepares a struct before the given keys are written into it: what a key that is left out means can depend on
// the keys that are given.
func start(s *Spec, given []pair, v reflect.Value) {
	switch target := v.Addr().Interface().(type) {
	case *Environment:
		*target = startEnvironment(s, given)
	case *Image:
		*target = startImage(*target, given)
	}
}

// startEnvironment is everything that follows from the name, zone and namespace of an entry and from the realm.
func startEnvironment(s *Spec, given []pair) Environment {
	name := scalarOf(given, "name", "")
	e := DefaultEnvironment(name)
	return environmentIn(name, scalarOf(given, "dnsZone", e.DNSZone), scalarOf(given, "namespace", e.Namespace), s.OIDC.Realm)
}

// settle gives environments that the file does not list the realm that it names.
func (d *decoder) settle() {
	if _, given := d.positions["environments"]; given {
		return
	}
	for i, e := range d.spec.Environments {
		d.spec.Environments[i] = environmentIn(e.Name, e.DNSZone, e.Namespace, d.spec.OIDC.Realm)
	}
}

// startImage keeps what still holds of an image. Another repository is another image: neither its digest nor its
// platforms are known, and its layout follows from its name. In the same repository a tag or a digest replaces both,
// because a digest that stayed behind would win over a new tag.
func startImage(i Image, given []pair) Image {
	repository := scalarOf(given, "repository", i.Repository)
	if repository != i.Repository {
		return Image{Repository: repository, Layout: layoutOf(repository)}
	}
	_, tag := find(given, "tag")
	_, digest := find(given, "digest")
	if tag || digest {
		i.Tag, i.Digest = "", ""
	}
	return i
}

// layoutOf knows the images that are built like Red Hat Developer Hub; every other one is taken for an image of the
// upstream Dockerfile.
func layoutOf(repository string) Layout {
	for _, part := range []string{"janus-idp/", "rhdh/", "rhdh-community/"} {
		if strings.Contains(repository+"/", part) {
			return LayoutRHDH
		}
	}
	return LayoutUpstream
}

func scalarOf(given []pair, key, otherwise string) string {
	p, ok := find(given, key)
	if n := p.value; ok && target(n).Kind == yaml.ScalarNode {
		return target(n).Value
	}
	return otherwise
}
