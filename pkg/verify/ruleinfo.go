package verify

// RuleInfo is what can be told about a rule before it is asked: documentation, completion and the formats that list
// their rules (SARIF) are made of it.
type RuleInfo struct {
	ID        string   // area/name, stable
	Severity  Severity // what a finding of it means
	Summary   string   // one sentence: what must be true
	Hint      string   // what to do when it is not
	Sensitive bool     // the offending line may hold a secret: no format ever shows it
}
