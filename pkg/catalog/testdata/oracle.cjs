// Prints Backstage's own verdict, ok or refused, for every document of the YAML files given: one line each.
// Needs @backstage/catalog-model, @backstage/plugin-scaffolder-common and yaml on NODE_PATH.
const fs = require('fs');
const yaml = require('yaml');
const model = require('@backstage/catalog-model');
const { templateEntityV1beta3Validator } = require('@backstage/plugin-scaffolder-common');

const kinds = [
  model.apiEntityV1alpha1Validator, model.componentEntityV1alpha1Validator, model.domainEntityV1alpha1Validator,
  model.groupEntityV1alpha1Validator, model.locationEntityV1alpha1Validator, model.resourceEntityV1alpha1Validator,
  model.systemEntityV1alpha1Validator, model.userEntityV1alpha1Validator, templateEntityV1beta3Validator,
];
const policy = model.EntityPolicies.allOf([
  new model.DefaultNamespaceEntityPolicy(), new model.SchemaValidEntityPolicy(),
  new model.NoForeignRootFieldsEntityPolicy(), new model.FieldFormatEntityPolicy(),
]);
// The references that the catalog's processors parse, with the kind that each assumes.
const owner = { owner: 'Group' };
const part = { ...owner, system: 'System' };
const depends = { ...part, dependsOn: undefined, dependencyOf: undefined };
const relations = {
  Component: { ...depends, subcomponentOf: 'Component', providesApis: 'API', consumesApis: 'API' },
  API: part, Resource: depends, System: { ...owner, domain: 'Domain' }, Domain: { ...owner, subdomainOf: 'Domain' },
  Group: { parent: 'Group', children: 'Group', members: 'User' }, User: { memberOf: 'Group' }, Template: owner,
};

// The catalog replaces placeholders before it validates.
function resolve(value) {
  if (Array.isArray(value)) return value.map(resolve);
  if (value === null || typeof value !== 'object') return value;
  const keys = Object.keys(value);
  if (!keys.some(k => k.startsWith('$'))) return Object.fromEntries(keys.map(k => [k, resolve(value[k])]));
  if (keys.length !== 1 || keys[0] !== '$text') return value;
  if (typeof value.$text !== 'string') throw new Error('placeholder $text expected a string value');
  return 'text';
}

async function judge(document) {
  if (document.errors.length) throw document.errors[0];
  const entity = await policy.enforce(resolve(document.toJSON()));
  let recognised = false;
  for (const kind of kinds) recognised = (await kind.check(entity)) || recognised;
  if (!recognised) throw new Error('no processor recognised the entity');
  for (const [field, defaultKind] of Object.entries(relations[entity.kind] ?? {})) {
    for (const ref of [entity.spec[field] ?? []].flat()) {
      model.parseEntityRef(ref, { defaultKind, defaultNamespace: entity.metadata.namespace });
    }
  }
}

(async () => {
  for (const file of process.argv.slice(2)) {
    for (const document of yaml.parseAllDocuments(fs.readFileSync(file, 'utf8'))) {
      try {
        await judge(document);
        console.log('ok');
      } catch (e) {
        console.log('refused ' + String(e.message).replace(/\s+/g, ' '));
      }
    }
  }
})();
