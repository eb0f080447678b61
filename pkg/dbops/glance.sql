-- What the tables of a healthy database say, in one statement of plain SQL: PostgreSQL has no other way to run a text that
-- it has only just put together than query_to_xml and PL/pgSQL, which each new session must load first. One table that may
-- not be read fails the whole.
SELECT json_build_object(
  'server_started', extract(epoch FROM pg_postmaster_start_time())::text,
  'doubt', coalesce(bool_or(/*KNOWN_EXIST*/), false) OR EXISTS (SELECT FROM pg_catalog.pg_index i WHERE NOT i.indisvalid),
  'tables', coalesce(json_agg(json_build_object('schema', identity[1], 'name', identity[2], 'oid', lock_table::regclass::oid::bigint,
      'rows', query_to_xml(format('SELECT ctid, xmin, "index", is_locked FROM %s ORDER BY "index" LIMIT /*MAX_ROWS*/', lock_table), false, false, '')::text,
      'migrations', query_to_xml(format('SELECT left(name::text, 255) AS name, batch::int AS batch,
          to_char(migration_time AT TIME ZONE ''UTC'', ''YYYY-MM-DD"T"HH24:MI:SS"Z"'') AS time
        FROM %I.%I ORDER BY id DESC LIMIT /*MAX_MIGRATIONS*/', identity[1], left(identity[2], -5)), false, false, '')::text)), '[]'))
  FROM (SELECT lock_table, parse_ident(lock_table) AS identity FROM (
/*LOCK_TABLES*/
       ) AS listed(lock_table)) AS named;
