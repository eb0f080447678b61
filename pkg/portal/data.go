package portal

import (
	"fmt"
	"io/fs"

	"github.com/ameideio/ameide/pkg/scaffold"
	"github.com/ameideio/ameide/pkg/tenancy"
)

// data is what portal/template.yaml.tmpl sees.
type data struct {
	Kind       string
	Word       string // the kind as --kind takes it
	Definition bool   // a design-time artifact
	Folder     string // of what is written, below the code repository's root, without the name

	Owner    string // of the template itself
	Langs    []string
	LangPath string // the language in a path: written out, or the form's
	Harness  bool   // the kind has a test runner

	NamePattern, DescriptionPattern, TenantPattern string
	DefinitionPattern, VersionPattern              string
	ModelPattern, HostPattern                      string
	ReservedPattern                                string
	Reserved                                       []string
	MaxName, MaxTenant                             int

	Values             string // lines of YAML
	Code               string // expression of the code's repository, owner/name
	CodeURL, GitOpsURL string // expressions of the repositories as a RepoUrlPicker gives them
}

func (f *form) data(tree fs.FS) (data, error) {
	values, err := f.values()
	if err != nil {
		return data{}, err
	}
	lines, err := text(values)
	if err != nil {
		return data{}, err
	}
	code, _ := f.field("Repository")
	gitops, _ := f.field("GitopsRepository")
	d := data{
		Kind: string(f.kind), Word: f.word(), Definition: f.definition, Folder: "primitives/" + string(f.kind),
		ReservedPattern: scaffold.ReservedPattern, Reserved: scaffold.Reserved(f.kind),
		Owner: f.spec.Catalog.Systems[0].Owner, LangPath: "${{ parameters.lang }}",
		NamePattern: scaffold.NamePattern, DescriptionPattern: scaffold.DescriptionPattern, TenantPattern: tenancy.TenantPattern,
		DefinitionPattern: scaffold.DefinitionPattern, VersionPattern: scaffold.VersionPattern,
		ModelPattern: scaffold.ModelPattern, HostPattern: scaffold.HostPattern,
		MaxName: scaffold.MaxName(f.kind, f.spec.EnvironmentNames()), MaxTenant: tenancy.MaxTenant(f.spec.Environments),
		Values: lines, Code: code, CodeURL: repoURL(code), GitOpsURL: repoURL(gitops),
	}
	if f.definition {
		d.Folder = "definitions/" + string(f.kind)
		return d, nil
	}
	for _, l := range f.langs {
		d.Langs = append(d.Langs, string(l))
		_, err := fs.Stat(tree, fmt.Sprintf("primitives/%s/%s/harness", f.kind, l))
		d.Harness = d.Harness || err == nil
	}
	if len(f.langs) == 1 {
		d.LangPath = d.Langs[0]
	}
	return d, nil
}

// repoURL is the expression of a repository in the form of publish:github:pull-request.
func repoURL(slug string) string {
	return fmt.Sprintf(`"github.com?owner=" ~ %[1]s.split("/")[0] ~ "&repo=" ~ %[1]s.split("/")[1]`, slug)
}
