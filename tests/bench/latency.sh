#!/bin/sh
# How long an event takes under load: from its record's timestamp (the broker's) to its status read by a read_committed
# consumer; for the worker and for the floor (floor.c) in turn, on one Kafka and one durable PostgreSQL, all on this machine.
#
#   tests/bench/latency.sh BUILD [EVENTS [PER_SECOND [PAIRS]]]
#
# BUILD is a build folder with kakehashi, bench_load, bench_floor and bench_latency (release is what counts). PER_SECOND is to
# be about a third of what the worker does at full load (floor.sh); the producer and the reader take their part of the machine,
# and others that load it too: at more than all of them can do, what is measured is a queue that grows. Each event is about one
# of EVENTS / 4 labels; the first half is not counted: the programs warm up then. Before all, the worker decides four times
# EVENTS as fast as it can, since a broker that has just been started takes twice the time. Prints p50, p99 and max in
# milliseconds of each, and the worker's p99 as a multiple of the floor's; then the medians. 2 pairs of 120,000 events at 12,000
# a second take about two minutes.
set -eu

# shellcheck source=tests/bench/common.sh
. "$(dirname -- "$0")/common.sh"
events=${2:-120000}
rate=${3:-12000}
pairs=${4:-2}
labels=$((events / 4))
BENCH_CLOCK=wall

warm_up() {
    bench_deploy warm
    bench_load $((events * 4)) "$labels"
    bench_workers "$schema" 1
    bench_drop "$schema"
}

# Fresh topics and tables; prints "p50 p99 max".
measure() { # NAME PROGRAM ARGUMENT...
    name=$1
    shift
    bench_deploy "$name"
    bench_sql CHECKPOINT
    "$build/tests/bench/bench_latency" "$broker" "$events" "$labels" $((events / 2)) "${topics}status" "${topics}jp" \
        "${topics}sg" >"$folder/$name.latency" &
    reader=$!
    bench_exec='exec' bench_run "$schema" "$@" 2>"$folder/$name.log" &
    program=$!
    # Both have joined and wait before the first event.
    tries=0
    until [ "$tries" = 50 ] || grep -q '^[^ ]*[1-9]' "$folder/$name.ready" 2>/dev/null; do
        bench_sql "SELECT count(*) FROM \"$schema\".lane WHERE epoch > 0" >"$folder/$name.ready" 2>/dev/null || true
        sleep 0.2
        tries=$((tries + 1))
    done
    bench_load "$events" "$labels" "$rate"
    wait "$reader"
    kill "$program" 2>/dev/null || true
    wait "$program" || true
    bench_drop "$schema"
    cat "$folder/$name.latency"
}

bench_start
warm_up
pair=1
while [ "$pair" -le "$pairs" ]; do
    if [ $((pair % 2)) = 1 ]; then
        floor=$(measure "floor$pair" "$build/tests/bench/bench_floor" "$events" "$labels")
        worker=$(measure "worker$pair" "$build/kakehashi" run)
    else
        worker=$(measure "worker$pair" "$build/kakehashi" run)
        floor=$(measure "floor$pair" "$build/tests/bench/bench_floor" "$events" "$labels")
    fi
    echo "$floor $worker" | awk -v p="$pair" '{ printf "pair %d: floor p50 %d p99 %d max %d ms, worker p50 %d p99 %d max %d ms, p99 of the worker to that of the floor %.2f\n", p, $1, $2, $3, $4, $5, $6, $5 / $2 }'
    echo "$floor $worker" >>"$folder/pairs"
    pair=$((pair + 1))
done
echo "medians at $rate events/s: floor p50 $(cut -d' ' -f1 "$folder/pairs" | bench_median) p99" \
    "$(cut -d' ' -f2 "$folder/pairs" | bench_median) max $(cut -d' ' -f3 "$folder/pairs" | bench_median) ms, worker p50" \
    "$(cut -d' ' -f4 "$folder/pairs" | bench_median) p99 $(cut -d' ' -f5 "$folder/pairs" | bench_median) max" \
    "$(cut -d' ' -f6 "$folder/pairs" | bench_median) ms, p99 to the floor's $(awk '{ print $5 / $2 }' "$folder/pairs" | bench_median)"
