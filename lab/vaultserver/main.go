// Command vaultserver is HashiCorp Vault, built from its Go module: the lab's real Vault. It is a module of its own, so
// that nothing of the server (licensed under BUSL-1.1) becomes part of ameide.
package main

import (
	"os"

	"github.com/hashicorp/vault/command"
)

func main() { os.Exit(command.Run(os.Args[1:])) }
