package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// applySettings gives every flag that the command line does not set its value from the environment (AMEIDE_GITOPS_ROOT)
// or from the config file (gitops-root), and makes that value the default that --help shows.
func applySettings(env Env, c *cobra.Command) error {
	v, err := readConfig(env, c.Root())
	if err != nil {
		return err
	}
	var errs []error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" {
			return
		}
		if err := applySetting(env, v, f); err != nil {
			errs = append(errs, err)
		}
	})
	if err := errors.Join(errs...); err != nil {
		return usage(err, "")
	}
	return nil
}

func applySetting(env Env, v *viper.Viper, f *pflag.Flag) error {
	source := variable(f.Name)
	value, ok := env.Lookup(source)
	set := func() error { return f.Value.Set(value) }
	if !ok && v.InConfig(f.Name) {
		source, ok = env.ConfigFile+": "+f.Name, true
		set = func() error { return setConfigured(f, v.Get(f.Name)) }
	}
	if !ok {
		return nil
	}
	if err := set(); err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	if !isSecretFlag(f) {
		f.DefValue = f.Value.String()
	}
	return nil
}

// setConfigured gives a flag its value of the config file: text as it stands, spaces and all, or a list.
func setConfigured(f *pflag.Flag, value any) error {
	switch node := value.(type) {
	case []any:
		list, ok := f.Value.(pflag.SliceValue)
		if !ok {
			return errors.New("is a list; the flag takes one value")
		}
		items := make([]string, len(node))
		for i, item := range node {
			items[i] = fmt.Sprint(item)
		}
		return list.Replace(items)
	case map[string]any:
		return errors.New("is a mapping; the flag takes text")
	case nil:
		return f.Value.Set("")
	}
	return f.Value.Set(fmt.Sprint(value))
}

// variable is the environment variable that stands for a flag.
func variable(flag string) string {
	return "AMEIDE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// readConfig reads the user's config file, which holds flag names as keys. No file is no settings; a key that is no
// flag of any command is an error.
func readConfig(env Env, root *cobra.Command) (*viper.Viper, error) {
	v := viper.New()
	if env.ConfigFile == "" {
		return v, nil
	}
	v.SetConfigFile(env.ConfigFile)
	err := v.ReadInConfig()
	if errors.Is(err, fs.ErrNotExist) {
		return v, nil
	}
	if err != nil {
		return nil, usage(fmt.Errorf("read config file %s: %w", env.ConfigFile, configCause(err)), "correct it; it holds flags by name, for example gitops-root: ../gitops")
	}
	known := flagNames(root)
	keys := v.AllKeys()
	sort.Strings(keys)
	for _, key := range keys {
		if !known[key] {
			return nil, usage(fmt.Errorf("%s: unknown setting %q", env.ConfigFile, key), "the nearest setting is "+nearest(key, slices.Sorted(maps.Keys(known))))
		}
	}
	return v, nil
}

// configCause is what is wrong with a config file, without viper's words around it.
func configCause(err error) error {
	var parse viper.ConfigParseError
	if errors.As(err, &parse) {
		return errors.Unwrap(parse)
	}
	return err
}

func flagNames(c *cobra.Command) map[string]bool {
	names := map[string]bool{}
	c.Flags().VisitAll(func(f *pflag.Flag) { names[f.Name] = true })
	for _, child := range c.Commands() {
		for name := range flagNames(child) {
			names[name] = true
		}
	}
	return names
}

// secretAnnotation marks a flag whose value may carry a password and is never shown as a default.
const secretAnnotation = "ameide-secret"

func isSecretFlag(f *pflag.Flag) bool { return len(f.Annotations[secretAnnotation]) > 0 }
