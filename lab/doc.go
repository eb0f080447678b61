// Package lab starts the real counterparts of ameide on loopback: random ports, temporary data, gone with the test.
//
// A test that calls for a server which is not installed is skipped, and says what is missing; with AMEIDE_LAB_REQUIRED=1
// it fails. Slow servers (Backstage) also want AMEIDE_LAB=1. `make lab` installs what is missing.
package lab
