#!/usr/bin/env bash
# Shows kakehashi at work on this machine: a year of label events of both agencies, and what follows from them.
#   docker/try.sh            installs what is missing, builds, starts a private PostgreSQL and a small broker, publishes
#                            config/samples/first-year.jsonl, runs the worker until all is decided, shows the statuses
#   docker/try.sh --keep     leaves database and broker running, and says how to reach them
#   docker/try.sh --kafka    the same on a real Apache Kafka (Java; the first time it is downloaded)
#   docker/try.sh --stop     stops what --keep left running
# For Debian 12 and 13, as root or with sudo; on other systems it names the packages that it needs.
# Both servers are new each time and listen on free ports of 127.0.0.1 only. All it writes stands under build/.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
TRY=$ROOT/build/try
KAKEHASHI=$ROOT/build/release/kakehashi
BROKER=$ROOT/build/release/tests/support/embedded_broker
SUPPORT=$ROOT/tests/support
KAFKA=$ROOT/build/kafka-4.1.0
SAMPLE=config/samples/first-year.jsonl
# The sample ends in May 2027; two weeks later the last of it has fallen due.
UNTIL=2027-06-01T16:00:00Z
PARTITIONS=4
keep=no
kafka=no

usage() {
    sed -n '2,9s/^# \{0,1\}//p' "$0"
}

say() {
    printf '\n== %s\n' "$*"
}

# quietly LOG COMMAND...: its words only if it fails.
quietly() {
    local log=$1
    shift
    if ! "$@" >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        echo "try.sh: failed: $* (all of its words: $log)" >&2
        exit 1
    fi
}

# The process that `start_embedded_broker` began, if it still is that one.
broker_process() {
    local pid
    pid=$(cat "$TRY/broker.pid" 2>/dev/null) || return 1
    [[ $(readlink "/proc/$pid/exe" 2>/dev/null) == "$BROKER"* ]] && echo "$pid"
}

stop_embedded_broker() {
    local pid
    if pid=$(broker_process); then
        kill "$pid"
        while broker_process >/dev/null; do sleep 0.05; done
    fi
    rm -f "$TRY/broker.pid"
}

# stop_all: what this script started, now or with --keep before.
stop_all() {
    stop_embedded_broker
    if [[ -d $TRY/kafka ]]; then
        "$SUPPORT/kafka.sh" stop "$TRY/kafka"
    fi
    if [[ -d $TRY/postgres ]]; then
        "$SUPPORT/postgres.sh" stop "$TRY/postgres"
    fi
}

start_embedded_broker() {
    local topic tries=0
    local -a topics=()
    for topic in jp.label-events sg.label-events recognition.{status,public,obligations,dead-letters}; do
        topics+=("$topic:$PARTITIONS")
    done
    # It ends with its standard input: a pipe that it holds open itself lets it outlive this script, for --keep.
    rm -f "$TRY/broker.stdin" "$TRY/broker.address"
    mkfifo "$TRY/broker.stdin"
    setsid "$BROKER" "${topics[@]}" >"$TRY/broker.address" 2>"$TRY/broker.log" <>"$TRY/broker.stdin" &
    echo $! >"$TRY/broker.pid"
    until [[ -s $TRY/broker.address ]]; do
        tries=$((tries + 1))
        if [[ $tries -gt 300 ]] || ! kill -0 $! 2>/dev/null; then
            echo "try.sh: the embedded broker does not start: $(cat "$TRY/broker.log")" >&2
            exit 1
        fi
        sleep 0.1
    done
    address=$(head -n 1 "$TRY/broker.address")
}

prepare() {
    local -a groups=(build run postgresql)
    if [[ $kafka == yes ]]; then
        groups+=(kafka)
    fi
    docker/packages.sh install "${groups[@]}"
    say 'Building build/release'
    mkdir -p "$TRY"
    quietly "$TRY/configure.log" cmake --preset release -DKH_EMBEDDED_BROKER=ON
    quietly "$TRY/build.log" cmake --build build/release --parallel "$(nproc)"
}

start_servers() {
    say 'Starting a private PostgreSQL and a broker'
    stop_all
    rm -rf "$TRY/postgres" "$TRY/kafka"
    # Whatever goes wrong from here on, nothing is left running.
    trap stop_all EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    connection=$("$SUPPORT/postgres.sh" start "$TRY/postgres")
    if [[ $kafka == yes ]]; then
        address=$("$SUPPORT/kafka.sh" start "$KAFKA" "$TRY/kafka")
    else
        start_embedded_broker
    fi
    write_settings
    echo "broker $address, PostgreSQL $connection"
}

# Beside the servers rather than in config/, so that the lines at the end can name it.
write_settings() {
    cat >"$TRY/kakehashi.yaml" <<END
# Written by docker/try.sh. Every setting, with its default: config/kakehashi.yaml
deployment: try
clock: records
rules: [../../config/rules/jp-sg-1.yaml]
policies: [../../config/policies/jp-sg.yaml]
calendars: [../../config/calendars/jp-administrative.yaml, ../../config/calendars/sg-public-holidays.yaml]
kafka:
  brokers: $address
  topics:
    events:
      JP: jp.label-events
      SG: sg.label-events
    partitions: $PARTITIONS
database:
  connection: "$connection"
END
}

run_sample() {
    local -a settings=(--config "$TRY/kakehashi.yaml")
    say "Publishing $SAMPLE: $(wc -l <"$SAMPLE") events from March 2026 to May 2027"
    quietly "$TRY/migrate.log" "$KAKEHASHI" migrate "${settings[@]}"
    # The embedded broker has its topics from the start, and no admin calls.
    if [[ $kafka == yes ]]; then
        quietly "$TRY/topics.log" "$KAKEHASHI" topics create "${settings[@]}"
    fi
    quietly "$TRY/publish.log" "$KAKEHASHI" publish "${settings[@]}" "$SAMPLE"
    say "Deciding, up to $UNTIL"
    quietly "$TRY/run.log" "$KAKEHASHI" run "${settings[@]}" --until-idle --until "$UNTIL"
    say 'What the agencies now know of each label'
    "$KAKEHASHI" list "${settings[@]}"
}

what_next() {
    local program=build/release/kakehashi file=build/try/kakehashi.yaml
    say 'What to try next'
    cat <<END
The same without any server, and what would hold at another instant:
  $program decide --config $file --output states --at 2028-01-01T00:00:00Z $SAMPLE
Each result about one label as it is made, with reason and article:
  $program decide --config $file $SAMPLE | grep JP/000104
END
    if [[ $keep == yes ]]; then
        cat <<END
Running until docker/try.sh --stop (broker $address):
  $program show --config $file SG/000203@JP
  $program list --config $file --outcome LABEL_NOT_VALID
  psql '$connection'
  kcat -b $address -t recognition.status -C -q -e -X isolation.level=read_committed -f '%k %h\n'    # apt install kcat
The worker's log: build/try/run.log
END
    else
        echo 'With --keep the database and the broker stay, to be looked into; with --kafka it is a real Kafka.'
    fi
}

for option; do
    case $option in
        --keep) keep=yes ;;
        --kafka) kafka=yes ;;
        --stop)
            stop_all
            exit 0
            ;;
        --help | -h)
            usage
            exit 0
            ;;
        *)
            usage >&2
            exit 2
            ;;
    esac
done

prepare
start_servers
run_sample
what_next
if [[ $keep == yes ]]; then
    trap - EXIT
fi
