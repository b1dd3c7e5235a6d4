#!/usr/bin/env bash
# Every command against real servers: what it says and how it ends, well and not.
#   test_commands.sh KAKEHASHI SOURCE_DIR FOLDER
# KH_POSTGRES_ADDRESS and KH_KAFKA_ADDRESS name the files in which the servers' addresses stand. Schema and topics are of this
# run alone; FOLDER is made anew.
set -euo pipefail

KAKEHASHI=$1
SOURCE=$2
FOLDER=$3
DATABASE=$(cat "$KH_POSTGRES_ADDRESS")
BROKER=$(cat "$KH_KAFKA_ADDRESS")
NAME=c$$x$(date +%s)
OUT=$FOLDER/out
FAILED=0

rm -rf "$FOLDER"
mkdir -p "$FOLDER"
cd "$FOLDER"

settings() { # FILE [YAML LINES]: of this run; the lines go to the end
    local file=$1
    shift
    cat >"$file" <<END
deployment: $NAME
clock: records
rules: [$SOURCE/config/rules/jp-sg-1.yaml]
policies: [$SOURCE/config/policies/jp-sg.yaml]
calendars: [$SOURCE/config/calendars/jp-administrative.yaml, $SOURCE/config/calendars/sg-public-holidays.yaml]
kafka:
  brokers: $BROKER
  group: $NAME
  session_timeout_ms: 1500
  topics:
    events: {JP: $NAME.jp, SG: $NAME.sg}
    status: $NAME.status
    public: $NAME.public
    obligations: $NAME.obligations
    dead_letters: $NAME.dead
    partitions: 3
    replication_factor: 1
database:
  connection: $DATABASE
  schema: $NAME
  connect_timeout_ms: 2000
END
    printf '%s\n' "$@" >>"$file"
}

sql() {
    psql -qAtX -v ON_ERROR_STOP=1 "$DATABASE" -c "SET client_min_messages = warning; SET search_path = \"$NAME\"; $1"
}

# ends STATUS COMMAND...: runs it, both outputs into $OUT.
ends() {
    local wanted=$1 status=0
    shift
    LAST="$*"
    "$KAKEHASHI" "$@" >"$OUT" 2>&1 </dev/null || status=$?
    if [[ $status != "$wanted" ]]; then
        echo "FAILED: kakehashi $LAST: ended with $status, wanted $wanted; it said:"
        cat "$OUT"
        FAILED=$((FAILED + 1))
    fi
}

# says TEXT...: each text stands in what the last command said.
says() {
    local text
    for text in "$@"; do
        if ! grep -qF -- "$text" "$OUT"; then
            echo "FAILED: kakehashi $LAST: does not say \"$text\", but:"
            cat "$OUT"
            FAILED=$((FAILED + 1))
        fi
    done
}

# equal WANTED FOUND WHAT
equal() {
    if [[ $1 != "$2" ]]; then
        echo "FAILED: $3: wanted \"$1\", found \"$2\""
        FAILED=$((FAILED + 1))
    fi
}

no_servers() {
    local nothing=(--set kafka.brokers=127.0.0.1:1 --set kafka.answer_timeout_ms=3000 --set "database.connection=host=127.0.0.1 port=1 user=x dbname=x")
    ends 1 migrate "${nothing[@]}"
    says 'Connection refused' 'host=127.0.0.1 port=1' 'is the server there'
    ends 1 list "${nothing[@]}"
    ends 1 show SG/000201 "${nothing[@]}"
    ends 1 explain SG/000201 "${nothing[@]}"
    ends 1 rules list "${nothing[@]}"
    ends 1 check-config --connect "${nothing[@]}"
    says 'settings: settings.yaml is well' 'tried: "127.0.0.1:1"' 'is a broker there' 'host=127.0.0.1 port=1'
    ends 1 publish "${nothing[@]}" sample.jsonl
    says '127.0.0.1:1' 'waiting for the broker at 127.0.0.1:1, for up to 3 s; librdkafka FAIL'
    ends 3 migrate --set "database.connection=$DATABASE user=nobody_of_that_name"
    says nobody_of_that_name "check \`database.connection\`" # what is wrong, and where to mend it
}

