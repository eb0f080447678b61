package images

import (
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/imagecheck"
)

// Item is one image with everything that is asked of it by the tree or the command line.
type Item struct {
	Image   string
	Uses    []Use // empty for an image of the command line
	Want    imagecheck.Want
	Request imagecheck.Request
}

// Plan makes one item of all uses of an image: the platforms and layouts of all of them together.
func Plan(uses []Use, deep bool) []Item {
	var items []Item
	at := map[string]int{}
	for _, u := range uses {
		i, ok := at[u.Image]
		if !ok {
			i = len(items)
			at[u.Image] = i
			items = append(items, Item{Image: u.Image, Want: imagecheck.Want{Deep: deep}})
		}
		items[i].add(u)
	}
	for i := range items {
		items[i].request()
	}
	return items
}

// Named makes items of images that somebody named, each once.
func Named(refs []string, platforms []imagecheck.Platform, deep bool) []Item {
	var items []Item
	for _, ref := range refs {
		if slices.ContainsFunc(items, func(i Item) bool { return i.Image == ref }) {
			continue
		}
		i := Item{Image: ref, Want: imagecheck.Want{Platforms: platforms, Deep: deep}}
		i.request()
		items = append(items, i)
	}
	return items
}

func (i *Item) add(u Use) {
	i.Uses = append(i.Uses, u)
	for _, p := range u.Platforms {
		if !slices.Contains(i.Want.Platforms, p) {
			i.Want.Platforms = append(i.Want.Platforms, p)
		}
	}
	same := func(l imagecheck.Layout) bool { return l.Name == u.Layout.Name && l.Workdir == u.Layout.Workdir }
	if u.Layout != nil && !slices.ContainsFunc(i.Want.Layouts, same) {
		i.Want.Layouts = append(i.Want.Layouts, *u.Layout)
	}
}

func (i *Item) request() {
	slices.SortFunc(i.Want.Platforms, func(a, b imagecheck.Platform) int { return strings.Compare(a.String(), b.String()) })
	i.Request = imagecheck.Request{Image: i.Image, Need: imagecheck.Need{
		Platforms: i.Want.Platforms, Config: len(i.Want.Layouts) > 0, Deep: i.Want.Deep, Commands: i.commands(),
	}}
}

// commands are the first words of what Pods start in place of the image's own, each once and sorted: what follows them is
// for the program, unless it is a launcher. nil when every Pod starts the image's own.
func (i *Item) commands() [][]string {
	var out [][]string
	own := true
	for _, u := range i.Uses {
		if !slices.ContainsFunc(out, func(c []string) bool { return slices.Equal(c, launched(u.Command)) }) {
			out = append(out, launched(u.Command))
		}
		own = own && len(u.Command) == 0
	}
	if own || !i.Want.Deep {
		return nil
	}
	slices.SortFunc(out, slices.Compare[[]string])
	return out
}

// launched cuts a command after the words that can name a program, so that a script in an argument is not kept.
func launched(command []string) []string {
	n := 0
	for n < len(command) && n < 4 && len(command[n]) < 256 && !strings.ContainsAny(command[n], " \n") {
		n++
	}
	return command[:max(n, min(len(command), 1))]
}

// Judge is the verdict on an item's answer, held against the lock file if there is one.
func (i Item) Judge(a imagecheck.Answer, lock *imagecheck.Lock) imagecheck.Verdict {
	if a.Err != nil {
		return imagecheck.Undetermined(i.Image, a.Err)
	}
	v := imagecheck.Check(a.Ref, a.Facts, i.Want)
	if lock != nil {
		if moved, ok := lock.Moved(i.Image, a.Facts); ok {
			v.Note(moved)
		}
	}
	return v
}

// UsedBy are the places that ask for the image, each once, in order.
func (i Item) UsedBy() []string {
	out := []string{}
	for _, u := range i.Uses {
		if where := u.Where(); where != "" && !slices.Contains(out, where) {
			out = append(out, where)
		}
	}
	return out
}
