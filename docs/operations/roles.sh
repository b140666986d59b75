#!/usr/bin/env bash
# Two roles in PostgreSQL: the loader owns the schema and writes, the API may only SELECT.
# Run as a superuser of the cluster, once: POSTGRES_DB=kb POSTGRES_USER=kb_loader KB_API_PASSWORD=... docs/operations/roles.sh
set -euo pipefail
: "${POSTGRES_DB:=kb}" "${POSTGRES_USER:=kb_loader}" "${KB_API_PASSWORD:?set the password of the role kb_api}"
psql -v ON_ERROR_STOP=1 --dbname "$POSTGRES_DB" -v api_password="$KB_API_PASSWORD" -v loader="$POSTGRES_USER" -v database="$POSTGRES_DB" <<'SQL'
CREATE ROLE kb_api LOGIN PASSWORD :'api_password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
GRANT CONNECT ON DATABASE :"database" TO kb_api;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO kb_api;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO kb_api;
-- Tables of migrations to come are readable too, and nothing else.
ALTER DEFAULT PRIVILEGES FOR ROLE :"loader" IN SCHEMA public GRANT SELECT ON TABLES TO kb_api;
ALTER ROLE kb_api SET default_transaction_read_only = on;
SQL
