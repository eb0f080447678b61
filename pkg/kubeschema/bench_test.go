package kubeschema

import (
	"fmt"
	"os"
	"testing"
)

func loadGood(tb testing.TB) []map[string]any {
	tb.Helper()
	data, err := os.ReadFile("testdata/good.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	objects, err := Decode(data)
	if err != nil {
		tb.Fatal(err)
	}
	return objects
}

func kindOf(object map[string]any) string { return fmt.Sprint(object["kind"]) }

// BenchmarkValidateCold is a new validator and its first object of a kind: schemas are decoded, rules compiled.
func BenchmarkValidateCold(b *testing.B) {
	for _, object := range loadGood(b) {
		b.Run(kindOf(object), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				v, err := New("1.37")
				if err != nil {
					b.Fatal(err)
				}
				v.Validate(object)
			}
		})
	}
}

// BenchmarkValidateColdAll is a whole tree's worth: every kind of the fixture once, on one new validator.
func BenchmarkValidateColdAll(b *testing.B) {
	objects := loadGood(b)
	b.ReportAllocs()
	for b.Loop() {
		v, err := New("1.37")
		if err != nil {
			b.Fatal(err)
		}
		for _, object := range objects {
			v.Validate(object)
		}
	}
}

// BenchmarkValidateWarm is every later object of a kind.
func BenchmarkValidateWarm(b *testing.B) {
	v, err := New("1.37")
	if err != nil {
		b.Fatal(err)
	}
	for _, object := range loadGood(b) {
		v.Validate(object)
		b.Run(kindOf(object), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				v.Validate(object)
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := New("1.37"); err != nil {
			b.Fatal(err)
		}
	}
}
