// Runs Backstage's own migrations once: starts the backend, waits until every plugin reports ready, gives late tables
// time to appear, and stops the backend again. Exits 0 when every plugin that must start has started, and so has migrated.
//
// usage: node migrate.js PORT READINESS_PATH SETTLE_SECONDS BACKEND_ARGUMENT...
'use strict';
const { spawn } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const http = require('node:http');
const readline = require('node:readline');

const [port, path, settle, ...backend] = process.argv.slice(2);
const log = (level, message) => console.log(JSON.stringify({ level, message, service: 'migrations' }));
const sleep = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));

// Nobody signs in to this process: its session secret lives as long as it does.
const env = { ...process.env, AUTH_SESSION_SECRET: randomBytes(32).toString('hex') };
const child = spawn(process.execPath, backend, { stdio: ['ignore', 'pipe', 'pipe'], env });
let complete = false;
let permitted = false; // a plugin failed, and backend.startup permits it

// A failure does not always end the backend: some plugins only write it to the log, and newer releases stay up for ever,
// never ready. So the log is read, and the backend asked to stop: it finishes the migrations it is in. The first of these
// that was seen is told, because a plugin that finds its lock taken fails to start, too.
const failures = [
  {
    says: /Migration table is already locked/,
    means: 'a migration lock is taken: another migration is running, or one was killed (ameide platform backstage migrations)',
  },
  {
    says: /(threw an error|reported failure for module .*) during startup(?!, but boot failure is permitted)/,
    means: 'a plugin failed to start, see above: its migrations may not be complete',
  },
];
const seen = new Set();
const relay = (from, to) =>
  readline.createInterface({ input: from }).on('line', line => {
    to.write(`${line}\n`);
    permitted ||= line.includes('boot failure is permitted');
    const failure = failures.find(({ says }) => says.test(line));
    if (!failure) return;
    if (seen.size === 0) child.kill('SIGTERM');
    seen.add(failure);
  });
relay(child.stdout, process.stdout);
relay(child.stderr, process.stderr);

child.on('error', error => {
  log('error', `the backend cannot be started: ${error.message}`);
  process.exit(1);
});
child.on('close', (code, signal) => {
  const failure = failures.find(known => seen.has(known));
  if (failure) {
    log('error', failure.means);
  } else if (complete) {
    if (permitted) log('warn', 'a plugin failed to start, which is permitted: its migrations may not be complete');
    log('info', 'migrations are complete');
    process.exit(0);
  } else {
    log('error', `the backend ended before its migrations were complete (code ${code}, signal ${signal})`);
  }
  process.exit(1);
});
// Asked to stop, let the backend finish the statement it is in: a kill would leave its lock behind.
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill('SIGTERM'));

const ready = () =>
  new Promise(resolve => {
    const request = http.get({ host: '127.0.0.1', port, path, timeout: 5000 }, response => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });

(async () => {
  while (!(await ready())) await sleep(1000);
  log('info', `every plugin is ready; stopping in ${settle} s`);
  await sleep(Number(settle) * 1000);
  complete = true;
  child.kill('SIGTERM');
})();
