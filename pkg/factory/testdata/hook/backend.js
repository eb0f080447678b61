// A backend as the migration hook sees one: node backend.js PORT BEHAVIOUR [TEXT]
'use strict';
const http = require('node:http');
const [port, behaviour, text] = process.argv.slice(2);
const answer = status => (_, response) => response.writeHead(status).end();
const serve = handler => http.createServer(handler).listen(Number(port), '127.0.0.1', () => console.log('listening'));

process.on('SIGTERM', () => {
  console.log('asked to stop');
  process.exit(0);
});
if (!/^[0-9a-f]{64}$/.test(process.env.AUTH_SESSION_SECRET)) throw new Error('no session secret');
switch (behaviour) {
  case 'becomes-ready': {
    const begin = Date.now();
    serve((request, response) => answer(request.url === '/ready' && Date.now() - begin > 1500 ? 200 : 503)(request, response));
    break;
  }
  case 'ends': // as a plugin's failure ends releases up to 1.43
    console.error('boom');
    process.exit(7);
    break;
  case 'locked-and-ends':
    console.error('MigrationLocked: Plugin \'catalog\' startup failed; caused by MigrationLocked: Migration table is already locked');
    process.exit(1);
    break;
  case 'locked-and-stays': // as releases from 1.44 on do: alive, never ready
    serve(answer(503));
    console.log('{"level":"error","message":"Plugin \'catalog\' threw an error: Migration table is already locked"}');
    break;
  case 'locked-and-ready': // as a plugin does that only writes it to the log
    serve(answer(200));
    setTimeout(() => console.error('Unhandled rejection Migration table is already locked'), 200);
    break;
  case 'says-and-stays': // alive, never ready
    serve(answer(503));
    console.log(text);
    break;
  case 'says-and-ready':
    serve(answer(200));
    console.log(text);
    break;
  default: // never ready
    serve(answer(503));
}
