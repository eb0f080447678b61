DO $ameide$
DECLARE
  lock_table record;
  found jsonb := '{}';
  entry jsonb;
  part jsonb;
BEGIN
  FOR lock_table IN
    SELECT format('%I.%I', n.nspname, c.relname) AS name, format('%I.%I', n.nspname, left(c.relname, -5)) AS migrations
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE format('%I.%I', n.nspname, c.relname) IN (
/*LOCK_TABLES*/
     )
  LOOP
    -- One table that may not be read, or that somebody holds, must not hide the others.
    BEGIN
      EXECUTE format('SELECT jsonb_build_object(''rows'', coalesce(jsonb_agg(jsonb_build_object(''index'', "index", ''is_locked'', is_locked) ORDER BY "index"), ''[]''),
                             ''lock_age'', min(age)) FROM (SELECT *, age(xmin) AS age FROM %s ORDER BY 1 LIMIT /*MAX_ROWS*/) r', lock_table.name) INTO entry;
    EXCEPTION WHEN OTHERS THEN
      entry := jsonb_build_object('unreadable', SQLERRM);
    END;
    BEGIN
      EXECUTE format('SELECT jsonb_build_object(''migrations'', coalesce(jsonb_agg(jsonb_build_object(''name'', name, ''batch'', batch,
                             ''time'', to_char(migration_time AT TIME ZONE ''UTC'', ''YYYY-MM-DD"T"HH24:MI:SS"Z"'')) ORDER BY id), ''[]''),
                             ''migration_age'', min(age(xmin))) FROM %s', lock_table.migrations) INTO part;
    EXCEPTION WHEN OTHERS THEN
      part := '{}';
    END;
    found := found || jsonb_build_object(lock_table.name, entry || part);
  END LOOP;
  PERFORM set_config('ameide.found', found::text, true);
END
$ameide$;

WITH found AS MATERIALIZED (
  SELECT key AS name, value FROM jsonb_each(current_setting('ameide.found')::jsonb)
), lock_table AS MATERIALIZED (
  SELECT c.oid, c.relnamespace, n.nspname, c.relname, left(c.relname, -5) AS migrations, found.value,
         -- Libraries mark what is theirs: backstage_backend_tasks__knex_migrations_lock, backstage_backend_tasks__tasks.
         CASE WHEN strpos(c.relname, '__') > 1 THEN left(c.relname, strpos(c.relname, '__') + 1) END AS family
    FROM found
    JOIN pg_catalog.pg_class c ON c.relkind = 'r' AND c.relname LIKE '%\_lock'
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND format('%I.%I', n.nspname, c.relname) = found.name
), newer AS MATERIALIZED (
  SELECT l.oid AS lock, c.oid, c.relkind, format('%I.%I', l.nspname, c.relname) AS name
    FROM lock_table l
    JOIN pg_catalog.pg_class c ON c.relnamespace = l.relnamespace AND c.relkind IN ('r', 'i')
   WHERE l.value -> 'rows' -> 0 ->> 'is_locked' = '1'
     AND age(c.xmin) < least((l.value ->> 'lock_age')::int, (l.value ->> 'migration_age')::int)
     AND CASE WHEN l.family IS NULL
              THEN NOT EXISTS (SELECT 1 FROM lock_table o
                                WHERE o.relnamespace = c.relnamespace AND (starts_with(c.relname, o.family) OR c.relname IN (o.relname, o.migrations)))
              ELSE starts_with(c.relname, l.family) END
)
SELECT json_build_object(
  'name', current_database(),
  'version', current_setting('server_version'),
  'role', current_user,
  'standby', pg_is_in_recovery(),
  'our_port', inet_client_port(),
  'databases', /*DATABASES*/,
  'tables', (SELECT coalesce(json_agg(json_build_object(
      'schema', l.nspname, 'name', l.relname,
      'rows', coalesce(l.value -> 'rows', '[]'), 'unreadable', coalesce(l.value ->> 'unreadable', ''),
      'migrations', coalesce(l.value -> 'migrations', '[]'),
      'holders', (SELECT coalesce(json_agg(DISTINCT k.pid), '[]')
                    FROM pg_catalog.pg_locks k
                   WHERE k.locktype = 'relation' AND k.relation = l.oid AND k.granted AND k.pid <> pg_backend_pid()
                     AND k.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
                     -- A reader takes AccessShareLock, autovacuum ShareUpdateExclusiveLock: neither is a migration.
                     AND k.mode NOT IN ('AccessShareLock', 'ShareUpdateExclusiveLock')),
      'has_indexes', (SELECT coalesce(json_agg(c.relname), '[]')
                        FROM pg_catalog.pg_class c
                        JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid AND i.indisvalid
                       WHERE c.relnamespace = l.relnamespace AND c.relname = ANY (ARRAY[/*KNOWN_INDEXES*/])),
      'newer', (SELECT coalesce(json_agg(json_build_object('kind', CASE w.relkind WHEN 'r' THEN 'table' ELSE 'index' END, 'name', w.name)), '[]')
                  FROM newer w
                 WHERE w.lock = l.oid
                   AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_index i JOIN newer t ON t.oid = i.indrelid AND t.lock = l.oid WHERE i.indexrelid = w.oid))
    )), '[]') FROM lock_table l),
  'indexes', (SELECT coalesce(json_agg(json_build_object(
      'schema', n.nspname, 'name', format('%I.%I', n.nspname, c.relname), 'table', i.indrelid::regclass::text,
      'building', EXISTS (SELECT 1 FROM pg_catalog.pg_stat_progress_create_index p
                           WHERE p.datname = current_database() AND (p.index_relid = c.oid OR p.index_relid = 0 AND p.relid = i.indrelid)))
      ORDER BY n.nspname, c.relname), '[]')
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT LIKE 'pg\_%'
   WHERE NOT i.indisvalid),
  'sessions', (SELECT coalesce(json_agg(json_build_object(
      'pid', a.pid, 'application_name', coalesce(a.application_name, ''), 'user', coalesce(a.usename, ''),
      'client', CASE WHEN a.client_port > 0 THEN CASE family(a.client_addr) WHEN 6 THEN '[' || host(a.client_addr) || ']' ELSE host(a.client_addr) END || ':' || a.client_port ELSE '' END,
      'state', coalesce(a.state, ''),
      'seconds', greatest(0, coalesce(extract(epoch FROM clock_timestamp() - a.state_change)::bigint, 0)),
      'query', left(regexp_replace(coalesce(a.query, ''), '\s+', ' ', 'g'), 300),
      'waiting', coalesce(a.wait_event_type = 'Lock' AND EXISTS (SELECT 1 FROM pg_catalog.pg_locks k WHERE k.pid = a.pid AND NOT k.granted), false),
      'started', coalesce(extract(epoch FROM a.backend_start)::text, ''),
      'migrator', a.pid IN (
/*SESSIONS*/
      ),
      'progress', (SELECT json_build_object('command', p.command, 'phase', p.phase,
                          'percent', CASE WHEN p.blocks_total > 0 THEN 100 * p.blocks_done / p.blocks_total ELSE 0 END)
                     FROM pg_catalog.pg_stat_progress_create_index p WHERE p.pid = a.pid))
      ORDER BY a.pid), '[]')
    FROM pg_catalog.pg_stat_activity a
   WHERE a.datname = current_database() AND a.usesysid IS NOT NULL AND a.pid <> pg_backend_pid()
     AND coalesce(a.backend_type, 'client backend') = 'client backend')
)::text;
