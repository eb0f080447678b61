SELECT jsonb_build_object(
         'migrations', coalesce(jsonb_agg(jsonb_build_object('name', left(name::text, 255), 'batch', batch::int,
                                'time', to_char(migration_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) ORDER BY id), '[]'),
         'migration_age', min(age(xmin))) AS found
  FROM (SELECT xmin, id, name, batch, migration_time FROM %1$s ORDER BY id DESC LIMIT /*MAX_MIGRATIONS*/) m
