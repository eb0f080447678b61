-- The databases that may hold a plugin's tables: those of the blank-separated list :names, and those that begin with
-- :prefix. Run in any database of the server.
SELECT datname
  FROM pg_catalog.pg_database
 WHERE datallowconn
   AND (datname = ANY (string_to_array(:'names', ' ')) OR starts_with(datname, :'prefix'))
 ORDER BY 1
