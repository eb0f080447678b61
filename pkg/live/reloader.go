package live

import (
	"crypto/sha1" // #nosec G505 -- another program's fingerprint, not ours
	"crypto/sha512"
	"encoding/hex"
	"slices"
	"strings"
)

// reloaderHashes are what Stakater's Reloader makes of a Secret: SHA-512/256 of its sorted key=value pairs, and SHA-1 in
// older releases (GetSHAfromSecret and GenerateSHA of stakater/Reloader).
func reloaderHashes(data map[string]string) []string {
	var pairs []string
	for key, value := range data {
		pairs = append(pairs, key+"="+value)
	}
	slices.Sort(pairs)
	text := []byte(strings.Join(pairs, ";"))
	now, old := sha512.Sum512_256(text), sha1.Sum(text) // #nosec G401
	return []string{hex.EncodeToString(now[:]), hex.EncodeToString(old[:])}
}
