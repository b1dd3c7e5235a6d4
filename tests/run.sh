#!/usr/bin/env bash
# Installs what is missing, builds, and passes every test: gcc and clang, real PostgreSQL and real Apache Kafka,
# sanitizers and a bounded run of each fuzz target.
#   tests/run.sh            all of it
#   tests/run.sh --quick    the tests that need no server, in the dev build
#   tests/run.sh --asan     the same tests under AddressSanitizer, UndefinedBehaviorSanitizer and LeakSanitizer
#   tests/run.sh NAME       one test by its name, in the dev build; `tests/run.sh --list` prints the names
# All it writes stands under build/. The last line counts the tests; exit 0 only if every one passed.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
JOBS=$(nproc)
PASSED=0
FAILED=0
# The worker's own settings must not reach the tests.
unset KAKEHASHI_CONFIG PGHOST PGPORT PGUSER PGDATABASE PGPASSWORD PGSERVICE PGOPTIONS

usage() {
    sed -n '2,9s/^# \{0,1\}//p' "$0"
}

title() {
    printf '\n== %s (%d s)\n' "$1" "$SECONDS"
}

# finish: the last line, and the exit code.
finish() {
    printf '\n%d passed, %d failed\n' "$PASSED" "$FAILED"
    [[ $FAILED == 0 && $PASSED != 0 ]] || exit 1
    exit 0
}

# build PRESET [TARGET...]: without a build there is nothing to test, so a failure ends the run.
build() {
    local preset=$1 log
    local -a targets=()
    shift
    [[ $# == 0 ]] || targets=(--target "$@")
    log=build/$preset.log
    mkdir -p build
    if ! cmake --preset "$preset" >"$log" 2>&1; then
        cat "$log"
    elif cmake --build "build/$preset" --parallel "$JOBS" "${targets[@]}" >>"$log" 2>&1; then
        echo "built build/$preset"
        return
    else
        grep -E 'error|warning|FAILED' -A 5 "$log" | head -100
    fi
    echo "The build of build/$preset failed; all of its words: $log"
    FAILED=$((FAILED + 1))
    finish
}

# run_tests BUILD [ctest options]: adds to the counts.
run_tests() {
    local folder=$1 log words passed total skipped
    shift
    log=$folder/ctest.log
    # ctest's own summary is read below: a run without one (no test found, ctest killed) counts as a failure.
    ctest --test-dir "$folder" --output-on-failure --no-tests=error "$@" 2>&1 | tee "$log" || true
    words=$(grep -oE '[0-9]+ tests failed out of [0-9]+' "$log" | tail -n 1) || words=
    if [[ -z $words ]]; then
        echo "ctest came to no end: see $log"
        FAILED=$((FAILED + 1))
        return
    fi
    total=${words##* }
    FAILED=$((FAILED + ${words%% *}))
    skipped=$(grep -cE '\*\*\*Skipped' "$log") || true
    passed=$((total - ${words%% *} - skipped))
    PASSED=$((PASSED + passed))
    if [[ $skipped != 0 ]]; then
        echo "$skipped skipped: not counted as passed"
    fi
}

quick() {
    title 'Tests without servers'
    run_tests build/dev -LE '^servers$' -j "$JOBS"
}

# asan LABELS: what is left out, as ctest's pattern of labels.
asan() {
    title 'Sanitizers'
    build asan
    export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
    export UBSAN_OPTIONS=print_stacktrace=1
    run_tests build/asan -LE "^($1)\$" -j "$JOBS"
}

fuzz() {
    title 'Fuzz targets, a bounded number of runs each'
    local -a targets=()
    local source
    for source in tests/fuzz/fuzz_*.c; do
        targets+=("$(basename "$source" .c)")
    done
    build fuzz "${targets[@]}"
    run_tests build/fuzz -L '^fuzz$' -j "$JOBS"
}

everything() {
    docker/packages.sh install build package test postgresql kafka
    title 'gcc, warnings are errors'
    build dev
    title 'clang, warnings are errors'
    build clang
    quick
    title 'Tests with a real PostgreSQL and a real Apache Kafka'
    run_tests build/dev -L '^servers$' -j 2
    # The gates judge the sources, which are the same in each build.
    asan 'servers|gate'
    fuzz
    finish
}

case ${1-} in
    '') everything ;;
    --help | -h)
        usage
        ;;
    --quick)
        docker/packages.sh install build package test
        build dev
        quick
        finish
        ;;
    --asan)
        docker/packages.sh install build package test
        asan servers
        finish
        ;;
    --list)
        docker/packages.sh install build package test
        build dev >&2
        ctest --test-dir build/dev --show-only | sed -n 's/^ *Test *#[0-9]*: //p'
        ;;
    -*)
        usage >&2
        exit 2
        ;;
    *)
        if [[ ! $1 =~ ^[A-Za-z0-9_-]+$ ]]; then
            echo "tests/run.sh: not the name of a test: $1 (tests/run.sh --list prints them)" >&2
            exit 2
        fi
        docker/packages.sh install build package test postgresql kafka
        build dev
        run_tests build/dev -R "^$1\$"
        finish
        ;;
esac
