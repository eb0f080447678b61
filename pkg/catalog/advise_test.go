package catalog

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAcceptedTableNeedsLittleAdvice(t *testing.T) {
	_, texts := documents(t, "accepted.yaml")
	var got []string
	for _, text := range texts {
		for _, p := range Advise(one(t, text)) {
			got = append(got, p.Field+": "+p.Message)
		}
	}
	want := []string{`spec.profile.email: "x" is no e-mail address: signing in by e-mail will not find this user`}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got, want:\n%s", diff)
	}
}

func TestWhatBackstageAcceptsAndMisunderstandsIsReported(t *testing.T) {
	const template = `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: a, anotations: {}, annotations: {backstage.io/orphan: "true"}}
spec:
  type: service
  ownr: platform
  parameters:
    - required: [name, kind]
      properties: {name: {type: string}}
      dependencies: {name: {oneOf: [{properties: {deep: {type: string}}}]}}
  steps:
    - {id: a, action: x, if: "false", input: {m: "${{ parameters.deep }} ${{ parameters.missing }} $x parameters.x"}}
    - {action: x, input: {m: "${{ steps.later.output }}${{ steps['step-2'].output }}"}}
    - {id: later, action: x, input: ["${{ steps['step-2'].output or steps['a'].output }}"]}
    - {id: a, action: x}
  output: {text: [{content: "${{ steps['fetch-base'].output.x }}"}]}
`
	var got []string
	for _, p := range Advise(one(t, template)) {
		got = append(got, p.Field+": "+p.Message)
	}
	want := []string{
		"metadata.anotations: Backstage ignores this key",
		"metadata.annotations.backstage.io/orphan: the catalog sets this annotation itself",
		"spec.ownr: Backstage ignores this key",
		`spec.parameters[0].required[1]: the page requires "kind" and has no such property`,
		`spec.steps[0].if: the text "false" is not empty, so the step always runs`,
		`spec.steps[0].input.m: "missing" is not a parameter; the expression renders as nothing`,
		`spec.steps[1].input.m: "later" is not an earlier step; the expression renders as nothing`,
		`spec.steps[1].input.m: "step-2" is not an earlier step; the expression renders as nothing`,
		`spec.steps[3].id: another step is called "a" too; its output is lost`,
		`spec.output.text[0].content: "fetch-base" is not an earlier step; the expression renders as nothing`,
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got, want:\n%s", diff)
	}
}
