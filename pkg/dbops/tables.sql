DO $ameide$
DECLARE
  lock_table text;
  migrations text;
  identity text[];
  entry jsonb;
  part jsonb;
  tables jsonb := '[]';
  indexes jsonb := '[]';
  known boolean := false;
BEGIN
  FOR lock_table IN
/*LOCK_TABLES*/
  LOOP
    identity := parse_ident(lock_table);
    migrations := format('%I.%I', identity[1], left(identity[2], -5));
    -- One table that may not be read, or that somebody holds, must not hide the others.
    BEGIN
      EXECUTE format($rows$SELECT jsonb_build_object(
                 'rows', coalesce(jsonb_agg(jsonb_build_object('index', "index", 'is_locked', is_locked) ORDER BY "index"), '[]'),
                 'stamp', coalesce(string_agg(format('%%s %%s', ctid, xmin), ',' ORDER BY ctid), ''),
                 'oid', %1$L::regclass::oid::bigint, 'lock_age', min(age(xmin)))
          FROM (SELECT ctid, xmin, "index", is_locked FROM %1$s ORDER BY "index" LIMIT /*MAX_ROWS*/) r$rows$, lock_table) INTO entry;
    EXCEPTION WHEN OTHERS THEN
      entry := jsonb_build_object('unreadable', SQLERRM,
        'oid', (SELECT c.oid::bigint FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = identity[1] AND c.relname = identity[2]));
    END;
    BEGIN
      EXECUTE format($rows$SELECT jsonb_build_object(
                 'migrations', coalesce(jsonb_agg(jsonb_build_object('name', left(name::text, 255), 'batch', batch::int,
                                        'time', to_char(migration_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) ORDER BY id), '[]'),
                 'migration_age', min(age(xmin)))
          FROM (SELECT xmin, id, name, batch, migration_time FROM %1$s ORDER BY id DESC LIMIT /*MAX_MIGRATIONS*/) m$rows$, migrations) INTO part;
      known := known OR /*KNOWN_EXIST*/;
    EXCEPTION WHEN OTHERS THEN
      part := '{}';
    END;
    tables := tables || (entry || part || jsonb_build_object('schema', identity[1], 'name', identity[2]));
  END LOOP;

  -- Only after a lock that reads 1: what is younger than the lock and than the newest recorded migration.
  IF tables @> '[{"rows": [{"is_locked": 1}]}]' THEN
    SELECT jsonb_agg(t.value || jsonb_build_object('newer', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('kind', CASE c.relkind WHEN 'r' THEN 'table' ELSE 'index' END, 'name', format('%I.%I', n.nspname, c.relname))), '[]')
          FROM pg_catalog.pg_class c
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = t.value ->> 'schema'
         WHERE c.relkind IN ('r', 'i')
           AND t.value -> 'rows' -> 0 ->> 'is_locked' = '1'
           AND age(c.xmin) < least((t.value ->> 'lock_age')::int, (t.value ->> 'migration_age')::int)
           AND CASE WHEN family.name IS NULL
                    THEN NOT EXISTS (SELECT 1 FROM jsonb_array_elements(tables) o
                                      WHERE o.value ->> 'schema' = n.nspname
                                        AND (strpos(o.value ->> 'name', '__') > 1 AND starts_with(c.relname, left(o.value ->> 'name', strpos(o.value ->> 'name', '__') + 1))
                                             OR c.relname IN (o.value ->> 'name', left(o.value ->> 'name', -5))))
                    ELSE starts_with(c.relname, family.name) END
           -- The indexes of a new table go with it.
           AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class p ON p.oid = i.indrelid
                            WHERE i.indexrelid = c.oid AND age(p.xmin) < least((t.value ->> 'lock_age')::int, (t.value ->> 'migration_age')::int)))))
      INTO tables
      FROM jsonb_array_elements(tables) t,
           -- Libraries mark what is theirs: backstage_backend_tasks__knex_migrations_lock, backstage_backend_tasks__tasks.
           LATERAL (SELECT CASE WHEN strpos(t.value ->> 'name', '__') > 1 THEN left(t.value ->> 'name', strpos(t.value ->> 'name', '__') + 1) END AS name) family;
  END IF;

  -- Planning this takes a tenth of the whole look, and a healthy database has no answer to it.
  IF known OR EXISTS (SELECT FROM pg_catalog.pg_index i WHERE NOT i.indisvalid) THEN
    SELECT coalesce(jsonb_agg(jsonb_build_object('schema', n.nspname, 'name', format('%I.%I', n.nspname, c.relname), 'plain', c.relname,
                                                 'oid', c.oid::bigint, 'table', i.indrelid::bigint, 'valid', i.indisvalid) ORDER BY n.nspname, c.relname), '[]')
      INTO indexes
      FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT i.indisvalid OR c.relname = ANY (ARRAY[/*KNOWN_INDEXES*/]::name[]);
  END IF;

  PERFORM set_config('ameide.found', jsonb_build_object('tables', tables, 'indexes', indexes,
                     'server_started', extract(epoch FROM pg_postmaster_start_time())::text)::text, true);
END
$ameide$;
SELECT current_setting('ameide.found');
