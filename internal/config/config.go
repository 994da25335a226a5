// Package config fills a tree of tagged structs from defaults, a YAML file, the environment and flags, in rising order
// of precedence, and describes every setting there is.
//
// A field's tags: koanf:"name" is its place in the file (a.b) and its flag (--a.b, with - for _); its variable is
// PREFIX_A_B; env:"X,Y" names further variables, tried before that; secret:"true" keeps it out of flags and print-outs;
// doc:"..." explains it. A struct field without a name is inlined.
package config

import (
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
	yamlv3 "go.yaml.in/yaml/v3"
)

// EnvPrefix starts the names of the environment variables of our programs.
const EnvPrefix = "MEDICORE"

// Setting is one value that can be configured.
type Setting struct {
	Path    string   // place in the file: profiles.database_url
	Flag    string   // profiles.database-url; "" for a secret
	Env     []string // variables that set it, first wins
	Default string   // printed default
	Doc     string
	Secret  bool
	value   reflect.Value
}

// Settings lists the settings of the struct that cfg points to, in declaration order. cfg must hold the defaults.
func Settings(prefix string, cfg any) []Setting {
	var out []Setting
	walk(prefix, "", reflect.ValueOf(cfg).Elem(), &out)
	return out
}

func walk(prefix, at string, v reflect.Value, out *[]Setting) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name := f.Tag.Get("koanf")
		if !f.IsExported() || name == "-" {
			continue
		}
		path := strings.TrimPrefix(at+"."+name, ".")
		if name == "" {
			path = at
		}
		if f.Type.Kind() == reflect.Struct {
			walk(prefix, path, v.Field(i), out)
			continue
		}
		if name == "" {
			continue
		}
		s := Setting{Path: path, Default: text(v.Field(i)), Doc: f.Tag.Get("doc"), Secret: f.Tag.Get("secret") == "true", value: v.Field(i)}
		if e := f.Tag.Get("env"); e != "" {
			s.Env = strings.Split(e, ",")
		}
		s.Env = append(s.Env, prefix+"_"+strings.ToUpper(strings.ReplaceAll(path, ".", "_")))
		if !s.Secret {
			s.Flag = strings.ReplaceAll(path, "_", "-")
		}
		*out = append(*out, s)
	}
}

func text(v reflect.Value) string {
	if l, ok := reflect.TypeAssert[[]string](v); ok {
		return strings.Join(l, ",")
	}
	return fmt.Sprint(v.Interface())
}

// RegisterFlags adds a flag for every setting that is no secret. A boolean flag needs no value.
func RegisterFlags(fs *pflag.FlagSet, prefix string, cfg any) {
	for _, s := range Settings(prefix, cfg) {
		if s.Flag == "" || fs.Lookup(s.Flag) != nil {
			continue
		}
		fs.String(s.Flag, s.Default, s.Doc)
		if s.value.Kind() == reflect.Bool {
			fs.Lookup(s.Flag).NoOptDefVal = "true"
		}
	}
}

// Sources is where values come from beside the defaults in the struct.
type Sources struct {
	Prefix string         // of environment variables, without "_"
	File   string         // YAML; "" for none
	Env    []string       // as os.Environ gives it
	Flags  *pflag.FlagSet // parsed; only flags that were given count. May be nil
	Others []Setting      // of other commands: their variables may be set too and are not read
	Lister string         // the command that lists what can be set, which errors name
}

// Load fills the struct that cfg points to, which must hold the defaults. A key or a PREFIX_ variable that no setting
// has is an error, as is a value of the wrong type; the message names it and where it stands.
func Load(cfg any, src Sources) error {
	settings := Settings(src.Prefix, cfg)
	k := koanf.New(".")
	if src.File != "" {
		if err := k.Load(file.Provider(src.File), yaml.Parser()); err != nil {
			return fmt.Errorf("read the configuration file %s: %w", src.File, err)
		}
		if err := unknownKeys(k, settings, src); err != nil {
			return err
		}
	}
	env, err := fromEnv(settings, src)
	if err != nil {
		return err
	}
	if err := k.Load(confmap.Provider(env, "."), nil); err != nil {
		return fmt.Errorf("read the environment: %w", err)
	}
	if src.Flags != nil {
		given := map[string]any{}
		for _, s := range settings {
			if f := src.Flags.Lookup(s.Flag); f != nil && f.Changed {
				given[s.Path] = f.Value.String()
			}
		}
		if err := k.Load(confmap.Provider(given, "."), nil); err != nil {
			return fmt.Errorf("read flags: %w", err)
		}
	}
	return k.UnmarshalWithConf("", cfg, koanf.UnmarshalConf{Tag: "koanf", DecoderConfig: &mapstructure.DecoderConfig{
		TagName: "koanf", Result: cfg, WeaklyTypedInput: true, ErrorUnused: true, Squash: true,
		DecodeHook: mapstructure.ComposeDecodeHookFunc(mapstructure.StringToTimeDurationHookFunc(), list),
	}})
}

