package live

import (
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/verify"
)

// judgeApplication reads the Application's status: https://argo-cd.readthedocs.io/en/stable/operator-manual/application.yaml
func judgeApplication(d *Declared, s *Snapshot, v *verdict) {
	app, ok := need(v, s.Application, ref("Application", d.Application))
	if !ok {
		return
	}
	resource := ref("Application", app)
	v.differs(resource, "spec.destination.namespace", dig.Text(d.Application, "spec", "destination", "namespace"), dig.Text(app, "spec", "destination", "namespace"))
	for _, c := range dig.Maps(app, "status", "conditions") {
		if strings.HasSuffix(dig.Text(c, "type"), "Error") {
			v.find(known(verify.Issue{Resource: resource, Field: dig.Text(c, "type"), Expected: "no error", Actual: oneLine(dig.Text(c, "message"))}))
		}
	}
	sync, health := dig.Text(app, "status", "sync", "status"), dig.Text(app, "status", "health", "status")
	if sync != "Synced" {
		v.find(verify.Issue{Resource: resource, Field: "status.sync", Expected: "Synced", Actual: orNothing(sync) + whichResources(app, outOfSync)})
	}
	if health != "Healthy" {
		v.find(verify.Issue{Resource: resource, Field: "status.health", Expected: "Healthy", Actual: orNothing(health) + whichResources(app, unhealthy)})
	}
	judgeOperation(app, resource, v)
}

// judgeOperation looks at the last sync.
func judgeOperation(app Object, resource string, v *verdict) {
	operation := dig.Map(app, "status", "operationState")
	switch phase := dig.Text(operation, "phase"); phase {
	case "", "Succeeded":
	case "Running", "Terminating":
		if dig.Text(app, "status", "sync", "status") != "Synced" {
			v.find(verify.Issue{Resource: resource, Field: "status.operationState", Expected: "Succeeded", Actual: phase + ": " + oneLine(dig.Text(operation, "message"))})
		}
	default:
		v.find(known(verify.Issue{Resource: resource, Field: "status.operationState", Expected: "Succeeded", Actual: phase + ": " + oneLine(dig.Text(operation, "message")) + failedResults(operation)}))
	}
}

// whichResources names the Application's resources that are not as they should be, with their messages.
func whichResources(app Object, bad func(Object) string) string {
	var all []string
	for _, r := range dig.Maps(app, "status", "resources") {
		if what := bad(r); what != "" {
			all = append(all, dig.Text(r, "kind")+"/"+dig.Text(r, "name")+" is "+what)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return ": " + oneLine(strings.Join(all, "; "))
}

func outOfSync(r Object) string {
	if status := dig.Text(r, "status"); status != "Synced" && status != "" {
		return status
	}
	return ""
}

func unhealthy(r Object) string {
	status := dig.Text(r, "health", "status")
	if status == "" || status == "Healthy" || status == "Suspended" {
		return ""
	}
	return strings.TrimSuffix(status+" ("+dig.Text(r, "health", "message")+")", " ()")
}

// failedResults names what the last sync could not do.
func failedResults(operation Object) string {
	var all []string
	for _, r := range dig.Maps(operation, "syncResult", "resources") {
		hook := dig.Text(r, "hookPhase")
		if dig.Text(r, "status") == "SyncFailed" || hook == "Failed" || hook == "Error" {
			all = append(all, dig.Text(r, "kind")+"/"+dig.Text(r, "name")+": "+dig.Text(r, "message"))
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "; " + oneLine(strings.Join(all, "; "))
}

// differs finds a field that is not as declared.
func (v *verdict) differs(resource, field, declared, running string) {
	if declared != running {
		v.find(verify.Issue{Resource: resource, Field: field, Expected: orNothing(declared), Actual: orNothing(running)})
	}
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}
