#!/usr/bin/env bash
# Each public header compiles alone, as C17 without extensions, by gcc and by clang.
#   headers.sh [FOLDER]    FOLDER holds kakehashi/*.h; exit 1 if one does not
#   headers.sh --self-test shows that the gate can fail
set -euo pipefail
# shellcheck source=tests/scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

check() {
    local header compiler count=0 failed=0
    for header in "$1"/kakehashi/*.h; do
        for compiler in gcc clang; do
            count=$((count + 1))
            # Twice: the second time proves the guard.
            printf '#include "kakehashi/%s"\n#include "kakehashi/%s"\n' "${header##*/}" "${header##*/}" |
                "$compiler" -std=c17 -pedantic -Wall -Wextra -Wconversion -Werror -fsyntax-only -I "$1" -x c - || {
                echo "headers: $header does not compile alone by $compiler"
                failed=1
            }
        done
    done
    [[ $failed == 0 ]] || exit 1
    echo "headers: $count compilations, all well"
}

self_test() {
    local folder
    folder=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder as it is now
    trap "rm -rf '$folder'" EXIT
    mkdir "$folder/kakehashi"
    echo 'size_t kh_needs_an_include(void);' >"$folder/kakehashi/a.h"
    must_fail 'a header that leans on another' 'does not compile alone by clang' "$0" "$folder"
    echo 'struct kh_a { int a; };' >"$folder/kakehashi/a.h"
    must_fail 'a header without a guard' 'redefinition of' "$0" "$folder"
    echo 'headers: self test passed'
}

case ${1-} in
    --self-test) self_test ;;
    *) check "${1:-$ROOT/include}" ;;
esac
