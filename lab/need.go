package lab

import (
	"os"
	"testing"
)

// Missing ends a test that cannot run here: skipped, or failed where the lab is required.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("AMEIDE_LAB_REQUIRED") == "1" {
		t.Fatalf("the lab is required and lacks %s (make lab)", what)
	}
	t.Skipf("needs the lab: %s (make lab, then make test-lab)", what)
}

// Slow skips a test that takes long unless the whole lab is asked for.
func Slow(t testing.TB) {
	t.Helper()
	if os.Getenv("AMEIDE_LAB") != "1" {
		t.Skip("needs the lab: slow, run with make test-lab")
	}
}
