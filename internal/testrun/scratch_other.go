//go:build !linux

package main

// scratch leaves the choice to the system.
func scratch() string { return "" }
