#!/bin/sh
# Run once by PostgreSQL's image on an empty database: the worker's role, to which `migrate --worker-role` grants what it needs.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set password="$KAKEHASHI_WORKER_PASSWORD" <<'END'
CREATE ROLE kakehashi LOGIN PASSWORD :'password';
END
