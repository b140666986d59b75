#!/usr/bin/env bash
# A streaming replica of the primary: copied once, then PostgreSQL follows by itself. Runs as the user of the server.
# KB_PRIMARY=host KB_REPLICATION_PASSWORD=... PGDATA=/empty/directory docs/operations/replica.sh
set -euo pipefail
: "${KB_PRIMARY:?set the host of the primary}" "${KB_REPLICATION_PASSWORD:?set the password of the role kb_replication}"
: "${PGDATA:?set the data directory}" "${KB_PRIMARY_PORT:=5432}"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA" && chmod 700 "$PGDATA"
  PGPASSWORD="$KB_REPLICATION_PASSWORD" pg_basebackup --host "$KB_PRIMARY" --port "$KB_PRIMARY_PORT" \
    --username kb_replication --pgdata "$PGDATA" --write-recovery-conf --wal-method stream --checkpoint fast
fi
# The directory of its socket is missing where /run is a file system of its own.
[ -d /var/run/postgresql ] || mkdir -p /var/run/postgresql || true
exec postgres -D "$PGDATA" -c hot_standby_feedback=on "$@"
