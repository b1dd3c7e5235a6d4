#!/bin/sh
# How workers share the work, and how soon one takes over from another, on one Kafka and one durable PostgreSQL, all on this
# machine, over 12 lanes:
#
#   tests/bench/scaling.sh BUILD [EVENTS [LABELS [STOCKS [WORKERS]]]]
#
# BUILD is a build folder with kakehashi and bench_load (release is what counts). STOCKS, e.g. "10000 1000000": how many
# labels lie in the database before, made by SQL from the rows of the first events. WORKERS, e.g. "1 2 4". For each stock:
#
# - with each number of workers, the events/s from the first to the last commit of EVENTS events, and as a share of one
#   worker's at the first stock. The events lie in the topics before the workers start together.
# - with two workers under a load of 3,000 events a second, after `kill -9` of one, and after SIGTERM of one: the longest
#   time, in seconds, that one of its lanes stood still. The session is 6 s (kafka.session_timeout_ms).
#
# The rows in stock are never due and never read, as most labels of a real deployment are not; they make tables and indexes
# what they are then. All programs share this machine's cores: so more workers gain only what one leaves of them.
set -eu

# shellcheck source=tests/bench/common.sh
. "$(dirname -- "$0")/common.sh"
events=${2:-200000}
labels=${3:-50000}
stocks=${4:-10000 100000 1000000}
workers=${5:-1 2 3 4}
rate=3000

# Fresh topics and tables, with so many labels in stock. Sets $schema.
deploy() { # NAME STOCK
    bench_deploy "$1"
    bench_sql "INSERT INTO \"$schema\".subject (lane, key, due_at, next_change_at, residual_open, facts, decisions, basis, outcomes)
        SELECT n % 12, 'JP/stock-' || lpad(n::text, 9, '0'), s.due_at, s.next_change_at, s.residual_open, s.facts, s.decisions,
               s.basis, s.outcomes
        FROM generate_series(0, $2 - 1) AS n
        JOIN (SELECT *, row_number() OVER () AS i, count(*) OVER () AS all_of_them FROM public.stock) AS s
            ON s.i = n % s.all_of_them + 1 ORDER BY 1, 2"
    bench_sql "VACUUM ANALYZE \"$schema\".subject"
    bench_sql CHECKPOINT
}

# Prints events/s.
throughput() { # STOCK WORKERS
    deploy "speed$1-$2" "$1"
    bench_load "$events" "$labels"
    bench_workers "$schema" "$2"
    bench_results "$schema" | awk -v n="$events" '{ printf "%.0f\n", n / $2 }'
    bench_drop "$schema"
}

owners() {
    bench_sql "SELECT count(DISTINCT owner), count(*) FILTER (WHERE owner IS NULL) FROM \"$schema\".lane"
}

# Prints seconds.
take_over() { # STOCK SIGNAL
    BENCH_CLOCK=wall
    deploy "over$1-$2" "$1"
    victim=""
    pids=""
    trap 'kill -9 $pids 2>/dev/null || true' EXIT
    trap 'exit 130' INT TERM
    for i in 1 2; do
        bench_exec='exec' bench_run "$schema" "$build/kakehashi" run --set kafka.session_timeout_ms=6000 2>"$folder/$schema$i.log" &
        pids="$pids $!"
        victim=$!
    done
    until [ "$(owners)" = "2 0" ]; do
        sleep 0.2
    done
    bench_load $((rate * 20)) "$labels" "$rate" &
    load=$!
    sleep 5
    # An owner's name ends with its process id and a random number.
    bench_sql "CREATE TABLE \"$schema\".lost AS SELECT lane, clock_timestamp() AS since FROM \"$schema\".lane
        WHERE owner LIKE '%-$victim-%'"
    kill "-$2" "$victim"
    wait "$load"
    sleep 1
    for pid in $pids; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    bench_sql "SELECT round(extract(epoch FROM max(gap))::numeric, 2) FROM (
        SELECT r.recorded_at - lag(r.recorded_at, 1, l.since) OVER (PARTITION BY l.lane ORDER BY r.recorded_at) AS gap
        FROM \"$schema\".lost l JOIN \"$schema\".result r ON r.lane = l.lane AND r.recorded_at > l.since) AS gaps"
    bench_drop "$schema"
}

# Rows to make the stock of, such as the events leave them.
make_stock() {
    bench_deploy first
    bench_load 4000 1000
    bench_run "$schema" "$build/kakehashi" run --until-idle 2>"$folder/first.log"
    bench_sql "DROP TABLE IF EXISTS public.stock"
    bench_sql "CREATE TABLE public.stock AS SELECT * FROM \"$schema\".subject WHERE key LIKE '__/%'"
    bench_drop "$schema"
}

bench_start
make_stock
alone=""
for stock in $stocks; do
    for count in $workers; do
        speed=$(throughput "$stock" "$count")
        alone=${alone:-$speed}
        echo "$stock labels in stock, $count workers: $speed events/s, share $(awk "BEGIN { printf \"%.2f\", $speed / $alone }")"
    done
    killed=$(take_over "$stock" KILL)
    ended=$(take_over "$stock" TERM)
    echo "$stock labels in stock, taken over after kill -9 in $killed s, after SIGTERM in $ended s"
done
