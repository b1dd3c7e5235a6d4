#!/usr/bin/env bash
# Runs shellcheck over every shell script of the tree (by name or by first line).
# Usage:
#   ./shellcheck.sh              exit 1 if it finds anything
#   ./shellcheck.sh --self-test  shows that the gate can fail
set -euo pipefail
# shellcheck source=tests/scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# scripts FOLDER: every shell script below it, each ended by a NUL.
scripts() {
    (
        cd "$1"
        find . \( -name .git -o -path ./build -o -name __pycache__ \) -prune -o -type f -size -200k -print0 |
            while IFS= read -r -d '' file; do
                if [[ $file == *.sh ]] || head -c 64 "$file" | head -n 1 | tr -d '\0' | grep -qE '^#!.*\b(ba)?sh\b'; then
                    printf '%s\0' "$file"
                fi
            done
    )
}

check() {
    local list
    list=$(mktemp)
    # shellcheck disable=SC2064 # the file as it is now
    trap "rm -f '$list'" EXIT
    scripts "$1" >"$list"
    if [[ ! -s $list ]]; then
        echo "shellcheck: no script found below $1" >&2
        exit 1
    fi
    cd "$1"
    xargs -0 shellcheck --external-sources --source-path=SCRIPTDIR --source-path=. <"$list"
    echo "shellcheck: nothing found in $(tr -cd '\0' <"$list" | wc -c) scripts"
}

self_test() {
    local folder
    folder=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder as it is now
    trap "rm -rf '$folder'" EXIT
    # shellcheck disable=SC2016 # meant for the file
    printf '#!/bin/sh\nrm -r $1/*\n' >"$folder/no-suffix"
    must_fail 'an unquoted variable' 'SC2086' "$0" "$folder"
    echo 'shellcheck: self test passed'
}

case ${1-} in
    --self-test) self_test ;;
    *) check "$(cd "${1:-$ROOT}" && pwd)" ;;
esac
