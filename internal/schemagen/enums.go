package main

import "fmt"

// enum is a field whose values the API server checks in Go code, so that the published schema does not list them.
type enum struct {
	definition, property string
	values               []any
}

// enums repeats the value lists of k8s.io/api (the constants beside each type) for fields that people write by hand.
func enums() []enum {
	const core, apps, net = "io.k8s.api.core.v1.", "io.k8s.api.apps.v1.", "io.k8s.api.networking.v1."
	protocols := []any{"SCTP", "TCP", "UDP"}
	pull := []any{"Always", "IfNotPresent", "Never"}
	traffic := []any{"Cluster", "Local"}
	return []enum{
		{core + "Container", "imagePullPolicy", pull},
		{core + "Container", "terminationMessagePolicy", []any{"FallbackToLogsOnError", "File"}},
		{core + "EphemeralContainer", "imagePullPolicy", pull},
		{core + "ContainerPort", "protocol", protocols},
		{core + "HTTPGetAction", "scheme", []any{"HTTP", "HTTPS"}},
		{core + "PodSpec", "restartPolicy", []any{"Always", "Never", "OnFailure"}},
		{core + "PodSpec", "dnsPolicy", []any{"ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"}},
		{core + "PodSpec", "preemptionPolicy", []any{"Never", "PreemptLowerPriority"}},
		{core + "SeccompProfile", "type", []any{"Localhost", "RuntimeDefault", "Unconfined"}},
		{core + "PodSecurityContext", "fsGroupChangePolicy", []any{"Always", "OnRootMismatch"}},
		{core + "Toleration", "effect", []any{"NoExecute", "NoSchedule", "PreferNoSchedule"}},
		{core + "TopologySpreadConstraint", "whenUnsatisfiable", []any{"DoNotSchedule", "ScheduleAnyway"}},
		{core + "NodeSelectorRequirement", "operator", []any{"DoesNotExist", "Exists", "Gt", "In", "Lt", "NotIn"}},
		{core + "ServicePort", "protocol", protocols},
		{core + "ServiceSpec", "type", []any{"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"}},
		{core + "ServiceSpec", "sessionAffinity", []any{"ClientIP", "None"}},
		{core + "ServiceSpec", "externalTrafficPolicy", traffic},
		{core + "ServiceSpec", "internalTrafficPolicy", traffic},
		{core + "PersistentVolumeClaimSpec", "volumeMode", []any{"Block", "Filesystem"}},
		{apps + "DeploymentStrategy", "type", []any{"Recreate", "RollingUpdate"}},
		{apps + "StatefulSetUpdateStrategy", "type", []any{"OnDelete", "RollingUpdate"}},
		{apps + "DaemonSetUpdateStrategy", "type", []any{"OnDelete", "RollingUpdate"}},
		{apps + "StatefulSetSpec", "podManagementPolicy", []any{"OrderedReady", "Parallel"}},
		{"io.k8s.api.batch.v1.CronJobSpec", "concurrencyPolicy", []any{"Allow", "Forbid", "Replace"}},
		{"io.k8s.api.batch.v1.JobSpec", "completionMode", []any{"Indexed", "NonIndexed"}},
		{"io.k8s.api.policy.v1.PodDisruptionBudgetSpec", "unhealthyPodEvictionPolicy", []any{"AlwaysAllow", "IfHealthyBudget"}},
		{"io.k8s.api.autoscaling.v2.MetricSpec", "type", []any{"ContainerResource", "External", "Object", "Pods", "Resource"}},
		{"io.k8s.api.autoscaling.v2.MetricTarget", "type", []any{"AverageValue", "Utilization", "Value"}},
		{net + "HTTPIngressPath", "pathType", []any{"Exact", "ImplementationSpecific", "Prefix"}},
		{net + "NetworkPolicyPort", "protocol", protocols},
	}
}

// networkPolicyTypes are the items of a NetworkPolicy's policyTypes.
func networkPolicyTypes() []any { return []any{"Egress", "Ingress"} }

// addEnums writes the value lists into the definitions. A field that is no longer there is an error.
func addEnums(definitions map[string]map[string]any) error {
	for _, e := range enums() {
		properties, _ := definitions[e.definition]["properties"].(map[string]any)
		property, ok := properties[e.property].(map[string]any)
		if !ok {
			return fmt.Errorf("%s has no field %s to give an enum", e.definition, e.property)
		}
		property["enum"] = e.values
	}
	properties := definitions["io.k8s.api.networking.v1.NetworkPolicySpec"]["properties"].(map[string]any)
	properties["policyTypes"].(map[string]any)["items"].(map[string]any)["enum"] = networkPolicyTypes()
	return nil
}
