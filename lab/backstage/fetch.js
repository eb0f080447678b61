// Runs the scaffolder's real fetch:template action on folders of this machine, without a backend.
// Reads {"template": folder of a template.yaml, "workspace": folder, "inputs": [input of the action, ...]}.
const { createFetchTemplateAction } = require('@backstage/plugin-scaffolder-backend');
const { ScmIntegrations } = require('@backstage/integration');
const { ConfigReader } = require('@backstage/config');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

async function main() {
  const { template, workspace, inputs } = JSON.parse(fs.readFileSync(0, 'utf8'));
  const nothing = async () => { throw new Error('this action reads local folders only'); };
  const action = createFetchTemplateAction({
    reader: { readUrl: nothing, readTree: nothing, search: nothing },
    integrations: ScmIntegrations.fromConfig(new ConfigReader({})),
  });
  const quiet = { info() {}, debug() {}, warn: console.error, error: console.error, child: () => quiet };
  const temporary = [];
  for (const input of inputs) {
    await action.handler({
      input,
      logger: quiet,
      workspacePath: workspace,
      templateInfo: { entityRef: 'template:default/lab', baseUrl: pathToFileURL(path.join(template, 'template.yaml')).href },
      createTemporaryDirectory: async () => {
        const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'fetch-'));
        temporary.push(dir);
        return dir;
      },
      output() {},
      checkpoint: async ({ fn }) => fn(),
      getInitiatorCredentials: nothing,
      task: { id: 'lab' },
    });
  }
  for (const dir of temporary) fs.rmSync(dir, { recursive: true });
}

main().catch(e => {
  console.error(e.stack);
  process.exit(1);
});
