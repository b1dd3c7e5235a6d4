#!/usr/bin/env bash
# The layout of C files is what clang-format makes of them.
#   format.sh              names every line that differs; exit 1 if any does
#   format.sh --fix        rewrites the files
#   format.sh --self-test  shows that the gate can fail
set -euo pipefail
# shellcheck source=tests/scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
skip_without_llvm_tool clang-format

self_test() {
    local folder
    folder=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder as it is now
    trap "rm -rf '$folder'" EXIT
    cp "$ROOT/.clang-format" "$folder/"
    printf 'int  kh_a( void ){return 1;}\n' >"$folder/bad.c"
    must_fail 'a badly laid out file' 'clang-format-violations' "$TOOL" --dry-run -Werror "$folder/bad.c"
    "$TOOL" -i "$folder/bad.c"
    "$TOOL" --dry-run -Werror "$folder/bad.c"
    echo 'format: self test passed'
}

files() {
    c_files include worker tests | tr '\n' '\0'
}

cd "$ROOT"
case ${1-} in
    --self-test) self_test ;;
    --fix) files | xargs -0 -r "$TOOL" -i ;;
    '')
        files | xargs -0 -r "$TOOL" --dry-run -Werror || {
            echo 'format: run tests/scripts/format.sh --fix'
            exit 1
        }
        ;;
    *)
        sed -n '2,5p' "$0" >&2
        exit 2
        ;;
esac
