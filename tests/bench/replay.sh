#!/bin/sh
# A replay of many events on a real Kafka and a real, durable PostgreSQL, all on this machine:
#
#   tests/bench/replay.sh BUILD [EVENTS [LABELS]]
#
# BUILD is a build folder with kakehashi and bench_load (release is what counts). One live worker decides and publishes all
# events; a replay of them is killed twice on its way (kill -9) and resumed, and must come to no difference. Then another by a
# changed policy: its differences, put in force while two workers are at work on new events, and at last no difference again.
# Printed are the events/s of the live worker and of the replays between their first and last commits (the killed one's with
# the session of 10 s that each kill costs), and how long each comparison took. Exit 1 if anything is not as it must be.
set -eu

# shellcheck source=tests/bench/common.sh
. "$(dirname -- "$0")/common.sh"
events=${2:-1000000}
labels=${3:-250000}

kakehashi() {
    bench_run "$schema" "$build/kakehashi" "$@"
}

failed() {
    echo "replay.sh: $1" >&2
    exit 1
}

# How many offsets the replay has decided.
decided() {
    bench_sql "SELECT coalesce(sum(next_offset), 0)::bigint FROM \"${schema}_replay\".lane_offset" 2>/dev/null || echo 0
}

# Starts or resumes it, and kills it once it has come so far. Fails if it ends before that.
kill_at() { # OFFSETS COMMAND...
    at=$1
    shift
    bench_exec="exec" kakehashi replay "$@" >>"$folder/replay.log" 2>&1 &
    pid=$!
    while [ "$(decided)" -lt "$at" ]; do
        kill -0 "$pid" 2>/dev/null || failed "the replay ended before it was to be killed; see $folder/replay.log"
        sleep 0.1
    done
    kill -9 "$pid"
    wait "$pid" 2>/dev/null || true
    echo "killed at $(decided) of $events"
}

# Events/s between the first and the last commit of a schema's results.
rate() { # SCHEMA
    bench_results "$1" | while read -r results seconds; do
        awk -v r="$results" -v n="$events" -v s="$seconds" 'BEGIN { printf "%d results, %.0f events/s in %s s", r, n / s, s }'
    done
}

# Compares, says how long it took, and wants that many differences in \$2: "none" or "some".
compare() { # WHAT none|some
    begun=$(date +%s.%N)
    status=0
    kakehashi replay compare --limit 3 >"$folder/compare.txt" 2>>"$folder/replay.log" || status=$?
    awk -v what="$1" -v b="$begun" -v e="$(date +%s.%N)" 'BEGIN { printf "%s compared in %.1f s:\n", what, e - b }'
    sed 's/^/    /; s/[[:space:]]*$//' "$folder/compare.txt" | cut -c 1-160
    [ "$status" -le 1 ] || failed "comparing ended with $status; see $folder/replay.log"
    case $2 in
    none) [ "$status" -eq 0 ] || failed "there are differences" ;;
    some) [ "$status" -eq 1 ] || failed "there is no difference" ;;
    esac
}

# New labels for the live workers, a second apart.
new_events() { # COUNT
    awk -v n="$1" -v topic="${topics}sg" 'BEGIN {
        for (i = 0; i < n; i++) {
            at = strftime("%Y-%m-%dT%H:%M:%SZ", 1785542400 + i, 1)
            printf "{\"topic\":\"" topic "\",\"timestamp\":\"%s\",\"event\":{\"id\":\"%08x-0000-4000-9000-00000000beef\",\"participant\":\"SG\"," \
                   "\"subject\":\"SG/new-%06d\",\"revision\":1,\"occurredAt\":\"%s\",\"labelIssued\":{\"details\":{\"registrationNumber\":\"N %d\"," \
                   "\"level\":2,\"category\":\"general-iot\",\"product\":\"P\",\"maker\":\"M\",\"holder\":\"H\"},\"validity\":" \
                   "{\"validFrom\":\"2026-07-01\",\"validUntil\":\"2029-06-30\"}}}}\n", at, i, i, at, i
        }
    }'
}

bench_start
schema=$(bench_schema)
kakehashi migrate >/dev/null
kakehashi topics create >/dev/null
echo "loading $events events about $labels labels"
bench_load "$events" "$labels"
kakehashi run --until-idle 2>"$folder/live.log"
echo "live: $(rate "$schema")"

kill_at $((events / 3)) start
kill_at $((events * 2 / 3)) resume
kakehashi replay resume >>"$folder/replay.log" 2>&1 || failed "the replay did not come to its end; see $folder/replay.log"
echo "replay, killed twice and resumed: $(rate "${schema}_replay")"
compare "the same rules" none
kakehashi replay drop --yes >/dev/null

sed 's/^no_counterpart: .*/no_counterpart: NOT_REQUIRED/' "$root/config/policies/jp-sg.yaml" >"$folder/policies.yaml"
kakehashi replay start --policies "$folder/policies.yaml" >>"$folder/replay.log" 2>&1 || failed "see $folder/replay.log"
echo "replay: $(rate "${schema}_replay")"
compare "a changed policy" some

workers=""
for i in 0 1; do
    bench_exec="exec" kakehashi run 2>"$folder/worker.$i.log" &
    workers="$workers $!"
done
new_events $((events / 50)) | kakehashi publish >/dev/null &
load=$!
kakehashi replay adopt --yes --limit 0 | tail -n 1
wait "$load"
while :; do
    kakehashi replay compare --output json --limit 0 >"$folder/compare.txt" 2>>"$folder/replay.log" || failed "there are differences"
    grep -q '"onTheirWay":"0","lanesSweeping":"0"' "$folder/compare.txt" && break
    sleep 1
done
compare "adopted under load" none
for pid in $workers; do
    kill "$pid"
    wait "$pid"
done
compare "adopted, after the workers' end" none
kakehashi replay drop --yes
