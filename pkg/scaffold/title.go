package scaffold

// KindTitle is a kind as the platform spells it: UISurface.
func KindTitle(k Kind) string {
	switch k {
	case Domain:
		return "Domain"
	case Process:
		return "Process"
	case Agent:
		return "Agent"
	case UISurface:
		return "UISurface"
	}
	return string(k)
}

// LangTitle is a language as people spell it.
func LangTitle(l Lang) string {
	switch l {
	case Go:
		return "Go"
	case TypeScript:
		return "TypeScript"
	case Python:
		return "Python"
	}
	return string(l)
}

// RiskTiers are those of an agent, from the least to the most.
func RiskTiers() []string { return []string{"low", "medium", "high"} }
