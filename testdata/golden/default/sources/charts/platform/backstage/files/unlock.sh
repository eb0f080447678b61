#!/bin/sh
# Break-glass: clears the migration locks of every plugin database and schema. Refuses, and changes nothing in a database,
# while a session of a plugin is alive there. Exits 1 unless every lock is free at the end.
set -euf
export PGHOST="$POSTGRES_HOST" PGPORT="$POSTGRES_PORT" PGUSER="$POSTGRES_USER" PGPASSWORD="$POSTGRES_PASSWORD"
export PGAPPNAME=ameide-unlock PGCONNECT_TIMEOUT=10 PGOPTIONS="-c lock_timeout=${LOCK_TIMEOUT}s -c statement_timeout=60s -c search_path=pg_catalog,pg_temp"
sql=${0%/*}
status=0
# A quoted name may hold blanks: split at line ends only. One that holds a line end falls apart: see named.
IFS='
'

ask() { # DATABASE ARGUMENT...
  database=$1
  shift
  # --dbname would take a name with = in it for connection parameters.
  PGDATABASE=$database psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 "$@"
}

named() { # DATABASE TABLE: true when the text is a table's name and nothing else
  [ "$(echo "SELECT :'table'::regclass IS NOT NULL" | ask "$1" --set table="$2")" = t ]
}

healthy() { # DATABASE TABLE: true when there is exactly one row and it reads 0
  [ "$(ask "$1" --command "SELECT count(*) = 1 AND bool_and(is_locked IS NOT DISTINCT FROM 0) FROM $2")" = t ]
}

unlock() { # DATABASE TABLE
  if ! named "$1" "$2"; then
    echo "$1 $2: no table, see above" >&2
    status=1
  elif healthy "$1" "$2"; then
    echo "$1 $2: free"
  elif ask "$1" --single-transaction --set table="$2" --file "$sql/unlock.sql"; then
    echo "$1 $2: cleared"
  else
    echo "$1 $2: not cleared, see above" >&2
    status=1
  fi
}

visit() { # DATABASE
  # Assigned first: a failed command among the words of a loop would go unnoticed.
  if ! pids=$(ask "$1" --file "$sql/sessions.sql") || ! tables=$(ask "$1" --file "$sql/lock-tables.sql"); then
    echo "$1: not looked at, see above" >&2
    status=1
    return
  fi
  if [ -n "$pids" ]; then
    echo "$1: refused, sessions of a plugin are alive (pid $(echo "$pids" | tr '\n' ' ')); set replicaCount to 0 first, and autoscaling.enabled to false" >&2
    status=1
    return
  fi
  for table in $tables; do
    unlock "$1" "$table"
  done
}

databases=$(ask "$DATABASE" --set names="$DATABASES" --set prefix="$PREFIX" --file "$sql/databases.sql")
for name in $databases; do
  visit "$name"
done
exit "$status"
