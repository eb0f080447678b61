package lab

import (
	"bytes"
	"testing"
)

// bpmnModdle reads and checks BPMN 2.0 as bpmn.io's editors do.
func bpmnModdle() npmPackage { return npmPackage{"bpmn-moddle", "10.3.1"} }

const readBPMN = `
import { readFileSync } from 'node:fs';
import { BpmnModdle } from 'bpmn-moddle';
const { rootElement, warnings } = await new BpmnModdle().fromXML(readFileSync(0, 'utf8'));
const elements = (rootElement.rootElements ?? []).flatMap(e => [e, ...(e.flowElements ?? [])]);
console.log(JSON.stringify({
  type: rootElement.$type,
  elements: elements.map(e => e.$type),
  shown: (rootElement.diagrams ?? []).flatMap(d => d.plane.planeElement ?? []).map(e => e.bpmnElement?.id ?? ''),
  warnings: warnings.map(w => w.message),
}));
`

// BPMNFile is what a BPMN 2.0 file holds, as bpmn-moddle reads it.
type BPMNFile struct {
	Type     string   // of the root
	Elements []string // types of the processes and of what flows in them
	Shown    []string // ids that the diagram draws; empty where it draws something that is not there
	Warnings []string // what is not BPMN: unknown elements and attributes, references that lead nowhere
}

// BPMN reads a BPMN 2.0 file. One that is no XML or has no known root is the test's failure.
func BPMN(t testing.TB, text []byte) BPMNFile {
	t.Helper()
	c := bpmnModdle().program(t, readBPMN)
	c.Stdin = bytes.NewReader(text)
	answer := decoded(t, c)
	texts := func(key string) []string {
		var out []string
		list, _ := answer[key].([]any)
		for _, item := range list {
			s, _ := item.(string)
			out = append(out, s)
		}
		return out
	}
	kind, _ := answer["type"].(string)
	return BPMNFile{Type: kind, Elements: texts("elements"), Shown: texts("shown"), Warnings: texts("warnings")}
}
