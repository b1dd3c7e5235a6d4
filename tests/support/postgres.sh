#!/bin/sh
# A private PostgreSQL for tests and the first look: everything under a folder of its own.
#
#   postgres.sh start FOLDER [--durable]  makes FOLDER if need be, starts on a free port of 127.0.0.1 and a unix socket,
#                                         waits until it answers, prints a connection string and leaves it in
#                                         FOLDER/address. A second start on FOLDER keeps its data. --durable: fsync as
#                                         in production; without it, a crash of the machine (not of PostgreSQL) may lose
#                                         everything, and commits are fast. $KH_SHARED_BUFFERS: 512MB unless given;
#                                         $KH_POSTGRES_PORT: in place of a free port
#   postgres.sh stop FOLDER               stops the server that was started there, by its process id
#
# As root the server runs as the user postgres, or nobody; FOLDER/data then belongs to that user. Log: FOLDER/server.log.
# Anybody on this machine may connect as its superuser "kakehashi": not for real data. Members of a role "with_password"
# need theirs, if there is such a role.
set -eu

fail() {
    echo "postgres.sh: $*" >&2
    exit 1
}

# The newest version there is; Debian keeps the servers out of the path.
find_programs() {
    in_path=$(dirname "$(command -v initdb || echo /nowhere/initdb)")
    for candidate in $(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V -r) "$in_path"; do
        if [ -x "$candidate/initdb" ] && [ -x "$candidate/pg_ctl" ]; then
            echo "$candidate"
            return
        fi
    done
    fail "no PostgreSQL server here: install postgresql"
}

free_port() {
    # The kernel names a free port; another program may take it before the server does, so start tries again.
    python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# PostgreSQL refuses to run as root. Where the folders above are closed to the other user (a clone under /root), it may pass
# them nevertheless.
choose_user() { # FOLDER
    as_user=""
    [ "$(id -u)" = 0 ] || return 0
    user=nobody
    ! id postgres >/dev/null 2>&1 || user=postgres
    chown -R "$user:" "$1/data" "$1/socket" "$1/server.log"
    as_user="setpriv --reuid=$user --regid=$(id -g "$user") --clear-groups"
    if ! (cd / && $as_user test -x "$1/data" 2>/dev/null); then
        as_user="$as_user --inh-caps=+dac_override --ambient-caps=+dac_override"
    fi
}

running_pid() { # FOLDER
    [ -f "$1/data/postmaster.pid" ] || return 1
    pid=$(head -n 1 "$1/data/postmaster.pid")
    # A process id may belong to another program by now.
    [ "$(readlink -f "/proc/$pid/cwd" 2>/dev/null)" = "$1/data" ] || return 1
    echo "$pid"
}

configure() { # FOLDER FSYNC
    cat >"$1/data/postgresql.auto.conf" <<END
listen_addresses = '127.0.0.1'
fsync = $2
full_page_writes = $2
wal_level = minimal
max_wal_senders = 0
max_wal_size = 4GB
shared_buffers = ${KH_SHARED_BUFFERS:-512MB}
max_connections = 60
deadlock_timeout = 100ms
lc_messages = 'C'
timezone = 'UTC'
END
    cat >"$1/data/pg_hba.conf" <<END
local all +with_password scram-sha-256
host all +with_password 127.0.0.1/32 scram-sha-256
local all all trust
host all all 127.0.0.1/32 trust
END
}

start() {
    folder=$(mkdir -p "$1" && cd "$1" && pwd -P)
    fsync=off
    [ "${2:-}" != "--durable" ] || fsync=on
    programs=$(find_programs)
    mkdir -p "$folder/data" "$folder/socket"
    chmod 700 "$folder/data"
    touch "$folder/server.log"
    choose_user "$folder"
    # Of two names of one server the shorter always works: a socket's path has at most 107 bytes, and the connection string
    # is to need no quotes.
    host="$folder/socket"
    sockets="$folder/socket"
    case ${#host}$host in
    [0-9]/* | [1-7][0-9]/*) ;;
    *) host=127.0.0.1 ;;
    esac
    case $host in
    *[!A-Za-z0-9/._-]*) host=127.0.0.1 ;;
    esac
    [ "$host" != 127.0.0.1 ] || sockets=""
    cd "$folder/data"
    if [ ! -f "$folder/data/PG_VERSION" ]; then
        $as_user "$programs/initdb" -D "$folder/data" -U kakehashi -A trust -E UTF8 --locale=C.UTF-8 -N \
            >>"$folder/server.log" 2>&1 || fail "initdb failed, see $folder/server.log"
    fi
    configure "$folder" $fsync
    for _ in 1 2 3 4 5; do
        pid=$(running_pid "$folder") || pid=""
        if [ -n "$pid" ]; then
            port=$(sed -n 4p "$folder/data/postmaster.pid")
        else
            port=${KH_POSTGRES_PORT:-$(free_port)}
            $as_user "$programs/pg_ctl" start -w -t 60 -s -D "$folder/data" -l "$folder/server.log" \
                -o "-p $port -k '$sockets'" >/dev/null 2>&1 </dev/null || continue
        fi
        echo "host=$host port=$port user=kakehashi dbname=postgres" | tee "$folder/address"
        return
    done
    fail "the server does not start, see $folder/server.log"
}

stop() {
    [ -d "$1" ] || return 0
    folder=$(cd "$1" && pwd -P)
    pid=$(running_pid "$folder") || return 0
    kill -INT "$pid"
    tries=0
    while kill -0 "$pid" 2>/dev/null; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || fail "process $pid does not end, see $folder/server.log"
        sleep 0.1
    done
}

case "${1:-}" in
start) [ $# -ge 2 ] || fail "start needs a folder"; start "$2" "${3:-}" ;;
stop) [ $# -eq 2 ] || fail "stop needs a folder"; stop "$2" ;;
*) fail "usage: postgres.sh start FOLDER [--durable] | stop FOLDER" ;;
esac
