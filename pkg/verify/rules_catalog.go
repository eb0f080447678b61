package verify

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/ameideio/ameide/pkg/catalog"
	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
)

func catalogRules() []Rule {
	return []Rule{
		{RuleInfo: rule("catalog/entities", "every entity is what Backstage accepts, and means what it says", "mend the entity"), Tree: entitiesValid},
		{RuleInfo: rule("catalog/references", "references and targets lead to entities and files, and no entity is declared twice", "name an entity of the catalog"), Tree: referencesResolve},
		{RuleInfo: rule("catalog/templates", "software templates are what the scaffolder accepts", "mend the template"), Tree: templatesValid},
		{RuleInfo: rule("catalog/location", "app-config reads the catalog of this tree", "name the catalog's entry file on the branch that Argo CD follows"), Env: locationsLead},
	}
}

const (
	catalogEntry   = "sources/backstage/catalog/all.yaml"
	templateFolder = "sources/backstage/templates"
)

// entities is the catalog of the tree, or the reason to skip a rule about it.
func (t *Tree) entities() ([]catalog.Entity, []catalog.Problem, error) {
	if _, err := fs.Stat(t.FS, catalogEntry); err != nil {
		return nil, nil, notApplicable("there is no " + catalogEntry + ", see catalog/location")
	}
	return catalog.Load(t.FS, catalogEntry)
}

func catalogIssues(problems []catalog.Problem) []Issue {
	var issues []Issue
	for _, p := range problems {
		issues = append(issues, Issue{File: p.File, Line: p.Line, Resource: p.Entity, Field: p.Field, Actual: p.Message, Hint: p.Hint})
	}
	return issues
}

// judge is what is wrong with an entity by itself.
func judge(e catalog.Entity) []Issue {
	if problems := catalog.Validate(e); len(problems) > 0 {
		return catalogIssues(problems)
	}
	return catalogIssues(catalog.Advise(e))
}

func entitiesValid(t *Tree) ([]Issue, error) {
	entities, problems, err := t.entities()
	if err != nil {
		return nil, err
	}
	issues := catalogIssues(problems)
	for _, e := range entities {
		if !strings.EqualFold(e.Kind, "Template") {
			issues = append(issues, judge(e)...)
		}
	}
	return issues, nil
}

// referencesResolve judges the catalog as a whole, unless documents of it cannot be read: what refers to those is not
// at fault.
func referencesResolve(t *Tree) ([]Issue, error) {
	entities, problems, err := t.entities()
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, notApplicable("entities cannot be read, see catalog/entities")
	}
	for _, e := range entities {
		for _, p := range catalog.Validate(e) {
			if p.Field == "kind" || strings.HasPrefix(p.Field, "metadata.name") {
				return nil, notApplicable("an entity's identity is not valid, see catalog/entities")
			}
		}
	}
	invalid := map[string]bool{}
	for _, e := range entities {
		for _, p := range catalog.Validate(e) {
			invalid[p.File+":"+strconv.Itoa(p.Line)] = true
		}
	}
	problems = slices.DeleteFunc(catalog.References(t.FS, entities), func(p catalog.Problem) bool {
		return invalid[p.File+":"+strconv.Itoa(p.Line)]
	})
	return catalogIssues(problems), nil
}

// templatesValid judges the software templates of the tree: those that the catalog reads, and those beside it.
func templatesValid(t *Tree) ([]Issue, error) {
	entities, _, err := t.entities()
	if _, skip := skipped(err); err != nil && !skip {
		return nil, err
	}
	seen := map[string]bool{}
	var templates []catalog.Entity
	for _, e := range entities {
		seen[e.File] = true
		if strings.EqualFold(e.Kind, "Template") {
			templates = append(templates, e)
		}
	}
	beside, problems, err := t.templatesBeside(seen)
	if err != nil {
		return nil, err
	}
	templates = append(templates, beside...)
	issues := catalogIssues(problems)
	for _, e := range templates {
		issues = append(issues, judge(e)...)
	}
	return sorted(issues), nil
}

// templatesBeside are the template.yaml files of the tree that the catalog does not read.
func (t *Tree) templatesBeside(seen map[string]bool) (found []catalog.Entity, problems []catalog.Problem, err error) {
	if _, err := fs.Stat(t.FS, templateFolder); err != nil {
		return nil, nil, nil
	}
	err = fs.WalkDir(t.FS, templateFolder, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == "skeleton" {
			return fs.SkipDir
		}
		if base := path.Base(p); d.IsDir() || seen[p] || base != "template.yaml" && base != "template.yml" {
			return nil
		}
		entities, wrong, err := catalog.Parse(t.FS, p)
		found, problems = append(found, entities...), append(problems, wrong...)
		return err
	})
	return found, problems, err
}

// locationsLead: one location is the entry file, and every location in this repository is a file of the branch.
func locationsLead(e *Env) ([]Issue, error) {
	c, configs, err := e.appConfigs()
	if err != nil {
		return nil, err
	}
	want := e.tree.Spec.CatalogURL()
	v, config := setting(configs, "catalog", "locations")
	var targets []string
	for _, location := range dig.List(v) {
		targets = append(targets, dig.Text(location, "target"))
	}
	if config == nil {
		config = &configs[0]
	}
	place := func(target string) helmchart.Pos {
		return e.cause(c, config.manifest, target, []string{"catalog", "location"}, "catalog", "locations", "target")
	}
	if !slices.Contains(targets, want) {
		got := strings.Join(targets, ", ")
		return []Issue{at(place(got), Issue{Resource: config.manifest.ID(), Field: "catalog.locations", Expected: want, Actual: orNothing(got)})}, nil
	}
	var issues []Issue
	repository := strings.TrimSuffix(e.tree.Spec.GitOps.RepoURL, ".git") + "/blob/" + e.tree.Spec.GitOps.Revision + "/"
	for _, target := range targets {
		file, ours := strings.CutPrefix(target, repository)
		if !ours || strings.Contains(file, "*") {
			continue
		}
		if _, err := fs.Stat(e.tree.FS, file); err != nil {
			issues = append(issues, Issue{File: file, Resource: config.manifest.ID(), Field: "catalog.locations", Expected: "a catalog file", Actual: "nothing"})
		}
	}
	return issues, nil
}
