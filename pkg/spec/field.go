package spec

import (
	"reflect"
	"strconv"
	"strings"
)

// field is what a struct field's tags say. Load, Schema and Print all walk the types by it.
type field struct {
	name     string   // yaml key
	index    int      // in the struct
	doc      string   // one sentence
	rule     string   // rule of the scalar, or of each item or value
	key      string   // rule of a map's keys
	enum     []string // allowed values of the scalar or of each item
	min, max int      // items of a list; 0 means no limit
	optional bool     // may be left out of an item of a list
}

// fieldsOf lists the fields of a struct type of this package in order.
func fieldsOf(t reflect.Type) []field {
	fields := make([]field, t.NumField())
	for i := range fields {
		tag := t.Field(i).Tag
		name, options, _ := strings.Cut(tag.Get("yaml"), ",")
		fields[i] = field{
			name: name, index: i, doc: tag.Get("doc"), rule: tag.Get("rule"), key: tag.Get("key"),
			min: number(tag.Get("min")), max: number(tag.Get("max")), optional: options == "omitempty",
		}
		if values := tag.Get("enum"); values != "" {
			fields[i].enum = strings.Split(values, ",")
		}
	}
	return fields
}

// number is a tag's number; the tags are constants of this package.
func number(tag string) int {
	n, err := strconv.Atoi(tag)
	if err != nil {
		return 0
	}
	return n
}

// required tells the keys that every item of a list must give. An environment needs its name alone: everything else
// follows from it.
func required(t reflect.Type, f field) bool {
	if t == reflect.TypeFor[Environment]() {
		return f.name == "name"
	}
	return !f.optional
}
