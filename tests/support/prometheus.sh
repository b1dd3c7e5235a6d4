#!/usr/bin/env bash
# Where prometheus and promtool are, for tests: those of the system, or those of Debian's package, unpacked and not installed,
# since the package would start a service.
#   prometheus.sh FOLDER   FOLDER is where the package is kept; prints the folder of the programs
# Exit 77: neither is to be had on this system.
set -euo pipefail

[[ $# == 1 ]] || {
    sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
FOLDER=$1

if [[ -x /usr/bin/prometheus && -x /usr/bin/promtool ]]; then
    echo /usr/bin
    exit 0
fi
if [[ -x $FOLDER/usr/bin/promtool ]]; then
    echo "$FOLDER/usr/bin"
    exit 0
fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    echo 'prometheus.sh: no prometheus here, and no apt-get to fetch it' >&2
    exit 77
fi

as_root() {
    if [[ $(id -u) == 0 ]]; then "$@"; else sudo -n -- "$@"; fi
}

mkdir -p "$FOLDER"
part=$(mktemp -d "$FOLDER/part.XXXXXX")
trap 'rm -rf "$part"' EXIT
cd "$part"
# The list of packages may be missing, or name a version that is gone.
if ! apt-get -qq download prometheus 2>apt.log && ! { as_root apt-get -qq update && apt-get -qq download prometheus; } 2>>apt.log; then
    cat apt.log >&2
    echo 'prometheus.sh: the package prometheus cannot be fetched' >&2
    exit 1
fi
dpkg-deb -x prometheus_*.deb unpacked
mkdir -p "$FOLDER/usr/bin"
mv unpacked/usr/bin/prometheus "$FOLDER/usr/bin/prometheus"
mv unpacked/usr/bin/promtool "$FOLDER/usr/bin/promtool" # last: it says that all is there
echo "$FOLDER/usr/bin"
