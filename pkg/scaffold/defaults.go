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
	p.Owner = ownerRef(or(p.Owner, home.Owner))
	p.System = or(p.System, home.Name)
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

// ownerRef is a reference in full: kind:namespace/name, of a group where no kind is said.
func ownerRef(ref string) string {
	kind, name, ok := strings.Cut(ref, ":")
	if !ok {
		kind, name = "group", ref
	}
	if !strings.Contains(name, "/") {
		name = "default/" + name
	}
	return strings.ToLower(kind) + ":" + name
}
