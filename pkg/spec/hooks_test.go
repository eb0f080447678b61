package spec

import "testing"

func TestTheRunnerAmeideNeedsItsDigest(t *testing.T) {
	found := problems(t, "hooks:\n  runner: ameide\n")
	if len(found) != 1 || found[0].Line != 1 || found[0].Hint == "" {
		t.Errorf("got %+v, want one problem in line 1 with a hint", found)
	}
	digest := "sha256:0000000000000000000000000000000000000000000000000000000000000001"
	got := parse(t, "hooks: {runner: ameide, image: {digest: \""+digest+"\"}}\n").Hooks
	if want := (Hooks{RunnerAmeide, HookImage{"ghcr.io/ameideio/ameide", "", digest}}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
