#!/bin/sh
# The worker's throughput on a real Kafka and a real, durable PostgreSQL, all on this machine:
#
#   tests/bench/worker.sh BUILD [EVENTS [LABELS [WORKERS]]]
#
# BUILD is a build folder with kakehashi and bench_load (release is what counts). The events lie in the topics before the
# workers start; the time runs from the first record to the last published result, and start and group join are told apart.
set -eu

build=$(CDPATH='' cd -- "$1" && pwd)
events=${2:-1000000}
labels=${3:-250000}
workers=${4:-1}
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
folder=$build/bench/worker
kafka_libraries=${KH_KAFKA_LIBRARIES:-$build/kafka-4.1.0}

finish() {
    "$root/tests/support/kafka.sh" stop "$folder/kafka" >/dev/null 2>&1 || true
    "$root/tests/support/postgres.sh" stop "$folder/postgres" >/dev/null 2>&1 || true
}
trap finish EXIT INT TERM

rm -rf "$folder"
mkdir -p "$folder"
# A quarter of the memory, as PostgreSQL's manual advises for a server of its own.
KH_SHARED_BUFFERS=$(awk '/^MemTotal/ { printf "%dMB", $2 / 4096 }' /proc/meminfo)
export KH_SHARED_BUFFERS
broker=$("$root/tests/support/kafka.sh" start "$kafka_libraries" "$folder/kafka")
database=$("$root/tests/support/postgres.sh" start "$folder/postgres" --durable)

kakehashi() {
    command=$1
    shift
    "$build/kakehashi" "$command" --config "$root/config/kakehashi.yaml" --set "kafka.brokers=$broker" \
        --set "database.connection=$database" --set clock=records --set log.level=warning "$@"
}

kakehashi migrate >/dev/null
kakehashi topics create >/dev/null
echo "loading $events events about $labels labels"
"$build/tests/bench/bench_load" "$broker" "$events" "$labels"

begun=$(date +%s.%N)
i=0
while [ "$i" -lt "$workers" ]; do
    # shellcheck disable=SC2086 # several options
    /usr/bin/time -f '%e s wall, %U s user, %S s system, %M KiB at most' -o "$folder/time.$i" \
        "$build/kakehashi" run --config "$root/config/kakehashi.yaml" --set "kafka.brokers=$broker" \
        --set "database.connection=$database" --set clock=records --until-idle ${BENCH_OPTIONS:-} 2>"$folder/worker.$i.log" &
    i=$((i + 1))
done
wait
ended=$(date +%s.%N)
cat "$folder"/time.*
psql -X -A -t -F ' ' -d "$database" -c "SET search_path = kakehashi" -c "
    SELECT count(*) AS results, count(status_version) AS statuses, count(public_version) AS public,
           round(extract(epoch FROM max(recorded_at) - min(recorded_at))::numeric, 2) AS seconds FROM result" |
    tail -n 1 | while read -r results statuses public seconds; do
    echo "$results results ($statuses statuses, $public public) in $seconds s from the first to the last commit"
    awk -v n="$events" -v s="$seconds" -v b="$begun" -v e="$ended" \
        'BEGIN { printf "%.0f events/s between commits; %.0f events/s with start, group join and end\n", n / s, n / (e - b) }'
done
