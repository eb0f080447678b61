package kubeschema

import "testing"

func TestGoodObjectsAreAccepted(t *testing.T) {
	for _, version := range SupportedVersions() {
		v, err := New(version)
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range loadGood(t) {
			for _, violation := range v.Validate(object) {
				t.Errorf("Kubernetes %s: %s: %s", version, kindOf(object), violation)
			}
		}
	}
}
