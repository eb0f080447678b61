package scaffold

import (
	"strings"

	"github.com/ameideio/ameide/pkg/spec"
)

// WithDefaults fills in what somebody may leave out. Origin, SKU and name are not among it: code that claims nothing must
// not pass for the platform's. A primitive whose owner or system is not named belongs where the portal itself does, so
// that nothing dangles in the catalog.
func (p Params) WithDefaults(s *spec.Spec) Params {
	home := s.Catalog.Systems[0]
	p.Owner = fullRef("group", or(p.Owner, home.Owner))
	p.System = fullRef("system", or(p.System, home.Name))
	if languages := Languages(p.Kind); len(languages) > 0 {
		p.Lang = or(p.Lang, languages[0])
	}
	p.Description = or(p.Description, KindTitle(p.Kind)+" primitive "+p.Name+".")
	switch p.Kind {
	case Process:
		p.DefinitionID, p.DefinitionVersion = or(p.DefinitionID, p.Name), or(p.DefinitionVersion, "1")
	case Agent:
		p.DefinitionID, p.DefinitionVersion = or(p.DefinitionID, p.Name), or(p.DefinitionVersion, "1")
		p.Model, p.RiskTier = or(p.Model, "gpt-4o-mini"), or(p.RiskTier, "low")
	case UISurface:
		p.Host = or(p.Host, p.Name+"."+s.Primary().DNSZone)
	}
	return p
}

func or[T ~string](value, fallback T) T {
	if value != "" {
		return value
	}
	return fallback
}

// fullRef is a reference as the portal's pickers give it: kind:namespace/name, of the usual kind where none is said.
func fullRef(usual, ref string) string {
	kind, name, ok := strings.Cut(ref, ":")
	if !ok {
		kind, name = usual, ref
	}
	if !strings.Contains(name, "/") {
		name = "default/" + name
	}
	return strings.ToLower(kind) + ":" + name
}
