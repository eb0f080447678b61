// Knex as an oracle: runs migrations that a test describes, with the real migrator.
//
// usage: node knex.js COMMAND MIGRATIONS_JSON   COMMAND is latest, unlock or status; DATABASE_URL names the database.
// A migration is {"name": "1_a.js", "sql": ["…"], "transaction": false}.
'use strict';
const knex = require('knex');

const [command, description] = process.argv.slice(2);
const migrations = JSON.parse(description || '[]');
const database = knex({
  client: 'pg',
  connection: { connectionString: process.env.DATABASE_URL, application_name: process.env.APPLICATION_NAME },
  pool: { min: 0, max: 2 },
  log: { warn() {}, error() {}, debug() {} },
});
const config = {
  disableMigrationsListValidation: true, // starters that know different migrations race for one lock
  migrationSource: {
    getMigrations: async () => migrations,
    getMigrationName: migration => migration.name,
    getMigration: async migration => ({
      up: async trx => {
        for (const sql of migration.sql) await trx.raw(sql);
      },
      down: async () => {},
      config: { transaction: migration.transaction !== false },
    }),
  },
};

const commands = {
  latest: () => database.migrate.latest(config),
  unlock: () => database.migrate.forceFreeMigrationsLock(config),
  status: () => database.migrate.status(config),
};
commands[command]()
  .then(result => console.log(JSON.stringify({ ok: true, result })))
  .catch(error => {
    console.log(JSON.stringify({ ok: false, name: error.name, message: error.message, code: error.code }));
    process.exitCode = 1;
  })
  .finally(() => database.destroy());
