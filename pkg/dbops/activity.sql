WITH lock AS MATERIALIZED (
  SELECT pid, database, relation, granted
    FROM pg_catalog.pg_locks
   -- A reader takes AccessShareLock, autovacuum ShareUpdateExclusiveLock: neither is a migration.
   WHERE NOT granted
      OR locktype = 'relation' AND mode NOT IN ('AccessShareLock', 'ShareUpdateExclusiveLock') AND relation = ANY (/*RELATIONS*/::oid[])
)
SELECT json_build_object(
  'server_started', extract(epoch FROM pg_postmaster_start_time())::text,
  'our_port', inet_client_port(),
  'sessions', (SELECT coalesce(json_agg(json_build_object(
      'database', a.datname, 'pid', a.pid, 'application_name', coalesce(a.application_name, ''), 'user', coalesce(a.usename, ''),
      'client', CASE WHEN a.client_port > 0 THEN CASE family(a.client_addr) WHEN 6 THEN '[' || host(a.client_addr) || ']' ELSE host(a.client_addr) END || ':' || a.client_port ELSE '' END,
      'state', coalesce(a.state, ''),
      'seconds', greatest(0, coalesce(extract(epoch FROM clock_timestamp() - a.state_change)::bigint, 0)),
      'query', left(regexp_replace(coalesce(a.query, ''), '\s+', ' ', 'g'), 300),
      'waiting', coalesce(a.wait_event_type = 'Lock' AND a.pid IN (SELECT pid FROM lock WHERE NOT granted AND pid IS NOT NULL), false),
      'started', coalesce(extract(epoch FROM a.backend_start)::text, ''),
      'migrator', a.pid IN (
/*SESSIONS*/
      ))
      ORDER BY a.pid), '[]')
    FROM pg_catalog.pg_stat_activity a
   WHERE a.datname = ANY (/*DATABASES*/::name[]) AND a.usesysid IS NOT NULL AND a.pid <> pg_backend_pid()
     AND coalesce(a.backend_type, 'client backend') = 'client backend'),
  -- A prepared transaction holds its locks without a process: pid 0.
  'holders', (SELECT coalesce(json_agg(DISTINCT jsonb_build_object('database', d.datname, 'relation', k.relation::bigint, 'pid', coalesce(k.pid, 0))), '[]')
                FROM lock k
                JOIN pg_catalog.pg_database d ON d.oid = k.database AND d.datname = ANY (/*DATABASES*/::name[])
               WHERE k.granted AND k.pid IS DISTINCT FROM pg_backend_pid()),
  -- What another role builds is NULL to a role that is no member of pg_read_all_stats.
  'builds', (SELECT coalesce(json_agg(json_build_object('database', p.datname, 'pid', p.pid, 'table', p.relid::bigint, 'index', p.index_relid::bigint,
                    'command', coalesce(p.command, ''), 'phase', coalesce(p.phase, ''),
                    'percent', CASE WHEN p.blocks_total > 0 THEN 100 * p.blocks_done / p.blocks_total ELSE 0 END)), '[]')
               FROM pg_catalog.pg_stat_progress_create_index p WHERE p.datname = ANY (/*DATABASES*/::name[])))::text;
