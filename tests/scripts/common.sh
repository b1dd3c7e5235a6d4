# shellcheck shell=bash
# What the gates share. Sourced: the caller has set -euo pipefail.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# The formatter and the linter change their minds between releases; the tree is kept by this one (Debian 12's).
LLVM_VERSION=14
SKIPPED=77 # ctest shows a test that exits so as skipped
export ROOT SKIPPED

# c_files FOLDER...: our C files below them, one a line, sorted.
c_files() {
    (cd "$ROOT" && find "$@" -type f \( -name '*.c' -o -name '*.h' \) 2>/dev/null | LC_ALL=C sort)
}

# llvm_tool NAME: the command for NAME of LLVM_VERSION; nothing when there is none.
llvm_tool() {
    local candidate
    for candidate in "$1-$LLVM_VERSION" "$1"; do
        if command -v "$candidate" >/dev/null && "$candidate" --version | grep -q "version $LLVM_VERSION\."; then
            echo "$candidate"
            return
        fi
    done
}

# skip_without_llvm_tool NAME: sets TOOL, or ends the gate as skipped.
skip_without_llvm_tool() {
    TOOL=$(llvm_tool "$1")
    if [[ -z $TOOL ]]; then
        echo "$1 $LLVM_VERSION is not here (Debian 12 has it); another version judges otherwise: skipped"
        exit "$SKIPPED"
    fi
}

# must_fail TITLE PATTERN COMMAND...: the command must fail, and say PATTERN.
must_fail() {
    local title=$1 pattern=$2 output
    shift 2
    if output=$("$@" 2>&1); then
        echo "self test: $title passed unnoticed"
        return 1
    elif ! grep -q -- "$pattern" <<<"$output"; then
        echo "self test: $title failed, but not with '$pattern':"
        echo "$output"
        return 1
    fi
}
