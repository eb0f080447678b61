package verify

import "slices"

// Rules is every rule, by area, in the order of a report.
func Rules() []Rule {
	return slices.Concat(
		componentRules(), applicationRules(), chartRules(), hostRules(), oidcRules(), configRules(), databaseRules(),
		rolloutRules(), inClusterRules(), imageRules(), podRules(), secretRules(), namesRules(), catalogRules(), tenancyRules(), primitiveRules(), waiverRules(),
	)
}

// RuleInfos describes every rule, for help, completion and formats that carry it.
func RuleInfos() []RuleInfo {
	var infos []RuleInfo
	for _, r := range Rules() {
		infos = append(infos, r.RuleInfo)
	}
	return infos
}

// rule describes an error-severity rule.
func rule(id, summary, hint string) RuleInfo {
	return RuleInfo{ID: id, Severity: Error, Summary: summary, Hint: hint}
}

// advice describes a warning-severity rule.
func advice(id, summary, hint string) RuleInfo {
	return RuleInfo{ID: id, Severity: Warning, Summary: summary, Hint: hint}
}