// list splits a text at commas, dropping spaces and empty parts.
func list(from, to reflect.Type, v any) (any, error) {
	if from.Kind() != reflect.String || to != reflect.TypeFor[[]string]() {
		return v, nil
	}
	var out []string
	for part := range strings.SplitSeq(v.(string), ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out, nil
}

func unknownKeys(k *koanf.Koanf, settings []Setting, src Sources) error {
	known := map[string]bool{}
	for _, s := range settings {
		known[s.Path] = true
	}
	var bad []string
	for _, key := range k.Keys() {
		if !known[key] {
			bad = append(bad, key)
		}
	}
	if len(bad) > 0 {
		sort.Strings(bad)
		return fmt.Errorf("%s: unknown key %s (%s lists the known ones)", src.File, strings.Join(bad, ", "), src.Lister)
	}
	return nil
}

func fromEnv(settings []Setting, src Sources) (map[string]any, error) {
	values := map[string]string{}
	for _, kv := range src.Env {
		name, v, _ := strings.Cut(kv, "=")
		values[name] = v
	}
	known := map[string]bool{src.Prefix + "_CONFIG": true}
	for _, s := range src.Others {
		for _, name := range s.Env {
			known[name] = true
		}
	}
	out := map[string]any{}
	for _, s := range settings {
		for _, name := range s.Env {
			known[name] = true
			if v, ok := values[name]; ok {
				if _, dup := out[s.Path]; !dup {
					out[s.Path] = v
				}
			}
		}
	}
	var bad []string
	for name := range values {
		if strings.HasPrefix(name, src.Prefix+"_") && !known[name] {
			bad = append(bad, name)
		}
	}
	if len(bad) > 0 {
		sort.Strings(bad)
		return nil, fmt.Errorf("environment: unknown variable %s (%s lists the known ones)", strings.Join(bad, ", "), src.Lister)
	}
	return out, nil
}

// Print renders the effective values of cfg as YAML that Load reads back, secrets masked.
func Print(prefix string, cfg any) (string, error) {
	root := &yamlv3.Node{Kind: yamlv3.MappingNode}
	for _, s := range Settings(prefix, cfg) {
		node := root
		parts := strings.Split(s.Path, ".")
		for _, p := range parts[:len(parts)-1] {
			node = child(node, p)
		}
		val := &yamlv3.Node{}
		v := s.value.Interface()
		if d, ok := v.(time.Duration); ok {
			v = d.String()
		}
		if s.Secret && !s.value.IsZero() {
			v = "********"
		}
		if err := val.Encode(v); err != nil {
			return "", fmt.Errorf("print %s: %w", s.Path, err)
		}
		node.Content = append(node.Content, &yamlv3.Node{Kind: yamlv3.ScalarNode, Value: parts[len(parts)-1]}, val)
	}
	b, err := yamlv3.Marshal(root)
	return string(b), err
}

func child(n *yamlv3.Node, name string) *yamlv3.Node {
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	c := &yamlv3.Node{Kind: yamlv3.MappingNode}
	n.Content = append(n.Content, &yamlv3.Node{Kind: yamlv3.ScalarNode, Value: name}, c)
	return c
}

// Markdown renders the table of all settings for the documentation.
func Markdown(prefix string, cfg any) string {
	var b strings.Builder
	b.WriteString("| key in the file | flag | environment | default | meaning |\n|---|---|---|---|---|\n")
	for _, s := range Settings(prefix, cfg) {
		flag, def := "`--"+s.Flag+"`", "`"+s.Default+"`"
		if s.Flag == "" {
			flag = "(secret: environment or file only)"
		}
		if s.Default == "" {
			def = ""
		}
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s | %s |\n", s.Path, flag, strings.Join(s.Env, "`, `"), def, strings.ReplaceAll(s.Doc, "|", "\\|"))
	}
	return b.String()
}

// DefaultFile returns the file to read when none is named: medicore.yaml in the working folder, if there is one.
func DefaultFile(name string) string {
	if _, err := os.Stat(name); err == nil {
		return name
	}
	return ""
}
