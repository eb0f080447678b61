-- Every Knex lock table of the database that this runs in, as a quoted schema.table. They are known by their shape, not
-- by their name: columns index and is_locked, and beside them the table of the migrations without the suffix _lock.
SELECT format('%I.%I', n.nspname, c.relname)
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r'
   AND c.relname LIKE '%\_lock'
   AND (SELECT array_agg(a.attname::text ORDER BY a.attname)
          FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) = ARRAY['index', 'is_locked']
   AND EXISTS (SELECT 1
                 FROM pg_catalog.pg_class m
                WHERE m.relnamespace = c.relnamespace
                  AND m.relname = left(c.relname, -5)
                  AND (SELECT count(*)
                         FROM pg_catalog.pg_attribute a
                        WHERE a.attrelid = m.oid
                          AND a.attname IN ('id', 'name', 'batch', 'migration_time')) = 4)
 ORDER BY 1
