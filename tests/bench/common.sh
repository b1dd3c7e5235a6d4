# shellcheck shell=sh
# For the benchmarks' scripts, which source it behind their `set -eu`: a real Kafka and a real, durable PostgreSQL of their own
# on this machine, and one deployment after the other on them. A script's first argument is a build folder, or --help; here
# $root, $build and $folder (its own, below the build folder) are set.
#
# $KH_KAFKA_LIBRARIES: where the downloaded Kafka lies, $build/kafka-4.1.0 unless given. $KH_KAFKA_ADDRESS and
# $KH_POSTGRES_ADDRESS, files with addresses: servers that run already are used, as ctest does; those are not durable, so
# such figures mean nothing.

# --help prints the comment at the top of the script.
case ${1:---help} in
-*) sed -n '2,/^set -eu/{/^#/s/^# \{0,1\}//p}' "$0" && exit ;;
esac
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
build=$(CDPATH='' cd -- "$1" && pwd)
folder=$build/bench/$(basename "$0" .sh)

bench_stop() {
    "$root/tests/support/kafka.sh" stop "$folder/kafka" >/dev/null 2>&1 || true
    "$root/tests/support/postgres.sh" stop "$folder/postgres" >/dev/null 2>&1 || true
}

# Starts both; $broker and $database say where, $topics how the names of all topics begin. They end with the script.
bench_start() {
    bench_servers
    bench_topics=$topics
}

bench_servers() {
    rm -rf "$folder"
    mkdir -p "$folder"
    if [ -n "${KH_KAFKA_ADDRESS:-}" ] && [ -n "${KH_POSTGRES_ADDRESS:-}" ]; then
        broker=$(cat "$KH_KAFKA_ADDRESS")
        database=$(cat "$KH_POSTGRES_ADDRESS")
        topics=bench-$(date +%s)-$$.
        return
    fi
    topics=bench.
    trap bench_stop EXIT
    trap 'exit 130' INT TERM
    # A quarter of the memory, as PostgreSQL's manual advises for a server of its own.
    KH_SHARED_BUFFERS=$(awk '/^MemTotal/ { printf "%dMB", $2 / 4096 }' /proc/meminfo)
    export KH_SHARED_BUFFERS
    broker=$("$root/tests/support/kafka.sh" start "${KH_KAFKA_LIBRARIES:-$build/kafka-4.1.0}" "$folder/kafka")
    database=$("$root/tests/support/postgres.sh" start "$folder/postgres" --durable)
}

# A program with the settings of one deployment: a schema and a group of that name, and the topics of $topics.
# $bench_exec, "exec", for one in the background that is to be stopped: its process id is $! then.
bench_run() { # DEPLOYMENT PROGRAM ARGUMENT...
    deployment=$1
    shift
    ${bench_exec:-} "$@" --config "$root/config/kakehashi.yaml" --set "kafka.brokers=$broker" --set "database.connection=$database" \
        --set "database.schema=$deployment" --set "kafka.group=$deployment" --set "deployment=$deployment" \
        --set "clock=${BENCH_CLOCK:-records}" --set log.level=warning \
        --set "kafka.topics.events.JP=${topics}jp" --set "kafka.topics.events.SG=${topics}sg" \
        --set "kafka.topics.status=${topics}status" --set "kafka.topics.public=${topics}public" \
        --set "kafka.topics.obligations=${topics}obligations" --set "kafka.topics.dead_letters=${topics}dead-letters"
}

# So many workers together, until everything is decided; what each took is left in $folder/time.DEPLOYMENT.NUMBER.
bench_workers() { # DEPLOYMENT COUNT [OPTION...]
    name=$1
    count=$2
    shift 2
    pids=""
    i=0
    while [ "$i" -lt "$count" ]; do
        bench_run "$name" /usr/bin/time -f '%e s wall, %U s user, %S s system, %M KiB at most' -o "$folder/time.$name.$i" \
            "$build/kakehashi" run --until-idle "$@" 2>"$folder/$name.$i.log" &
        pids="$pids $!"
        i=$((i + 1))
    done
    for pid in $pids; do
        wait "$pid"
    done
}

bench_load() { # EVENTS LABELS [PER_SECOND]
    "$build/tests/bench/bench_load" "$broker" "$1" "$2" "${3:-0}" "${topics}jp" "${topics}sg"
}

# A name for the deployment of $topics.
bench_schema() {
    echo "$topics" | tr '[:upper:]' '[:lower:]' | tr -c 'a-z0-9\n' _
}

# A deployment with fresh topics and tables. Sets $topics and $schema.
bench_deploy() { # NAME
    topics=$bench_topics$1.
    schema=$(bench_schema)
    bench_run "$schema" "$build/kakehashi" migrate >/dev/null
    bench_run "$schema" "$build/kakehashi" topics create >/dev/null
}

# Its topics stay.
bench_drop() { # DEPLOYMENT
    bench_sql "DROP SCHEMA \"$1\" CASCADE" 2>/dev/null
}

bench_sql() { # SQL
    psql -X -q -A -t -F ' ' -v ON_ERROR_STOP=1 -d "$database" -c "$1"
}

# Of all results of a deployment: how many, and the seconds from the first to the last commit.
bench_results() { # DEPLOYMENT
    bench_sql "SELECT count(*), round(extract(epoch FROM max(recorded_at) - min(recorded_at))::numeric, 3) FROM \"$1\".result"
}

# The middle of the numbers of standard input, one a line.
bench_median() {
    sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}
