package scaffold

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/tenancy"
)

// Check holds everything that somebody asked for against every place where it will be used: folders, modules and packages
// of each language, the proto package, Kubernetes and the catalog. It returns all Problems at once, or nil.
func Check(p Params, s *spec.Spec) error {
	if p.Kind == "" {
		return Problems{{"kind", "it is not said what kind of primitive", "add --kind " + enumerateWith(Kinds(), "|")}}
	}
	if !slices.Contains(Kinds(), p.Kind) {
		return Problems{{"kind", fmt.Sprintf("unknown kind %s", show(string(p.Kind))), "use " + enumerate(KindWords())}}
	}
	var found Problems
	found = append(found, checkLang(p)...)
	misnamed := checkName(p, s)
	found = append(found, misnamed...)
	found = append(found, checkCode(p, s)...)
	for _, f := range patterns(p) {
		if len(misnamed) > 0 && strings.Contains(f.value, p.Name) {
			continue // a default that follows from the name
		}
		found = append(found, f.check()...)
	}
	if p.Kind == Agent && !slices.Contains(RiskTiers(), p.RiskTier) {
		found = append(found, Problem{"risk_tier", fmt.Sprintf("unknown risk tier %s", show(p.RiskTier)), "use " + enumerate(RiskTiers())})
	}
	return found.Err()
}

func checkLang(p Params) Problems {
	known := Languages(p.Kind)
	if slices.Contains(known, p.Lang) {
		return nil
	}
	return Problems{{"lang", fmt.Sprintf("there is no %s skeleton in %s", p.Kind, show(string(p.Lang))), reasonFor(p.Kind) + ": use " + enumerate(known)}}
}

// reasonFor says why a kind has the languages that it has.
func reasonFor(k Kind) string {
	switch k {
	case Process:
		return "processes are Temporal workers in Go"
	case Agent:
		return "agents are LangGraph graphs in Python"
	case UISurface:
		return "surfaces are Next.js applications in TypeScript"
	}
	return "domains are gRPC servers"
}

var namePattern = regexp.MustCompile(NamePattern)

func checkName(p Params, s *spec.Spec) Problems {
	limit := MaxName(p.Kind, s.EnvironmentNames())
	var found Problems
	if p.Name == "" {
		return Problems{{"name", "the primitive has no name", "say it in kebab case, for example --name order-intake"}}
	}
	if !namePattern.MatchString(p.Name) {
		found = append(found, Problem{"name", fmt.Sprintf("name %s is not kebab case", show(p.Name)), nameAdvice(p.Name)})
	}
	if n := utf8.RuneCountInString(p.Name); n > limit {
		found = append(found, Problem{"name", fmt.Sprintf("name %s has %d characters, the limit for a %s is %d", show(p.Name), n, p.Kind, limit),
			"its Helm release and its Argo CD Applications carry the name with a prefix and a suffix, and Kubernetes ends them at 53 and 63"})
	}
	if why := reserved(p.Kind, p.Name); why != "" {
		found = append(found, Problem{"name", fmt.Sprintf("name %s %s", show(p.Name), why), "add what it is about, for example --name " + p.Name + "-registry"})
	}
	return found
}

// nameAdvice is the name that was probably meant.
func nameAdvice(name string) string {
	const rule = "small letters, digits and single inner hyphens, a letter first"
	var b strings.Builder
	for i, r := range name {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			b.WriteRune(r)
		case 'A' <= r && r <= 'Z':
			if i > 0 && 'a' <= name[i-1] && name[i-1] <= 'z' {
				b.WriteByte('-')
			}
			b.WriteRune(r + 'a' - 'A')
		default:
			b.WriteByte('-')
		}
	}
	words := strings.FieldsFunc(b.String(), func(r rune) bool { return r == '-' })
	if meant := strings.Join(words, "-"); namePattern.MatchString(meant) && len(meant) <= maxRelease {
		return rule + "; for example " + meant
	}
	return rule + "; for example order-intake"
}

// checkCode asks the namespace rules.
func checkCode(p Params, s *spec.Spec) Problems {
	if missing := missingCode(p); len(missing) > 0 {
		return Problems{{"origin", "it is not said whose code it is", "add " + strings.Join(missing, " ")}}
	}
	code := tenancy.Code{Origin: tenancy.Origin(p.Origin), SKU: tenancy.SKU(p.SKU), Tenant: p.Tenant}
	_, err := tenancy.Places(code, s.Environments)
	if err == nil {
		return nil
	}
	problem := Problem{Field: "tenant", Message: err.Error()}
	if h, ok := err.(interface{ Hint() string }); ok { //nolint:errorlint // the rules return their own error, unwrapped
		problem.Advice = h.Hint()
	}
	return Problems{problem}
}

func missingCode(p Params) []string {
	var missing []string
	if p.Origin == "" {
		missing = append(missing, "--origin "+enumerateWith(tenancy.Origins(), "|"))
	}
	if p.SKU == "" {
		missing = append(missing, "--sku "+enumerateWith(tenancy.SKUs(), "|"))
	}
	return missing
}

// field is a parameter with its pattern.
type field struct {
	name, value, pattern, example string
	limit                         int
}

// refPattern is a reference to an entity in full.
const refPattern = `^[a-z]+:[A-Za-z0-9][-A-Za-z0-9_.]*/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$`

// patterns are the parameters of a kind that a pattern decides.
func patterns(p Params) []field {
	fields := []field{
		{"owner", p.Owner, refPattern, "group:default/platform", 150},
		{"system", p.System, refPattern, "platform-factory", 150},
		{"description", p.Description, DescriptionPattern, "Takes orders in.", 200},
	}
	if p.Kind == Process || p.Kind == Agent {
		fields = append(fields,
			field{"definition_id", p.DefinitionID, DefinitionPattern, "L2O_v3", maxLabel},
			field{"definition_version", p.DefinitionVersion, VersionPattern, "3 or 1.2.0", maxLabel})
	}
	if p.Kind == Agent {
		fields = append(fields, field{"model", p.Model, ModelPattern, "gpt-4o-mini", 128})
	}
	if p.Kind == UISurface {
		fields = append(fields, field{"host", p.Host, HostPattern, "orders.ameide.io", 253})
	}
	return fields
}

func (f field) check() Problems {
	label := strings.ReplaceAll(f.name, "_", " ")
	switch n := utf8.RuneCountInString(f.value); {
	case !utf8.ValidString(f.value):
		return Problems{{f.name, fmt.Sprintf("%s %s is not UTF-8", label, show(f.value)), "for example " + f.example}}
	case !regexp.MustCompile(f.pattern).MatchString(f.value):
		return Problems{{f.name, fmt.Sprintf("%s %s cannot be used", label, show(f.value)), "for example " + f.example}}
	case n > f.limit:
		return Problems{{f.name, fmt.Sprintf("%s has %d characters, the limit is %d", label, n, f.limit), "for example " + f.example}}
	}
	return nil
}

// show quotes what somebody typed, at a length that a line can hold.
func show(s string) string {
	const longest = 60
	if r := []rune(s); len(r) > longest {
		s = string(r[:longest]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// enumerate is `a, b or c`.
func enumerate[T ~string](words []T) string {
	last := len(words) - 1
	if last < 1 {
		return enumerateWith(words, "")
	}
	return enumerateWith(words[:last], ", ") + " or " + string(words[last])
}

func enumerateWith[T ~string](words []T, separator string) string {
	names := make([]string, len(words))
	for i, w := range words {
		names[i] = string(w)
	}
	return strings.Join(names, separator)
}
