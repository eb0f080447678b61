package helmchart

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"github.com/helm-unittest/helm-unittest/pkg/unittest/snapshot"
	yamlnode "go.yaml.in/yaml/v3"
)

// snapshots are the outputs that a suite stores: test name, then the number of its matchSnapshot, from 1.
type snapshots map[string]map[uint]string

func readSnapshots(file string) snapshots {
	out := snapshots{}
	data, err := os.ReadFile(file)
	if err == nil {
		err = yamlnode.Unmarshal(data, &out)
	}
	if err != nil {
		return snapshots{}
	}
	return out
}

// takeSnapshots empties the copy's snapshot file before a suite runs and returns what it held. The library (1.0.0) hands
// its comparison two options in any case, and with options it compares nothing: matchSnapshot can not fail. So it is
// made to store everything anew, and compareSnapshots does the comparing.
func takeSnapshots(suiteFile string) (*snapshot.Cache, snapshots, error) {
	cache, err := snapshot.CreateSnapshotOfSuite(suiteFile, false)
	if err != nil || !cache.Existed {
		return cache, snapshots{}, err
	}
	stored := readSnapshots(cache.Filepath)
	if err := os.Remove(cache.Filepath); err != nil {
		return nil, nil, err
	}
	cache, err = snapshot.CreateSnapshotOfSuite(suiteFile, false)
	return cache, stored, err
}

// compareSnapshots fails the tests whose output is not the stored one, or is not stored, and counts the stored ones that
// nobody asked for. A test that compares by a pattern only needs to have its snapshot stored.
func compareSnapshots(suite *SuiteResult, infos []testInfo, cache *snapshot.Cache, stored snapshots) error {
	if _, err := cache.StoreToFileIfNeeded(); err != nil {
		return fmt.Errorf("compare snapshots: %w", err)
	}
	now := readSnapshots(cache.Filepath)
	for i := range suite.Tests {
		t := &suite.Tests[i]
		byPattern := i < len(infos) && infos[i].byPattern
		for _, number := range slices.Sorted(maps.Keys(now[t.Name])) {
			old, ok := stored[t.Name][number]
			switch {
			case !ok:
				t.fail(fmt.Sprintf("snapshot %d is not stored: run helm unittest and commit tests/__snapshot__", number))
			case !byPattern && old != now[t.Name][number]:
				t.fail(strings.TrimSpace(fmt.Sprintf("snapshot %d differs\n%s", number, udiff.Unified("stored", "rendered", old, now[t.Name][number]))))
			}
		}
		suite.Passed = suite.Passed && (t.Passed || t.Skipped)
	}
	for test, numbers := range stored {
		for number := range numbers {
			if _, ok := now[test][number]; !ok {
				suite.Obsolete++
			}
		}
	}
	return nil
}

func (t *TestResult) fail(message string) {
	t.Passed = false
	t.Messages = append(t.Messages, message)
}

// testInfo is what the suite file says about a test and the library does not tell.
type testInfo struct {
	line      int
	byPattern bool // one of its snapshots is compared by matchRegex or notMatchRegex
}

// testInfos are the tests of every suite in a file, in order.
func testInfos(data []byte) [][]testInfo {
	var out [][]testInfo
	dec := yamlnode.NewDecoder(bytes.NewReader(data))
	for {
		var doc yamlnode.Node
		if err := dec.Decode(&doc); err != nil {
			return out
		}
		if len(doc.Content) == 0 || isNothing(doc.Content[0]) {
			continue
		}
		var infos []testInfo
		if tests := entriesOf(doc.Content[0], nil)["tests"].value; tests != nil {
			for _, t := range tests.Content {
				infos = append(infos, testInfo{line: t.Line, byPattern: comparesByPattern(t)})
			}
		}
		out = append(out, infos)
	}
}

func comparesByPattern(test *yamlnode.Node) bool {
	_, asserts := stepInto(test, "asserts")
	if asserts == nil {
		return false
	}
	return slices.ContainsFunc(asserts.Content, func(a *yamlnode.Node) bool {
		_, match := stepInto(a, "matchSnapshot")
		if match == nil {
			return false
		}
		entries := entriesOf(match, nil)
		return entries["matchRegex"].value != nil || entries["notMatchRegex"].value != nil
	})
}
