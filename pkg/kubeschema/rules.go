package kubeschema

import (
	"context"
	"maps"
	"slices"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// ruleCache holds the compiled CEL rules (x-kubernetes-validations) of schema nodes. The API server compiles all rules of
// a kind at once, 90 ms for an HTTPRoute; here a node's rules are compiled when the first object has a value there.
type ruleCache struct {
	mu    sync.Mutex
	nodes map[ruleKey]*nodeRules
}

// ruleKey identifies a schema node through something that all copies of the node share.
type ruleKey struct {
	node any // the address of its first rule, or of its value validation
	root bool
}

type nodeRules struct {
	once      sync.Once
	validator *cel.Validator
}

func newRuleCache() *ruleCache { return &ruleCache{nodes: map[ruleKey]*nodeRules{}} }

// validate runs the rules of s on value, then those of its parts. root says that value is a whole object or embedded one.
func (c *ruleCache) validate(path *field.Path, s *schema.Structural, value any, root bool) field.ErrorList {
	if s == nil || value == nil {
		return nil
	}
	var errs field.ErrorList
	if key := nodeKey(s); key != nil {
		validator := c.compiled(ruleKey{key, root}, s)
		errs, _ = validator.Validate(context.Background(), path, s, value, nil, celconfig.RuntimeCELCostBudget)
	}
	eachPart(path, s, value, func(path *field.Path, s *schema.Structural, part any) {
		errs = append(errs, c.validate(path, s, part, s.XEmbeddedResource)...)
	})
	return errs
}

// compileAhead compiles the rules that value will need and that are not compiled yet, all at once: they do not depend on
// each other, and the rules of one HTTPRoute are most of the time that its first validation takes.
func (c *ruleCache) compileAhead(s *schema.Structural, value any, root bool) {
	var wait sync.WaitGroup
	c.eachMissing(s, value, root, map[ruleKey]bool{}, func(key ruleKey, s *schema.Structural) {
		wait.Go(func() { c.compiled(key, s) })
	})
	wait.Wait()
}

// eachMissing calls visit once for every node with rules on the way through value that the cache does not have.
func (c *ruleCache) eachMissing(s *schema.Structural, value any, root bool, seen map[ruleKey]bool, visit func(ruleKey, *schema.Structural)) {
	if s == nil || value == nil {
		return
	}
	if node := nodeKey(s); node != nil {
		key := ruleKey{node, root}
		if !seen[key] && !c.has(key) {
			visit(key, s)
		}
		seen[key] = true
	}
	eachPart(nil, s, value, func(_ *field.Path, s *schema.Structural, part any) {
		c.eachMissing(s, part, s.XEmbeddedResource, seen, visit)
	})
}

func (c *ruleCache) has(key ruleKey) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nodes[key] != nil
}

// eachPart calls visit with the parts of value that s describes, in a fixed order.
func eachPart(path *field.Path, s *schema.Structural, value any, visit func(*field.Path, *schema.Structural, any)) {
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if property, ok := s.Properties[key]; ok {
				visit(path.Child(key), &property, value[key])
			} else if s.AdditionalProperties != nil && s.AdditionalProperties.Structural != nil {
				visit(path.Key(key), s.AdditionalProperties.Structural, value[key])
			}
		}
	case []any:
		for i, item := range value {
			if s.Items != nil {
				visit(path.Index(i), s.Items, item)
			}
		}
	}
}

func (c *ruleCache) compiled(key ruleKey, s *schema.Structural) *cel.Validator {
	c.mu.Lock()
	rules := c.nodes[key]
	if rules == nil {
		rules = &nodeRules{}
		c.nodes[key] = rules
	}
	c.mu.Unlock()
	rules.once.Do(func() { rules.validator = cel.NewValidator(ownRules(s), key.root, celconfig.PerCallLimit) })
	return rules.validator
}

// nodeKey returns the node's identity, or nil if it has no rules of its own.
func nodeKey(s *schema.Structural) any {
	if len(s.XValidations) > 0 {
		return &s.XValidations[0]
	}
	if s.ValueValidation != nil && slices.ContainsFunc(s.ValueValidation.AllOf, nestedRules) {
		return s.ValueValidation
	}
	return nil
}

// nestedRules reports whether a schema below allOf brings rules for the node or for parts of it.
func nestedRules(n schema.NestedValueValidation) bool {
	if len(n.XValidations) > 0 || slices.ContainsFunc(n.AllOf, nestedRules) {
		return true
	}
	for _, property := range n.Properties {
		if nestedRules(property) {
			return true
		}
	}
	return (n.Items != nil && nestedRules(*n.Items)) || (n.AdditionalProperties != nil && nestedRules(*n.AdditionalProperties))
}

// ownRules copies the node without the rules of its parts, which keep their types: the node's rules may look at them.
func ownRules(s *schema.Structural) *schema.Structural {
	own := withoutRules(s)
	own.XValidations, own.ValueValidation = s.XValidations, s.ValueValidation
	return own
}

func withoutRules(s *schema.Structural) *schema.Structural {
	if s == nil {
		return nil
	}
	out := *s
	out.XValidations = nil
	if s.ValueValidation != nil && len(s.ValueValidation.AllOf) > 0 {
		values := *s.ValueValidation
		values.AllOf = nil
		out.ValueValidation = &values
	}
	out.Items = withoutRules(s.Items)
	if s.Properties != nil {
		out.Properties = make(map[string]schema.Structural, len(s.Properties))
		for name, property := range s.Properties {
			out.Properties[name] = *withoutRules(&property)
		}
	}
	if s.AdditionalProperties != nil {
		additional := *s.AdditionalProperties
		additional.Structural = withoutRules(additional.Structural)
		out.AdditionalProperties = &additional
	}
	return &out
}
