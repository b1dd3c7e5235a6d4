#!/bin/sh
# The worker against the floor: the same traffic without decoding and deciding (floor.c), on one Kafka and one durable
# PostgreSQL, all on this machine.
#
#   tests/bench/floor.sh BUILD [EVENTS [LABELS [PAIRS]]]
#
# BUILD is a build folder with kakehashi, bench_load and bench_floor (release is what counts). The events are put into the
# topics once. Then each pair reads them twice, the floor and the worker in turn, the one that begins changing from pair to
# pair, each into tables of its own, which are dropped afterwards. Prints for each pair the events/s from the first to the
# last commit, and the worker's as a share of the floor's; then the median of the shares, and the most memory that a worker
# took. The floor has one thread and one database connection, so in a pair the worker has too (`batch.threads: 1`); after each
# pair it runs as it comes. 5 pairs of 300,000 events (the default) take about three minutes.
set -eu

# shellcheck source=tests/bench/common.sh
. "$(dirname -- "$0")/common.sh"
events=${2:-300000}
labels=${3:-75000}
pairs=${4:-5}

# Prints events/s.
measure() { # NAME PROGRAM ARGUMENT...
    name=$1
    shift
    bench_run "$name" "$build/kakehashi" migrate >/dev/null
    bench_sql CHECKPOINT
    bench_run "$name" /usr/bin/time -f %M -o "$folder/$name.kib" "$@" 2>"$folder/$name.log" || {
        cat "$folder/$name.log" >&2
        return 1
    }
    bench_results "$name" | while read -r results seconds; do
        if [ "$results" -lt "$events" ]; then
            echo "$name has made $results results of $events events" >&2
            return 1
        fi
        awk -v n="$events" -v s="$seconds" 'BEGIN { printf "%.0f\n", n / s }'
    done
    bench_drop "$name"
}

floor() {
    measure "${schema}floor$1" "$build/tests/bench/bench_floor" "$events" "$labels"
}

worker() {
    measure "${schema}worker$1" "$build/kakehashi" run --until-idle --set batch.threads=1
}

bench_start
schema=$(bench_schema)
bench_run first "$build/kakehashi" topics create >/dev/null
echo "$events events about $labels labels"
bench_load "$events" "$labels"
pair=1
while [ "$pair" -le "$pairs" ]; do
    if [ $((pair % 2)) = 1 ]; then
        floor=$(floor "$pair")
        worker=$(worker "$pair")
    else
        worker=$(worker "$pair")
        floor=$(floor "$pair")
    fi
    default=$(measure "${schema}worker_default$pair" "$build/kakehashi" run --until-idle)
    awk -v p="$pair" -v f="$floor" -v w="$worker" -v d="$default" \
        'BEGIN { printf "pair %d: floor %d events/s, worker %d events/s, as it comes %d events/s, share %.3f\n", p, f, w, d, w / f }' |
        tee -a "$folder/pairs"
    pair=$((pair + 1))
done
echo "median share $(awk '{ print $NF }' "$folder/pairs" | bench_median)," \
    "median floor $(awk '{ print $4 }' "$folder/pairs" | bench_median) events/s," \
    "median worker $(awk '{ print $7 }' "$folder/pairs" | bench_median) events/s," \
    "as it comes $(awk '{ print $11 }' "$folder/pairs" | bench_median) events/s," \
    "worker's memory at most $(cat "$folder"/*worker*.kib | sort -n | tail -n 1) KiB"
