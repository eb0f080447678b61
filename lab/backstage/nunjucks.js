// Renders templates with the nunjucks of Backstage's scaffolder, configured as its SecureTemplater configures it.
// Reads [{"template": "...", "values": {...}}] and writes [{"text": "..."} or {"error": "..."}].
const nunjucks = require('nunjucks');

const environment = nunjucks.configure({ autoescape: false, tags: { variableStart: '${{', variableEnd: '}}' } });
const cases = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const results = cases.map(({ template, values }) => {
  try {
    return { text: environment.renderString(template, { values }) };
  } catch (e) {
    return { error: e.message };
  }
});
process.stdout.write(JSON.stringify(results));
