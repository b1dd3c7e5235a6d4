#!/usr/bin/env bash
# The one home of the package lists, for Debian 12 and 13.
#   packages.sh list GROUP...      prints the packages, one a line
#   packages.sh missing GROUP...   prints those that are not installed
#   packages.sh install GROUP...   installs those; as root, or by sudo; quick when nothing is missing
# Groups: build (compile the worker), package (make the Debian package), run (what the installed binary needs), postgresql (a
#         server to try it with), kafka (Java and Maven for a real Apache Kafka), test (compilers, sanitizers, linters).
# On another system `install` names the packages and exits 1.
set -euo pipefail

packages() {
    case $1 in
        build)
            echo gcc libc6-dev cmake ninja-build pkgconf scdoc python3
            echo librdkafka-dev libpq-dev libprotobuf-c-dev protobuf-c-compiler protobuf-compiler libprotobuf-dev
            echo libjansson-dev libyaml-dev libssl-dev libbsd-dev zlib1g-dev libsmartcols-dev libmicrohttpd-dev
            ;;
        run)
            echo librdkafka1 libpq5 libprotobuf-c1 libjansson4 libyaml-0-2 libssl3 zlib1g libsmartcols1 libmicrohttpd12 ca-certificates
            ;;
        postgresql) echo postgresql python3 ;;
        kafka) echo default-jre-headless maven python3 ;;
        package) echo dpkg-dev file ;;
        test)
            echo libcmocka-dev python3 python3-protobuf python3-icalendar python3-yaml python3-confluent-kafka
            echo clang clang-format clang-tidy shellcheck binutils spin mandoc fakeroot systemd time e2fsprogs mount
            # libFuzzer and clang's sanitizers are a package of their own, named after clang's version.
            echo "libclang-rt-$(clang_version)-dev"
            ;;
        *)
            echo "packages.sh: no such group: $1 (build, package, run, postgresql, kafka, test)" >&2
            return 2
            ;;
    esac
}

release() {
    # shellcheck disable=SC1091 # not ours
    (. /etc/os-release 2>/dev/null && echo "${ID-} ${VERSION_ID-}") || echo unknown
}

clang_version() {
    case $(release) in
        'debian 13') echo 19 ;;
        *) echo 14 ;;
    esac
}

# In Debian 13 two libraries bear the mark of the 64-bit time transition, or of a new major version.
renamed() {
    case $(release) in
        'debian 13') sed -e 's/^libssl3$/libssl3t64/' -e 's/^libmicrohttpd12$/libmicrohttpd12t64/' ;;
        *) cat ;;
    esac
}

list() {
    local group found
    for group; do
        found=$(packages "$group")
        tr ' ' '\n' <<<"$found"
    done | renamed | LC_ALL=C sort -u
}

missing() {
    local wanted package
    wanted=$(list "$@")
    if ! command -v dpkg-query >/dev/null; then
        echo "$wanted"
        return
    fi
    for package in $wanted; do
        if [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then
            echo "$package"
        fi
    done
}

# as_root COMMAND...
as_root() {
    if [[ $(id -u) == 0 ]]; then
        "$@"
    else
        sudo -- "$@"
    fi
}

# apt ARGUMENT...: says nothing unless it fails.
apt() {
    local log
    log=$(mktemp)
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" \
        >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        rm -f "$log"
        echo "packages.sh: apt-get $1 failed; its words are above" >&2
        return 1
    fi
    rm -f "$log"
}

# The server's package makes and starts a database of its own. Nobody asked for one: it is told not to, for as long as
# the installation lasts, and its configuration is put back as it was.
install_without_database() {
    local conf=/etc/postgresql-common/createcluster.conf kept status=0
    apt install --no-install-recommends -y postgresql-common
    kept=$(mktemp)
    cat "$conf" >"$kept"
    # A signal must not leave it changed; the function itself puts it back on every other way out.
    trap 'as_root cp "$kept" "$conf"; exit 130' INT TERM
    echo 'create_main_cluster = false' | as_root tee -a "$conf" >/dev/null
    apt install --no-install-recommends -y "$@" || status=$?
    as_root cp "$kept" "$conf"
    trap - INT TERM
    rm -f "$kept"
    return "$status"
}

install() {
    local wanted
    wanted=$(missing "$@" | tr '\n' ' ')
    if [[ -z ${wanted// /} ]]; then
        return
    fi
    case $(release) in
        'debian 12' | 'debian 13') ;;
        *)
            echo "This system is neither Debian 12 nor 13. Needed, by their names in Debian: $wanted" >&2
            return 1
            ;;
    esac
    if [[ $(id -u) != 0 ]] && ! command -v sudo >/dev/null; then
        echo "These packages are missing, and installing needs root or sudo: $wanted" >&2
        return 1
    fi
    echo "Installing: $wanted" >&2
    apt update
    local -a names
    read -ra names <<<"$wanted"
    if [[ " $wanted " == *' postgresql '* ]]; then
        install_without_database "${names[@]}"
    else
        apt install --no-install-recommends -y "${names[@]}"
    fi
}

case "${1-} $#" in
    'list '[!1] | 'missing '[!1] | 'install '[!1]) "$@" ;;
    *)
        sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
esac
