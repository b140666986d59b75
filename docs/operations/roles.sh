#!/usr/bin/env bash
# Roles in PostgreSQL: the loader owns the schema and writes, the API may only SELECT, a replica may only follow.
# Run as a superuser of the cluster; a second run only sets the passwords anew:
#   POSTGRES_DB=kb POSTGRES_USER=kb_loader KB_API_PASSWORD=... KB_REPLICATION_PASSWORD=... docs/operations/roles.sh
# KB_REPLICATION_PASSWORD is for a cluster with replicas; without it that role is not made.
set -euo pipefail
: "${POSTGRES_DB:=kb}" "${POSTGRES_USER:=kb_loader}" "${KB_API_PASSWORD:?set the password of the role kb_api}"
sql() { psql -q -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" "$@"; }
sql -v api_password="$KB_API_PASSWORD" -v loader="$POSTGRES_USER" -v database="$POSTGRES_DB" <<'SQL'
SELECT 'CREATE ROLE kb_api' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kb_api') \gexec
ALTER ROLE kb_api LOGIN PASSWORD :'api_password' NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO kb_api;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO kb_api;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO kb_api;
-- Tables of migrations to come are readable too, and nothing else.
ALTER DEFAULT PRIVILEGES FOR ROLE :"loader" IN SCHEMA public GRANT SELECT ON TABLES TO kb_api;
ALTER ROLE kb_api SET default_transaction_read_only = on;
-- By default everybody may hold any advisory lock, the loader's too, and create large objects.
SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', oid::regprocedure) FROM pg_proc
WHERE proname ~ '^pg_(try_)?advisory_(xact_)?lock' OR proname IN ('lo_creat', 'lo_create', 'lo_from_bytea') \gexec
SELECT format('GRANT EXECUTE ON FUNCTION %s TO %I', oid::regprocedure, :'loader') FROM pg_proc
WHERE proname ~ '^pg_(try_)?advisory_(xact_)?lock' \gexec
SQL
[ -n "${KB_REPLICATION_PASSWORD:-}" ] || exit 0
sql -v password="$KB_REPLICATION_PASSWORD" <<'SQL'
SELECT 'CREATE ROLE kb_replication' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kb_replication') \gexec
ALTER ROLE kb_replication LOGIN REPLICATION PASSWORD :'password' NOSUPERUSER;
SQL
# Who may follow stands in pg_hba.conf; the image of PostgreSQL lets no one in for replication from elsewhere.
hba=$(sql -At -c "SHOW hba_file")
if [ -w "$hba" ] && ! grep -q kb_replication "$hba"; then
  echo "host replication kb_replication all scram-sha-256" >> "$hba"
  sql -c "SELECT pg_reload_conf()" >/dev/null
fi
