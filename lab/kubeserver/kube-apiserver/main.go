// Command kube-apiserver is the Kubernetes API server, built from its Go modules: the lab's real Kubernetes API. It is in
// a module of its own, because its pinned modules are not those of ameide.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"          // the log's formats
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // metrics that the server looks up by name
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() { os.Exit(cli.Run(app.NewAPIServerCommand())) }
