#!/usr/bin/env bash
# tests/cases holds histories, with the states expected of them, that were made by an independent implementation of the
# arrangement. They are compared with, never edited: this gate holds their digests.
#   cases_untouched.sh [FOLDER]    exit 1 if one differs or is missing
#   cases_untouched.sh --self-test shows that the gate can fail
set -euo pipefail
# shellcheck source=tests/scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

check() {
    (cd "$1" && sha256sum --quiet --strict -c "$ROOT/tests/scripts/cases.sha256")
    echo 'cases_untouched: all as they came'
}

self_test() {
    local folder
    folder=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder as it is now
    trap "rm -rf '$folder'" EXIT
    cp "$ROOT"/tests/cases/0* "$folder/"
    check "$folder" >/dev/null
    echo >>"$folder/01-plain.states"
    must_fail 'an edited case' '01-plain.states: FAILED' "$0" "$folder"
    rm "$folder/01-plain.states"
    must_fail 'a missing case' '01-plain.states: No such file' "$0" "$folder"
    echo 'cases_untouched: self test passed'
}

case ${1-} in
    --self-test) self_test ;;
    *) check "${1:-$ROOT/tests/cases}" ;;
esac
