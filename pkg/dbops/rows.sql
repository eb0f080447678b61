SELECT jsonb_build_object(
         'rows', coalesce(jsonb_agg(jsonb_build_object('index', "index", 'is_locked', is_locked) ORDER BY "index"), '[]'),
         'stamp', coalesce(string_agg(format('%%s %%s', ctid, xmin), ',' ORDER BY ctid), ''),
         'oid', %1$L::regclass::oid::bigint, 'lock_age', min(age(xmin))) AS found
  FROM (SELECT ctid, xmin, "index", is_locked FROM %1$s ORDER BY "index" LIMIT /*MAX_ROWS*/) r
