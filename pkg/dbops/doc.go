// Package dbops sees every Knex migration lock of a Backstage installation and clears exactly the ones that are stuck.
//
// Knex keeps its lock in a table with one row: 0 is free, 1 is taken. The row alone proves nothing. A migration inside a
// transaction has not committed its 1, so everybody else reads 0 while it runs; a migration outside one holds no relation
// lock, so only its session shows that it lives; a client that was killed leaves its server process working. Read
// therefore takes the rows of every database, then once for the server pg_locks, pg_stat_activity and the progress views,
// then what is doubtful again; Judge decides from all of them, and Apply, the only writer, decides again under an exclusive
// lock before it changes anything.
//
// How Knex takes and frees its lock: lib/migrations/migrate/Migrator.js of knex 3.
package dbops