# Servers that take the connection and say nothing: what is waited for is told.
silent_servers() {
    local port
    python3 -c 'import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print(s.getsockname()[1], flush=True); time.sleep(600)' >silent &
    local silent=$!
    until [[ -s silent ]]; do sleep 0.1; done
    port=$(cat silent)
    ends 1 topics create --set "kafka.brokers=127.0.0.1:$port" --set kafka.answer_timeout_ms=3000
    says "waiting for the broker at 127.0.0.1:$port, for up to 3 s" 'is a broker there'
    kill "$silent"
}

schema() {
    ends 3 list
    says 'is at version 0' 'kakehashi migrate'
    ends 3 migrate --worker-role "$NAME"_nobody
    says "$NAME"_nobody
    sql "CREATE ROLE ${NAME}_worker LOGIN"
    ends 0 migrate --worker-role "${NAME}_worker"
    says "at version" "role \"${NAME}_worker\" may do what"
    ends 0 migrate
    says 'nothing to do'
    sql "INSERT INTO schema_version (version, name) VALUES (9999, 'of the future')"
    for command in list "show SG/1" "rules list" migrate "check-config --connect"; do
        # shellcheck disable=SC2086 # a command and its argument
        ends 3 $command
        says 'is at version 9999' 'use a newer kakehashi'
    done
    sql "DELETE FROM schema_version WHERE version = 9999"
}

