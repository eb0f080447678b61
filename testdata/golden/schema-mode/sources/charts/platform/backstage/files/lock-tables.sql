-- Every Knex lock table of the database that this runs in, as a quoted schema.table. They are known by their shape, not
-- by their name: columns index and is_locked, both integers (types 20, 21, 23), and beside them the table of the migrations
-- without the suffix _lock. Run once in each database, it is planned anew each time: few functions and operators keep that
-- short.
SELECT format('%s.%I', c.relnamespace::regnamespace, c.relname)
  FROM pg_catalog.pg_class c
 WHERE c.relkind = 'r'
   AND right(c.relname, 5) = '_lock'
   AND (SELECT count(*) FILTER (WHERE a.attrelid = c.oid AND a.attname IN ('index', 'is_locked') AND a.atttypid IN (20, 21, 23)) = 2
               AND count(*) FILTER (WHERE a.attrelid = c.oid AND a.attname NOT IN ('index', 'is_locked')) = 0
               AND count(*) FILTER (WHERE a.attrelid = m.oid AND a.attname IN ('id', 'name', 'batch', 'migration_time')) = 4
          FROM pg_catalog.pg_class m
          JOIN pg_catalog.pg_attribute a ON a.attrelid IN (c.oid, m.oid) AND a.attnum > 0 AND NOT a.attisdropped
         WHERE m.relnamespace = c.relnamespace AND m.relname = left(c.relname, -5))
 ORDER BY 1
