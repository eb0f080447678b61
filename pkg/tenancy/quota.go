package tenancy

import "strconv"

// Size is how much a namespace of a tenant may use.
type Size string

// The sizes. What an enterprise tenant gets is agreed with it, so no size says it.
const (
	SizeSmall  Size = "small"
	SizeMedium Size = "medium"
	SizeLarge  Size = "large"
)

// Sizes lists every size, the smallest first.
func Sizes() []Size { return []Size{SizeSmall, SizeMedium, SizeLarge} }

// ParseSize reads a size in any case.
func ParseSize(s string) (Size, error) { return parse("size", s, Sizes()) }

// allowance is what all Pods of a namespace request and are limited to together, and how many objects there may be.
type allowance struct {
	requestCPU, limitCPU       string
	requestMemory, limitMemory string
	pods, claims               int
}

// maxServices is the same for every size.
const maxServices = 10

func (s Size) allowance() allowance {
	switch s {
	case SizeSmall:
		return allowance{"2", "4", "4Gi", "8Gi", 10, 2}
	case SizeLarge:
		return allowance{"8", "16", "16Gi", "32Gi", 50, 10}
	}
	return allowance{"4", "8", "8Gi", "16Gi", 20, 5}
}

// resourceQuota bounds the namespace. Ports of nodes and load balancers would be a way in beside the Gateway.
func resourceQuota(namespace string, s Size) object {
	a := s.allowance()
	return newObject("v1", "ResourceQuota", namespace, "tenant-quota", object{"hard": object{
		"requests.cpu": a.requestCPU, "limits.cpu": a.limitCPU,
		"requests.memory": a.requestMemory, "limits.memory": a.limitMemory,
		"pods": strconv.Itoa(a.pods), "persistentvolumeclaims": strconv.Itoa(a.claims), "services": strconv.Itoa(maxServices),
		"services.nodeports": "0", "services.loadbalancers": "0",
	}})
}

// limitRange gives containers that name no resources some: under a quota for them, the API server refuses a Pod without.
func limitRange(namespace string) object {
	return newObject("v1", "LimitRange", namespace, "tenant-limits", object{"limits": []any{object{
		"type":           "Container",
		"default":        object{"cpu": "500m", "memory": "512Mi"},
		"defaultRequest": object{"cpu": "100m", "memory": "128Mi"},
		"max":            object{"cpu": "2", "memory": "4Gi"},
	}}})
}