rules() {
    local files=("$SOURCE"/config/rules/jp-sg-1.yaml "$SOURCE"/config/policies/jp-sg.yaml "$SOURCE"/config/calendars/*.yaml)
    ends 0 rules list
    says 'holds no rules yet'
    ends 3 list
    says 'holds no rule pack; load them with: kakehashi rules load FILE...'
    ends 3 rules load "${files[0]}" # what it needs is not there
    says 'jp-sg'
    equal 0 "$(sql 'SELECT count(*) FROM rule_pack')" 'rule packs after a refused load'
    ends 0 rules load --by 'the secretariat' "${files[@]}"
    says 'rule-pack jp-sg-1: SHA-256' '4 of 4 are new' 'every label again'
    ends 0 rules load "${files[1]}"
    says 'nothing has changed'
    ends 0 rules list
    says 'KIND' 'rule-pack' 'jp-administrative' 'the secretariat'

    sed 's/^title: .*/title: another title/' "${files[0]}" >changed-pack.yaml
    ends 3 rules load changed-pack.yaml
    says 'jp-sg-1'
    equal 1 "$(sql 'SELECT count(*) FROM rule_pack')" 'rule packs after a changed one was refused'
    { echo '# read again'; cat "${files[1]}"; } >changed-policy.yaml
    ends 0 rules load changed-policy.yaml
    says '1 of 1 are new'
    ends 0 rules list
    equal 5 "$(wc -l <"$OUT")" 'lines of rules after a policy was replaced'
    ends 3 rules load "${files[1]}" changed-policy.yaml
    says 'has the same id, jp-sg'
    ends 0 rules load "${files[1]}"
    printf 'kind: calendar\nid: x\nnonsense: 1\n' >bad.yaml
    ends 3 rules load bad.yaml missing.yaml
    says 'bad.yaml:3' 'missing.yaml'
}

topics() {
    ends 3 check-config --connect
    says "topic $NAME.status: does not exist" "topic $NAME.jp: does not exist" 'database: answers'
    ends 3 publish sample.jsonl
    says "topic $NAME.jp does not exist" 'kakehashi topics create'
    ends 0 topics create
    says "$NAME.jp: created" "$NAME.dead: created" 'all 6 topics are there'
    ends 0 topics create
    ends 0 check-config --connect
    says 'broker: ' 'all topics are as they must be' 'database: answers'
    ends 3 topics create --set kafka.topics.partitions=4
    says "topic $NAME.jp: has 3 partitions, must have 4"
    ends 3 topics create --set clock=wall
    says "topic $NAME.jp" 'LogAppendTime'
    ends 3 check-config --connect --set "kafka.topics.status=$NAME.jp"
}

publish() {
    {
        head -n 2 sample.jsonl
        echo 'not json'
        sed -n 3p sample.jsonl | sed 's/"revision":[0-9]*/"revision":0/'
        sed -n 4p sample.jsonl | sed "s/\"$NAME\.[js][pg]\"/\"elsewhere\"/"
    } >bad.jsonl
    ends 1 publish bad.jsonl
    says 'bad.jsonl:3: UNDECODABLE: ' 'bad.jsonl:4: INVALID_REVISION: ' 'bad.jsonl:5: UNKNOWN_TOPIC: ' \
        '3 of 5 lines are refused; nothing was sent'
    sed -n 4p bad.jsonl >revision-0.jsonl
    ends 1 publish revision-0.jsonl
    ends 1 publish --unchecked bad.jsonl
    says 'bad.jsonl:3: UNDECODABLE' 'bad.jsonl:5: UNKNOWN_TOPIC' '2 of 5 lines'
    ends 0 publish --unchecked revision-0.jsonl
    says 'sent 1 events'
    ends 0 publish sample.jsonl
    says "sent $(wc -l <sample.jsonl) events" "to $NAME.jp" "to $NAME.sg"
    : >empty.jsonl
    ends 0 publish empty.jsonl
    says 'sent 0 events'
    # Standard input, both ways: the same events again change nothing.
    LAST='publish from standard input'
    head -n 3 sample.jsonl | "$KAKEHASHI" publish >"$OUT" 2>&1
    says 'sent 3 events'
    head -n 3 sample.jsonl | "$KAKEHASHI" publish - >"$OUT" 2>&1
    says 'sent 3 events'
}

statuses() {
    local at=2027-06-01T00:00:00Z labels
    ends 0 list
    says 'no status matches'
    ends 0 run --until-idle --until $at
    # One line for each status, the same as the decision offline.
    ends 0 list --output json
    cp "$OUT" found.jsonl
    sed -n 1,1000p sample.jsonl | "$KAKEHASHI" decide --output states --at $at | grep '^{"status"' >wanted.jsonl
    # The count of versions depends on the order in which topics are read; what stands does not.
    sed -i 's/"version":[0-9]*,//' found.jsonl wanted.jsonl
    if ! cmp -s wanted.jsonl found.jsonl; then
        echo 'FAILED: list --output json is not what decide says:'
        diff wanted.jsonl found.jsonl | head -n 20
        FAILED=$((FAILED + 1))
    fi
    labels=$(wc -l <wanted.jsonl)
    ends 0 list
    equal $((labels + 1)) "$(wc -l <"$OUT")" 'lines of the table'
    says 'NEXT CHANGE' 'recognised'
    ends 0 list --outcome recognised --host JP
    equal "$(grep '"host":"JP"' wanted.jsonl | grep -c 'OUTCOME_RECOGNISED')" "$(grep -c '^SG/' "$OUT")" 'recognised by JP'
    ends 0 list --outcome OUTCOME_OUT_OF_SCOPE,label_not_valid --output json
    equal "$(grep -c 'OUTCOME_OUT_OF_SCOPE\|OUTCOME_LABEL_NOT_VALID' wanted.jsonl)" "$(wc -l <"$OUT")" 'two outcomes'
    ends 0 list --subject 'SG/00020?'
    equal 9 "$(grep -c '^SG/00020' "$OUT")" 'labels of a pattern'
    ends 0 list --host XX
    says 'no status matches'
}

one_subject() {
    ends 0 show SG/000201
    says 'SG/000201, as of 2027-06-01T00:00:00Z' 'Towards JP, under jp-sg' 'revoked (Art 3.2)' 'labelRevoked' 'Newest results'
    ends 0 show JP/000102@SG
    says 'Residual assessment towards SG' 'A-2/5.3-7' 'home-gateway'
    ends 0 show arrangement/jp-sg
    says 'YEARLY_CONSULTATION/jp-sg' 'amendmentConsented' '(Art 4.2)'
    ends 0 show --output json SG/000201
    python3 -c 'import json, sys
shown = json.load(open(sys.argv[1]))
assert list(shown) == ["subject", "at", "statuses", "obligations", "facts"], list(shown)
assert [s["host"] for s in shown["statuses"]] == ["JP"], shown["statuses"]
assert [f["revision"] for f in shown["facts"]] == [1, 2], shown["facts"]
assert "labelRevoked" in shown["facts"][1]' "$OUT" || FAILED=$((FAILED + 1))
    ends 1 show SG/no-such
    says 'nothing is known about SG/no-such'
    ends 1 show SG/000201@KR
    says 'nothing is decided about SG/000201 towards KR'
}

explained() {
    local at label now first
    ends 0 explain JP/000104@SG
    says 'JP/000104 towards SG (CSA)' 'At 2027-06-01T00:00:00Z, by the facts in the database now' \
        '  7  FAILS  A dispute about it could not be settled by consultation: it stands failed, from 2026-11-10 on. (Art 3.5)' \
        'disputeFailed: stated by SG, occurred at 2026-11-09T01:55:00Z, revision 2, event e8e06675-4404-429e-89be-045643cce7f6' \
        'What would change it: SG (CSA) states that it is settled (disputeSettled).' '2028-05-19T15:00:00Z'
    # The same from the database, from the source topics and from the file. (The topics hold a refused record too.)
    for at in 2026-05-31T15:59:59Z 2026-08-10T00:00:00Z 2027-01-10T00:00:00Z 2029-01-01T00:00:00Z; do
        for label in JP/000102 JP/000104 SG/000203 SG/000201; do
            ends 0 explain $label --at $at --output json
            sed 's/"knownBy":.*"publishedIsOlder"//' "$OUT" >by-database
            ends 0 explain $label --at $at --known-at 2027-06-01T00:00:00Z --output json
            sed 's/"knownBy":.*"publishedIsOlder"//' "$OUT" >by-records
            ends 0 explain $label --at $at --output json --events sample.jsonl
            sed 's/"knownBy":.*"publishedIsOlder"//' "$OUT" >by-files
            cmp by-database by-records || FAILED=$((FAILED + 1))
            cmp by-database by-files || FAILED=$((FAILED + 1))
        done
    done
    # What was known before the dispute failed: it was still being talked over.
    ends 0 explain JP/000104 --at 2027-06-01T00:00:00Z --known-at 2026-11-01T00:00:00Z
    says 'by the records up to 2026-11-01T00:00:00Z' 'SG (CSA) recognises this label' 'is under consultation'
    ends 1 explain JP/000104 --at 2027-06-01T00:00:00Z --known-at 2026-01-01T00:00:00Z
    says 'nothing is known about JP/000104: no event about it had come by then'
    # What stood, by when it was recorded.
    ends 1 explain JP/000104 --known-at 2020-01-01T00:00:00Z
    says 'nothing had been decided about JP/000104 by 2020-01-01T00:00:00Z'
    now=$(date -u +%Y-%m-%dT%H:%M:%SZ -d '1 hour')
    ends 0 explain JP/000104 --known-at "$now"
    says 'The decision that stood at' 'dispute failed (Art 3.5)' 'It was brought about by: ' '--known-at'
    ends 0 explain JP/000104 --known-at "$now" --output json
    python3 -c 'import json, sys
stood = json.load(open(sys.argv[1]))["stood"]
assert stood["status"]["outcome"] == "OUTCOME_EXCLUDED_DISPUTE", stood' "$OUT" || FAILED=$((FAILED + 1))
    # The decision before it, at the instant at which that one was recorded.
    first=$(sql "SELECT to_char(min(recorded_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') FROM result
        WHERE key = 'JP/000104@SG'")
    ends 0 explain JP/000104 --known-at "$first"
    says "The decision that stood at $first"
    ends 0 explain JP/000104 --language ja
    says '不服があるため、SG(CSA) による承認の対象とならない。' '第3条第5項'
    ends 1 explain SG/no-such
    says 'nothing is known about SG/no-such: no event about it has been decided'
    ends 1 explain KR/1 --events sample.jsonl
    says 'KR'
    ends 1 explain SG/000201@KR
    ends 1 explain SG/000201 --events missing.jsonl
    says 'missing.jsonl' 'No such file'
    ends 2 explain arrangement/jp-sg
    says "\`show\` tells all others"
    ends 2 explain
    ends 2 explain SG/000201 SG/000202
    ends 2 explain SG/000201 --at yesterday
    ends 2 explain SG/000201 --language fr
    # A role that may only read is enough.
    sql "CREATE ROLE ${NAME}_reader LOGIN; GRANT USAGE ON SCHEMA \"$NAME\" TO ${NAME}_reader;
        GRANT SELECT ON ALL TABLES IN SCHEMA \"$NAME\" TO ${NAME}_reader"
    ends 0 explain JP/000104 --set "database.connection=$DATABASE user=${NAME}_reader"
}

histories() {
    ends 0 history JP/000104@SG
    # Which steps there are depends on the order in which the topics were read; the first and the last do not.
    says 'WHAT CHANGED' 'the first result: ' ' event ' '-> excluded: dispute [dispute failed (Art 3.5)]'
    equal "$(sql "SELECT count(*) FROM result WHERE key = 'JP/000104@SG'")" "$(grep -c '^JP/000104@SG ' "$OUT")" 'results'
    ends 0 history JP/000104
    says 'CONSULTATION/JP/000104@SG' 'consultation: does not arise -> '
    ends 0 history REVOCATION_NOTICE/SG/000203@JP
    says 'notice of revocation: does not arise -> '
    ends 0 history arrangement/jp-sg
    says 'YEARLY_CONSULTATION/jp-sg'
    ends 0 history YEARLY_CONSULTATION/jp-sg
    ends 0 history SG/000201@JP --output json
    python3 -c 'import json, sys
results = [json.loads(line)["result"] for line in open(sys.argv[1])]
versions = [r["status"]["version"] for r in results if "version" in r["status"]]
assert versions == list(range(1, len(versions) + 1)), versions
assert results[0]["changes"][0].startswith("the first result: "), results[0]
assert all(r["changes"] and r["recordedAt"] for r in results)
assert results[-1]["status"]["outcome"] == "OUTCOME_LABEL_NOT_VALID", results[-1]' "$OUT" || FAILED=$((FAILED + 1))
    ends 1 history SG/no-such
    says 'nothing has been decided about SG/no-such'
    ends 1 history SG/000201@KR
    ends 2 history
    ends 2 history nonsense
}

usage() {
    local status=0
    ends 2 lst
    says 'there is no command "lst"'
    ends 2 list --outcome splendid
    says 'splendid' 'kakehashi list --help'
    ends 0 --help
    says publish list show explain history decide check-config migrate rules topics
    ends 3 list --set batch.max_records=0 --set kafka.nonsense=1
    says batch.max_records kafka.nonsense
    LAST='list >/dev/full'
    "$KAKEHASHI" list >/dev/full 2>"$OUT" || status=$?
    equal 1 "$status" "$LAST"
}

settings settings.yaml
sed "s/\"jp.label-events\"/\"$NAME.jp\"/; s/\"sg.label-events\"/\"$NAME.sg\"/" \
    "$SOURCE/config/samples/first-year.jsonl" >sample.jsonl
export KAKEHASHI_CONFIG=settings.yaml
no_servers
silent_servers
schema
rules
topics
publish
statuses
one_subject
explained
histories
usage
sql "DROP SCHEMA \"$NAME\" CASCADE; DROP ROLE ${NAME}_worker, ${NAME}_reader"
[[ $FAILED == 0 ]] || { echo "$FAILED checks failed"; exit 1; }
echo 'commands: all well'
