// Runs Backstage's own migrations once: starts the backend, waits until every plugin reports ready, gives late tables
// time to appear, and stops the backend again.
//
// usage: node migrate.js PORT READINESS_PATH SETTLE_SECONDS BACKEND_ARGUMENT...
'use strict';
const { spawn } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const http = require('node:http');

const [port, path, settle, ...backend] = process.argv.slice(2);
const say = message => console.log(JSON.stringify({ level: 'info', message, service: 'migrations' }));

// Nobody signs in to this process: its session secret lives as long as it does.
const env = { ...process.env, AUTH_SESSION_SECRET: randomBytes(32).toString('hex') };
const child = spawn(process.execPath, backend, { stdio: 'inherit', env });
let done = false;

child.on('error', error => {
  console.error(JSON.stringify({ level: 'error', message: `the backend cannot be started: ${error.message}` }));
  process.exit(1);
});
child.on('exit', (code, signal) => {
  if (done) {
    say('migrations are complete');
    process.exit(0);
  }
  console.error(JSON.stringify({ level: 'error', message: `the backend ended before it was ready (code ${code}, signal ${signal})` }));
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
  while (!(await ready())) await new Promise(resolve => setTimeout(resolve, 1000));
  say(`every plugin is ready; stopping in ${settle} s`);
  await new Promise(resolve => setTimeout(resolve, Number(settle) * 1000));
  done = true;
  child.kill('SIGTERM');
})();
