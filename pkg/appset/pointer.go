package appset

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// applyJSONPatch applies RFC 6902 operations, in order, to a copy of a tree. Values keep the position of the patch.
func applyJSONPatch(root, ops *node) (*node, error) {
	if !ops.list {
		return nil, problemf(ops.pos, "a JSON patch is a list of operations")
	}
	root = root.clone()
	for _, op := range ops.items {
		if err := applyOperation(root, op); err != nil {
			return nil, problemf(op.pos, "%s %s: %v", op.get("op").text(), op.get("path").text(), err)
		}
	}
	return root, nil
}

func applyOperation(root, op *node) error {
	path, value := op.get("path").text(), op.get("value")
	switch op.get("op").text() {
	case "add":
		return edit(root, path, value, addAt)
	case "remove":
		return edit(root, path, nil, removeAt)
	case "replace":
		return edit(root, path, value, replaceAt)
	case "test":
		found, err := lookup(root, path)
		if err == nil && !reflect.DeepEqual(found.value(), value.value()) {
			err = fmt.Errorf("the value differs")
		}
		return err
	case "copy", "move":
		return transfer(root, op)
	}
	return fmt.Errorf("unknown operation")
}

func transfer(root, op *node) error {
	from := op.get("from").text()
	found, err := lookup(root, from)
	if err != nil {
		return err
	}
	if op.get("op").text() == "move" {
		if err := edit(root, from, nil, removeAt); err != nil {
			return err
		}
	}
	return edit(root, op.get("path").text(), found.clone(), addAt)
}

// edit finds the parent of a JSON pointer and lets change work on it.
func edit(root *node, pointer string, value *node, change func(parent *node, token string, value *node) error) error {
	tokens, err := pointerTokens(pointer)
	if err != nil {
		return err
	}
	if len(tokens) == 0 {
		return fmt.Errorf("the whole document cannot be patched")
	}
	parent, err := walk(root, tokens[:len(tokens)-1])
	if err != nil {
		return err
	}
	return change(parent, tokens[len(tokens)-1], value)
}

func addAt(parent *node, token string, value *node) error {
	if value == nil {
		return fmt.Errorf("value is missing")
	}
	if parent.isMap() {
		parent.set(token, value.clone())
		return nil
	}
	if !parent.list {
		return fmt.Errorf("the parent holds no values")
	}
	i := len(parent.items)
	if token != "-" {
		var err error
		if i, err = index(token, len(parent.items)+1); err != nil {
			return err
		}
	}
	parent.items = append(parent.items[:i:i], append([]*node{value.clone()}, parent.items[i:]...)...)
	return nil
}

func removeAt(parent *node, token string, _ *node) error {
	if _, err := child(parent, token); err != nil {
		return err
	}
	if parent.isMap() {
		parent.remove(token)
		return nil
	}
	i, err := index(token, len(parent.items))
	if err != nil {
		return err
	}
	parent.items = append(parent.items[:i:i], parent.items[i+1:]...)
	return nil
}

func replaceAt(parent *node, token string, value *node) error {
	if value == nil {
		return fmt.Errorf("value is missing")
	}
	old, err := child(parent, token)
	if err != nil {
		return err
	}
	*old = *value.clone()
	return nil
}

func lookup(root *node, pointer string) (*node, error) {
	tokens, err := pointerTokens(pointer)
	if err != nil {
		return nil, err
	}
	return walk(root, tokens)
}

func walk(n *node, tokens []string) (*node, error) {
	for _, token := range tokens {
		var err error
		if n, err = child(n, token); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func child(n *node, token string) (*node, error) {
	if n.isMap() {
		if c := n.fields[token]; c != nil {
			return c, nil
		}
		return nil, fmt.Errorf("there is no %q", token)
	}
	if !n.list {
		return nil, fmt.Errorf("there is nothing below %q", token)
	}
	i, err := index(token, len(n.items))
	if err != nil {
		return nil, err
	}
	return n.items[i], nil
}

func index(token string, size int) (int, error) {
	i, err := strconv.Atoi(token)
	if err != nil || i < 0 || i >= size {
		return 0, fmt.Errorf("there is no element %q", token)
	}
	return i, nil
}

func pointerTokens(pointer string) ([]string, error) {
	if pointer == "" {
		return nil, nil
	}
	if !strings.HasPrefix(pointer, "/") {
		return nil, fmt.Errorf("a JSON pointer starts with /")
	}
	tokens := strings.Split(pointer[1:], "/")
	for i, t := range tokens {
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~")
	}
	return tokens, nil
}
