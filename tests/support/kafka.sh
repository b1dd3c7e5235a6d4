#!/bin/sh
# A real Apache Kafka for tests: one process, one node, everything under a folder of its own.
#
#   kafka.sh fetch LIBRARIES            downloads the broker (once; LIBRARIES is a folder, e.g. build/kafka-4.1.0)
#   kafka.sh start LIBRARIES FOLDER     fetches if need be, formats FOLDER, starts on free ports, waits until it
#                                       answers, prints "127.0.0.1:PORT". A second start on FOLDER keeps its data.
#   kafka.sh start LIBRARIES FOLDER --secure USER...
#                                       as a broker in production: TLS and passwords (SCRAM-SHA-512 and PLAIN), and
#                                       nobody may do anything until an ACL says so. Leaves each user's password in
#                                       FOLDER/secrets/USER, and FOLDER/secrets/certificate.pem to trust
#   kafka.sh acls LIBRARIES FOLDER ARGUMENT...
#                                       kafka-acls.sh of such a broker, by its super user: see its --help
#   kafka.sh stop FOLDER [--now]        stops the broker that was started there, by its process id; --now: nobody needs its
#                                       data any more, so it is killed
#
# $KH_KAFKA_PORTS: "PORT CONTROLLER [SECOND ADVERTISED]" in place of free ports. At SECOND it listens besides, and tells
# those who come there that it is to be reached at ADVERTISED: where something stands between them and the broker.
# Needs Java 17 or later, and Maven for the first fetch. Log: FOLDER/broker.log.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
main=kafka.Kafka

fail() {
    echo "kafka.sh: $*" >&2
    exit 1
}

need() {
    command -v "$1" >/dev/null || fail "$1 is missing: install $2"
}

# The download goes to a folder of another name, which gets its own name once it is whole.
fetch() {
    libraries=$1
    [ -d "$libraries" ] && return 0
    need mvn "maven"
    mkdir -p "$(dirname "$libraries")"
    partial=$(mktemp -d "$libraries.XXXXXX")
    trap 'rm -rf "$partial"' EXIT INT TERM
    if ! mvn -q -B -Dstyle.color=never -f "$here/kafka/pom.xml" dependency:copy-dependencies -DoutputDirectory="$partial" >&2; then
        fail "the download failed; Maven's words are above"
    fi
    [ -f "$partial/kafka_2.13-4.1.0.jar" ] || fail "Maven brought no kafka_2.13-4.1.0.jar"
    chmod 755 "$partial"
    # Somebody else may have been faster: then theirs is as good.
    mv -T "$partial" "$libraries" 2>/dev/null || [ -d "$libraries" ]
    rm -rf "$partial"
    trap - EXIT INT TERM
}

