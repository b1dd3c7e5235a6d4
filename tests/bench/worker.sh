#!/bin/sh
# The worker's throughput on a real Kafka and a real, durable PostgreSQL, all on this machine:
#
#   tests/bench/worker.sh BUILD [EVENTS [LABELS [WORKERS [ROUNDS]]]]
#
# BUILD is a build folder with kakehashi and bench_load (release is what counts). The events lie in the topics before the
# workers start; the time runs from the first record to the last published result, and start and group join are told apart.
# Each round (2 unless given) decides all of them, in a deployment of its own: in the first the broker is still compiling itself.
# $BENCH_OPTIONS: further options of `kakehashi run`.
set -eu

# shellcheck source=tests/bench/common.sh
. "$(dirname -- "$0")/common.sh"
events=${2:-1000000}
labels=${3:-250000}
workers=${4:-1}
rounds=${5:-2}

# Prints what it came to.
measure() { # DEPLOYMENT
    bench_run "$1" "$build/kakehashi" migrate >/dev/null
    bench_sql CHECKPOINT
    begun=$(date +%s.%N)
    # shellcheck disable=SC2086 # several options
    bench_workers "$1" "$workers" ${BENCH_OPTIONS:-}
    ended=$(date +%s.%N)
    cat "$folder/time.$1".*
    bench_results "$1" | while read -r results seconds; do
        echo "$results results in $seconds s from the first to the last commit"
        awk -v n="$events" -v s="$seconds" -v b="$begun" -v e="$ended" \
            'BEGIN { printf "%.0f events/s between commits; %.0f events/s with start, group join and end\n", n / s, n / (e - b) }'
    done
    bench_drop "$1"
}

bench_start
schema=$(bench_schema)
bench_run first "$build/kakehashi" topics create >/dev/null
echo "loading $events events about $labels labels"
bench_load "$events" "$labels"
round=1
while [ "$round" -le "$rounds" ]; do
    echo "round $round"
    measure "$schema$round"
    round=$((round + 1))
done
