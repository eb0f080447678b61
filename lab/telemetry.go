package lab

import (
	"path/filepath"
	"testing"
)

// openTelemetry is the SDK that the platform's image preloads: it serves metrics, sends traces, and puts their ids into the
// log. The version runs on Node 20.
func openTelemetry() npmPackage {
	return npmPackage{"@opentelemetry/auto-instrumentations-node", "0.62.2"}
}

// TelemetryPreload is the file that Node requires to start the SDK before a program. The OTEL_ variables of the program's
// environment say what it does.
func TelemetryPreload(t testing.TB) string {
	t.Helper()
	return filepath.Join(openTelemetry().need(t), "node_modules", openTelemetry().name, "build", "src", "register.js")
}
