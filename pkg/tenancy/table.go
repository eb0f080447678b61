package tenancy

import "github.com/ameideio/ameide/pkg/spec"

// Cell is one cell of the table: the namespace of code of an origin, bought with a SKU, in an environment. {id} in the
// namespace stands for the tenant.
type Cell struct {
	Origin      Origin
	SKU         SKU
	Environment string
	Namespace   string
}

// Table is every cell for an installation's environments: by origin, then SKU, then environment. Those who cannot call
// Places, as the portal's Software Templates, are written from it.
func Table(environments []spec.Environment) []Cell {
	var cells []Cell
	for _, origin := range Origins() {
		for _, sku := range SKUs() {
			for _, e := range environments {
				p := place(Code{Origin: origin, SKU: sku, Tenant: idPlace}, e)
				cells = append(cells, Cell{origin, sku, e.Name, p.Namespace})
			}
		}
	}
	return cells
}

// idPlace is the place of the tenant in a formula.
const idPlace = "{id}"
