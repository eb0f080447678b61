package factory

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/yamledit/helmtext"
)

// realmChart is the platform's chart that the reconcile Job lives in, beside the ExternalSecret that waits for its work.
const realmChart = "sources/charts/foundation/operators-config/keycloak_realm"

// reconcileName is the Job's ServiceAccount, and its role of Vault's Kubernetes auth method.
const reconcileName = "ameide-reconcile"

// reconcileValues switch the reconcile Job on.
type reconcileValues struct {
	Enabled bool           `yaml:"enabled"`
	Image   reconcileImage `yaml:"image"`
}

type reconcileImage struct {
	Repository string `yaml:"repository"`
	Tag        string `yaml:"tag"`
	Digest     string `yaml:"digest"`
}

// inForeignCharts leaves out what is generated into a chart of the platform's that this checkout does not have.
func (w *workspace) inForeignCharts(plan checkout.Plan) (checkout.Plan, error) {
	chart, err := w.read(path.Join(realmChart, "Chart.yaml"))
	if err != nil || chart != nil {
		return plan, err
	}
	return slices.DeleteFunc(plan, func(f checkout.File) bool { return strings.HasPrefix(f.Path, realmChart+"/") }), nil
}

// reconciler decides who brings OIDC clients into Keycloak: the platform's shell client patcher, or the reconcile Job.
// Where the Job was never asked for, nothing is said about either. An environment that decides for itself whether it has
// the Job is left alone.
func (w *workspace) reconciler(selected map[string]bool) error {
	realm := layered{"platform", "platform-keycloak-realm"}
	ameide := w.spec.Hooks.Runner == spec.RunnerAmeide
	if known, err := w.says(realm.shared(), "ameideReconcile"); err != nil || !known && !ameide {
		return err
	}
	if err := w.ensure(realm.shared(), "clientPatcher", map[string]bool{"enabled": !ameide}); err != nil {
		return err
	}
	for _, e := range w.spec.Environments {
		if err := w.ownPatcher(realm.env(e.Name), !ameide, selected[e.Name]); err != nil {
			return err
		}
	}
	if !ameide {
		return w.ensure(realm.shared(), "ameideReconcile", map[string]bool{"enabled": false})
	}
	image := w.spec.Hooks.Image
	return w.ensure(realm.shared(), "ameideReconcile", reconcileValues{true, reconcileImage(image)})
}

// ownPatcher switches the patcher of an environment that has a switch of its own.
func (w *workspace) ownPatcher(file string, on, selected bool) error {
	decides, err := w.says(file, "ameideReconcile.enabled")
	if err != nil || decides || !selected {
		return err
	}
	has, err := w.says(file, "clientPatcher.enabled")
	if err != nil || !has {
		return err
	}
	return w.ensure(file, "clientPatcher", map[string]bool{"enabled": on})
}

// says tells whether a values file has a key.
func (w *workspace) says(file, at string) (bool, error) {
	doc, err := w.document(file)
	if err != nil {
		return false, err
	}
	_, ok, err := doc.Get(at)
	return ok, err
}

// vaultRole lets the reconcile Job's ServiceAccount log in to Vault, with the policy that the client patcher has.
func (w *workspace) vaultRole() error {
	if w.spec.Hooks.Runner != spec.RunnerAmeide {
		return nil
	}
	return w.editText(vaultBootstrapFile, func(name, text string) (string, error) {
		return helmtext.InsertLine(name, text, helmtext.Line{After: vaultRoleEnd, Present: vaultRolePresent, Text: vaultRoleLine})
	})
}

var (
	vaultRoleEnd     = regexp.MustCompile(`^\s*policies=\S.*\sttl=\S+\s*$`)
	vaultRolePresent = regexp.MustCompile(`^\s*vault write auth/kubernetes/role/` + reconcileName + `\s`)
)

const vaultRoleLine = `vault write auth/kubernetes/role/` + reconcileName + ` bound_service_account_names=` + reconcileName +
	` bound_service_account_namespaces={{ .Release.Namespace }} policies={{ .Values.vault.authRole }} ttl=10m`
