package cmd

import (
	"strings"
	"testing"
)

func TestMessagesBecomeLinesOfJSONAndRecordsStayAsTheyAre(t *testing.T) {
	var out strings.Builder
	m := &messages{w: &out, lines: true}
	for _, part := range []string{"ameide: er", "ror: no \"way\"\nameide: hint: go\n", "ameide: note: <b>\n{\"record\":1}\n", "more of it\nhalf"} {
		if n, err := m.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	want := `{"fact":"error","level":"error","message":"no \"way\""}
{"fact":"hint","level":"info","message":"go"}
{"fact":"note","level":"info","message":"<b>"}
{"record":1}
{"fact":"error","level":"error","message":"more of it"}
`
	if got := out.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
