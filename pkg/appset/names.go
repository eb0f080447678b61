package appset

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	notDNS     = regexp.MustCompile(`[^-a-z0-9.]`)
	notInSlug  = regexp.MustCompile(`[^a-z0-9_-]`)
	manyDashes = regexp.MustCompile(`-+`)
)

// sanitizeName is Argo CD's `normalize` (applicationset/utils SanitizeName): lower case, 253 characters, a DNS name.
func sanitizeName(name string) string {
	name = notDNS.ReplaceAllString(strings.ToLower(name), "-")
	if len(name) > 253 {
		name = name[:253]
	}
	return strings.Trim(name, "-.")
}

// slugify is Argo CD's function of that name: [size [smart]] name. It sanitizes first, so that what
// github.com/gosimple/slug then does comes down to dashes and the cut: at a word's end when smart, else anywhere.
func slugify(args ...any) (string, error) {
	size, smart, name, err := slugArguments(args)
	if err != nil {
		return "", err
	}
	s := sanitizeName(name)
	if !smart && len(s) >= size {
		s = s[:size]
	}
	s = strings.Trim(manyDashes.ReplaceAllString(notInSlug.ReplaceAllString(s, "-"), "-"), "-_")
	if !smart || size == 0 || len(s) <= size {
		return s, nil
	}
	if cut := strings.LastIndexByte(s[:size+1], '-'); cut >= 0 {
		return s[:cut], nil
	}
	return s[:size], nil
}

// slugArguments reads slugify's arguments. Argo CD panics, which fails the template, on other types.
func slugArguments(args []any) (size int, smart bool, name string, err error) {
	size, smart = 50, true
	ok := len(args) > 0 && len(args) <= 3
	for i, arg := range args {
		if !ok {
			break
		}
		switch {
		case i == len(args)-1:
			name, ok = arg.(string)
		case i == 0:
			size, ok = arg.(int)
		default:
			smart, ok = arg.(bool)
		}
	}
	if !ok || size < 0 {
		return 0, false, "", fmt.Errorf("slugify takes [size [smart]] name")
	}
	return size, smart, name, nil
}
