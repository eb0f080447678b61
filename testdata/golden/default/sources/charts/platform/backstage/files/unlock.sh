#!/bin/sh
# Break-glass: clears the migration locks of every plugin database and schema. Refuses, and changes nothing in a database,
# while a session of a plugin is alive there.
set -eu
export PGHOST="$POSTGRES_HOST" PGPORT="$POSTGRES_PORT" PGUSER="$POSTGRES_USER" PGPASSWORD="$POSTGRES_PASSWORD"
export PGAPPNAME=ameide-unlock PGCONNECT_TIMEOUT=10 PGOPTIONS="-c lock_timeout=${LOCK_TIMEOUT}s -c statement_timeout=60s"
sql=/ameide
status=0

ask() { # DATABASE ARGUMENT...
  database=$1
  shift
  psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --dbname "$database" "$@"
}

unhealthy() { # DATABASE TABLE: true unless there is exactly one row and it reads 0
  [ "$(ask "$1" --command "SELECT count(*) = 1 AND bool_and(is_locked IS NOT DISTINCT FROM 0) FROM $2")" != t ]
}

unlock() { # DATABASE TABLE
  if ! unhealthy "$1" "$2"; then
    echo "$1 $2: free"
  elif ask "$1" --single-transaction --set table="$2" --file "$sql/unlock.sql"; then
    echo "$1 $2: cleared"
  else
    echo "$1 $2: not cleared, see above" >&2
    status=1
  fi
}

visit() { # DATABASE
  pids=$(ask "$1" --file "$sql/sessions.sql")
  if [ -n "$pids" ]; then
    echo "$1: refused, sessions of a plugin are alive (pid $(echo "$pids" | tr '\n' ' ')); scale the Deployment to 0 first" >&2
    status=1
    return
  fi
  for table in $(ask "$1" --file "$sql/lock-tables.sql"); do
    unlock "$1" "$table"
  done
}

databases="SELECT datname FROM pg_database WHERE datallowconn AND (datname = ANY (string_to_array('$DATABASES', ' ')) OR starts_with(datname, '$PREFIX')) ORDER BY 1"
for database in $(ask "$DATABASE" --command "$databases"); do
  visit "$database"
done
exit "$status"
