package catalog

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/ameideio/ameide/pkg/lazy"
)

// valueType is a JSON type, as a YAML document has it once Backstage has read it.
type valueType int

const (
	typeNull valueType = iota
	typeString
	typeNumber
	typeBool
	typeObject
	typeArray
	typeAny // a placeholder that stands for any JSON value
)

// String is the type in a sentence.
func (t valueType) String() string {
	return [...]string{"nothing", "text", "a number", "true or false", "a mapping", "a list", "anything"}[t]
}

// Plain scalars of YAML 1.2's core schema, which Backstage's parser follows: yes, no and dates are text there.
var (
	coreNull   = lazy.Regexp(`^(|~|null|Null|NULL)$`)
	coreBool   = lazy.Regexp(`^(true|True|TRUE|false|False|FALSE)$`)
	coreNumber = lazy.Regexp(`^([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
)

// typeOf is the type that Backstage sees. A placeholder has the type of what it is replaced by.
func typeOf(n *yaml.Node) valueType {
	n = target(n)
	switch n.Kind {
	case yaml.MappingNode:
		if key, _, ok := placeholder(n); ok {
			return key
		}
		return typeObject
	case yaml.SequenceNode:
		return typeArray
	}
	const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	explicit := n.Style&yaml.TaggedStyle != 0
	switch {
	case n.Style&quoted != 0 && !explicit, explicit && n.ShortTag() == "!!str":
		return typeString
	case coreNull().MatchString(n.Value):
		return typeNull
	case coreBool().MatchString(n.Value):
		return typeBool
	case coreNumber().MatchString(n.Value):
		return typeNumber
	default:
		return typeString
	}
}

// placeholder recognises a mapping that Backstage's PlaceholderProcessor replaces before it validates: its only key is
// $text, $json or $yaml, or $openapi or $asyncapi of the module that most installations have.
func placeholder(n *yaml.Node) (becomes valueType, value *yaml.Node, ok bool) {
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 {
		return 0, nil, false
	}
	key, found := strings.CutPrefix(target(n.Content[0]).Value, "$")
	switch value = target(n.Content[1]); {
	case !found:
		return 0, nil, false
	case key == "text", key == "openapi", key == "asyncapi":
		return typeString, value, true
	case key == "json", key == "yaml":
		return typeAny, value, true
	}
	return 0, nil, false
}
