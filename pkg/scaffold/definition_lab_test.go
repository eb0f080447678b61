package scaffold_test

import (
	"slices"
	"testing"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/scaffold"
	"github.com/ameideio/ameide/templates"
)

func TestAProcessDefinitionIsBPMNToAnEditor(t *testing.T) {
	lab.Slow(t)
	for _, name := range []string{"order-intake", "a", "x1-2"} {
		v := valuesOf(t, scaffold.Params{Kind: scaffold.Process, Name: name, Origin: "platform", SKU: "Shared"})
		plan, err := scaffold.NewDefinitionPlan(templates.Primitives(), v)
		if err != nil {
			t.Fatal(err)
		}
		got := lab.BPMN(t, fileOf(t, plan, "definitions/process/"+name+"/process.bpmn"))
		if got.Type != "bpmn:Definitions" || len(got.Warnings) > 0 {
			t.Errorf("%s: a %s with warnings %q", name, got.Type, got.Warnings)
		}
		for _, want := range []string{"bpmn:Process", "bpmn:StartEvent", "bpmn:EndEvent", "bpmn:SequenceFlow"} {
			if !slices.Contains(got.Elements, want) {
				t.Errorf("%s: no %s in %q", name, want, got.Elements)
			}
		}
		if len(got.Shown) == 0 || slices.Contains(got.Shown, "") {
			t.Errorf("%s: the diagram draws %q", name, got.Shown)
		}
	}
}
