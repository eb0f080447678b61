-- Sessions that may be a migration in the database that this runs in: while one is alive, it may hold a lock. Every client
-- counts, named as a plugin or not, but not those that are known to be something else. What the role may not see is NULL.
SELECT pid
  FROM pg_catalog.pg_stat_activity
 WHERE datname = current_database()
   AND usesysid IS NOT NULL
   AND coalesce(backend_type, 'client backend') = 'client backend'
   AND pid <> pg_backend_pid()
   AND application_name NOT LIKE 'ameide-%'
   AND application_name NOT LIKE 'pgAdmin%'
   AND application_name NOT IN ('psql', 'pg_dump', 'pgbouncer', 'cnpg_metrics_exporter', 'postgres_exporter')
 ORDER BY pid