free_port() {
    # The kernel names a free port; another program may take it before the broker does, so start tries again.
    python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

alive() { # PIDFILE
    [ -f "$1" ] || return 1
    pid=$(cat "$1")
    # A process id may belong to another program by now.
    tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q "$main"
}

write_properties() { # FOLDER CLIENT-PORT CONTROLLER-PORT [SECOND-PORT ADVERTISED-PORT], or INTERNAL-PORT if secure
    cat >"$1/server.properties" <<END
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$3
controller.listener.names=CONTROLLER
log.dirs=$1/data
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
log.cleaner.dedupe.buffer.size=8388608
END
    if [ -n "$users" ]; then
        write_security "$@"
        return
    fi
    cat >>"$1/server.properties" <<END
listeners=PLAINTEXT://127.0.0.1:$2,CONTROLLER://127.0.0.1:$3${4:+,SECOND://127.0.0.1:$4}
advertised.listeners=PLAINTEXT://127.0.0.1:$2${5:+,SECOND://127.0.0.1:$5}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECOND:PLAINTEXT
END
}

# The broker knows itself, and who grants rights, by its certificate; everybody else by name and password.
write_security() { # as write_properties
    cat >>"$1/server.properties" <<END
listeners=CLIENT://127.0.0.1:$2,CONTROLLER://127.0.0.1:$3,INTERNAL://127.0.0.1:$4
advertised.listeners=CLIENT://127.0.0.1:$2,INTERNAL://127.0.0.1:$4
inter.broker.listener.name=INTERNAL
listener.security.protocol.map=CLIENT:SASL_SSL,CONTROLLER:SSL,INTERNAL:SSL
sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
listener.name.client.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.client.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required$(
        for user in $users; do printf ' user_%s="%s"' "$user" "$(cat "$1/secrets/$user")"; done
    );
listener.name.controller.ssl.client.auth=required
listener.name.internal.ssl.client.auth=required
ssl.keystore.type=PKCS12
ssl.keystore.location=$1/secrets/broker.p12
ssl.keystore.password=$(cat "$1/secrets/keystore")
ssl.truststore.type=PEM
ssl.truststore.location=$1/secrets/certificate.pem
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:CN=broker
END
    echo "security.protocol=SSL" >"$1/secrets/super.properties"
    grep '^ssl\.' "$1/server.properties" >>"$1/secrets/super.properties"
    echo "127.0.0.1:$4" >"$1/super.address"
}

# A certificate that vouches for itself, and a password for each user.
make_secrets() { # FOLDER
    [ ! -d "$1/secrets" ] || return 0
    need keytool "openjdk-17-jre-headless"
    partial=$(mktemp -d "$1/secrets.XXXXXX")
    for name in keystore $users; do
        od -A n -N 16 -t x1 /dev/urandom | tr -d ' \n' >"$partial/$name"
    done
    keytool -genkeypair -alias broker -keyalg EC -groupname secp256r1 -validity 30 -dname CN=broker \
        -ext san=ip:127.0.0.1,dns:localhost -keystore "$partial/broker.p12" -storetype PKCS12 \
        -storepass:file "$partial/keystore" >"$1/keytool.log" 2>&1 || fail "no certificate: see $1/keytool.log"
    keytool -exportcert -rfc -alias broker -keystore "$partial/broker.p12" -storepass:file "$partial/keystore" \
        >"$partial/certificate.pem" 2>>"$1/keytool.log" || fail "no certificate: see $1/keytool.log"
    mv -T "$partial" "$1/secrets"
}

run_java() {
    java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$libraries/*" "$@"
}

format() { # FOLDER
    formatted=$1
    set -- -t "$(run_java -Xmx256m kafka.tools.StorageTool random-uuid)" -c "$formatted/server.properties"
    for user in $users; do
        set -- "$@" --add-scram "SCRAM-SHA-512=[name=$user,password=$(cat "$formatted/secrets/$user")]"
    done
    run_java -Xmx256m kafka.tools.StorageTool format "$@" >"$formatted/format.log" 2>&1 ||
        fail "formatting failed: see $formatted/format.log"
}

# Listening is not yet answering: the group and transaction coordinators come a moment later, which clients wait for.
answers() { # PORT [CERTIFICATE]
    python3 - "$@" <<'END'
import socket, ssl, struct, sys
body = struct.pack(">hhih", 18, 0, 1, 0)  # ApiVersions v0, correlation 1, empty client id
try:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 2) as s:
        s.settimeout(5)
        if len(sys.argv) > 2:
            s = ssl.create_default_context(cafile=sys.argv[2]).wrap_socket(s, server_hostname="127.0.0.1")
        s.sendall(struct.pack(">i", len(body)) + body)
        sys.exit(0 if len(s.recv(4)) == 4 else 1)
except OSError:
    sys.exit(1)
END
}

launch() { # FOLDER; writes FOLDER/pid and FOLDER/address, 1 if the process ended or never answered
    ports=${KH_KAFKA_PORTS:-"$(free_port) $(free_port)${users:+ $(free_port)}"}
    client=${ports%% *}
    # shellcheck disable=SC2086 # words
    write_properties "$1" $ports
    [ -f "$1/data/meta.properties" ] || format "$1"
    # A process group of its own: Ctrl-C in the terminal reaches the test, which stops the broker itself.
    setsid java -Xmx"${KAFKA_HEAP:-512m}" -XX:+UseSerialGC -cp "$libraries/*" "$main" \
        "$1/server.properties" </dev/null >>"$1/broker.log" 2>&1 &
    echo $! >"$1/pid"
    tries=0
    while [ $tries -lt 600 ]; do
        if answers "$client" ${users:+"$1/secrets/certificate.pem"}; then
            echo "127.0.0.1:$client" >"$1/address"
            return 0
        fi
        kill -0 "$(cat "$1/pid")" 2>/dev/null || return 1
        tries=$((tries + 1))
        sleep 0.2
    done
    return 1
}

start() { # LIBRARIES FOLDER [USER...]
    libraries=$1
    mkdir -p "$2"
    folder=$(CDPATH='' cd -- "$2" && pwd)
    shift 2
    users=$*
    need java "openjdk-17-jre-headless"
    need python3 "python3"
    fetch "$libraries"
    if alive "$folder/pid"; then
        cat "$folder/address"
        return 0
    fi
    if [ -n "$users" ]; then
        umask 077
        make_secrets "$folder"
    fi
    : >"$folder/broker.log"
    attempt=0
    while ! launch "$folder"; do
        stop "$folder"
        attempt=$((attempt + 1))
        [ $attempt -lt 3 ] || fail "the broker does not start: see $folder/broker.log"
    done
    cat "$folder/address"
}

stop() { # FOLDER [--now]
    if alive "$1/pid"; then
        pid=$(cat "$1/pid")
        kill ${2:+-9} "$pid"
        tries=0
        while alive "$1/pid"; do
            tries=$((tries + 1))
            # It lets go of its leaderships first; a test's broker need not be waited for long.
            [ $tries -lt 100 ] || kill -9 "$pid" 2>/dev/null || true
            sleep 0.1
        done
    fi
    rm -f "$1/pid" "$1/address" "$1/super.address"
}

acls() { # LIBRARIES FOLDER ARGUMENT...
    libraries=$1
    folder=$2
    shift 2
    run_java -Xmx256m org.apache.kafka.tools.AclCommand --bootstrap-server "$(cat "$folder/super.address")" \
        --command-config "$folder/secrets/super.properties" "$@"
}

usage() {
    sed -n '2,19s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

case "${1:-} $#" in
"fetch 2") fetch "$2" ;;
"start "*)
    [ $# -eq 3 ] || { [ $# -gt 4 ] && [ "$4" = --secure ]; } || usage
    libraries=$2
    folder=$3
    shift $(($# > 3 ? 4 : 3))
    start "$libraries" "$folder" "$@"
    ;;
"acls "*)
    [ $# -gt 3 ] || usage
    shift
    acls "$@"
    ;;
"stop 2") stop "$2" ;;
"stop 3") if [ "$3" = --now ]; then stop "$2" now; else usage; fi ;;
*) usage ;;
esac
