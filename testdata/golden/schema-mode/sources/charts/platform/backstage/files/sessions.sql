-- Sessions of Backstage plugins in the database that this runs in: while one is alive, a lock may be held by it.
SELECT pid
  FROM pg_catalog.pg_stat_activity
 WHERE datname = current_database()
   AND backend_type = 'client backend'
   AND pid <> pg_backend_pid()
   AND application_name LIKE 'backstage\_plugin\_%'
 ORDER BY pid
