package scaffold

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/checkout"
)

// CheckExisting holds a primitive against those that a checkout of code has already: another one of the same name in other
// letters, one in another language, or one with the same image. fsys is the checkout's root. It returns all Problems at
// once, or nil.
func CheckExisting(fsys fs.FS, v Values) error {
	var found Problems
	for _, other := range names(fsys, path.Dir(v.Dir)) {
		if other != v.Name && sameName(other, v.Name) && isFolder(fsys, path.Join(path.Dir(v.Dir), other)) {
			found = append(found, Problem{"name", fmt.Sprintf("%s exists as %s, and the two would share packages", v.Dir, path.Join(path.Dir(v.Dir), other)), "choose another name, or move the other one away"})
		}
	}
	for lang, file := range builds() {
		if _, err := fs.Stat(fsys, path.Join(v.Dir, file)); err == nil && lang != v.Lang {
			found = append(found, Problem{"lang", fmt.Sprintf("%s is written in %s already: %s", v.Dir, LangTitle(lang), file), "leave out --lang, or choose another name"})
		}
	}
	if other, ok := sameImage(v); ok {
		if info, err := fs.Stat(fsys, other); err == nil && info.IsDir() {
			found = append(found, Problem{"name", fmt.Sprintf("%s would have the image %s of %s", v.Dir, v.Image, other), "choose another name"})
		}
	}
	return found.Err()
}

// builds tell a primitive's language by the file that its build reads.
func builds() map[Lang]string {
	return map[Lang]string{Go: "go.mod", TypeScript: "package.json", Python: "pyproject.toml"}
}

func names(fsys fs.FS, dir string) []string {
	all, err := checkout.Names(fsys, dir)
	if err != nil {
		return nil // the comparison of the files says what is in the way
	}
	slices.Sort(all)
	return all
}

func isFolder(fsys fs.FS, name string) bool {
	info, err := fs.Lstat(fsys, name)
	return err == nil && info.IsDir()
}

// sameName tells names that some file system, or some language's packages, take for one.
func sameName(a, b string) bool {
	fold := func(s string) string {
		return strings.ReplaceAll(strings.ToLower(strings.ToUpper(s)), "_", "-")
	}
	return fold(a) == fold(b)
}

// sameImage is the folder of the one primitive that would have the same image: a domain's image ends with its kind, the
// others' begin with it, so that the domain process-x and the process x-domain meet.
func sameImage(v Values) (dir string, ok bool) {
	if v.Kind != Domain {
		rest, ok := strings.CutSuffix(v.Name, "-"+string(Domain))
		return path.Join("primitives", string(Domain), string(v.Kind)+"-"+rest), ok
	}
	for _, k := range Kinds() {
		if rest, ok := strings.CutPrefix(v.Name, string(k)+"-"); ok && k != Domain {
			return path.Join("primitives", string(k), rest+"-"+string(Domain)), true
		}
	}
	return "", false
}
