package cmd

import "github.com/agext/levenshtein"

// nearest is the known name that is closest to what was typed.
func nearest(typed string, known []string) string {
	best, score := "", -1.0
	for _, k := range known {
		if s := levenshtein.Match(typed, k, nil); s > score {
			best, score = k, s
		}
	}
	return best
}
