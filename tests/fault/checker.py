"""Exactly once, judged from outside: the result topics, as a read_committed reader sees them, against the tables.

check() takes what was read (a Snapshot) and returns complaints; test_checker.py shows that it finds what it is for.
"""
import hashlib
import json
from collections import defaultdict, namedtuple

import harness
from google.protobuf import json_format
from kakehashi.store.v1 import store_pb2
from kakehashi.v1 import event_pb2, status_pb2

STATUS, OBLIGATION, GONE, DEAD_LETTER = 1, 2, 3, 4
MESSAGES = {"status": status_pb2.RecognitionStatus, "public": status_pb2.PublicStatus,
            "obligations": status_pb2.Obligation}
# What a message says that two ways to the same state may differ in.
OF_THE_WAY = ("version", "decidedAt", "cause")

# results, dead_letters, lanes, offsets, subjects, obligations: rows; topics: kind of result -> records; sources: records
Snapshot = namedtuple("Snapshot", "results dead_letters lanes offsets subjects obligations topics sources source_topics")


def take_snapshot(deployment):
    """Reads everything. Nothing may be at work meanwhile."""
    records = deployment.read(*deployment.topics.values(), *deployment.events.values())
    return Snapshot(
        results=deployment.sql("""SELECT lane, seq, kind, key, subject, status_version, public_version, message_hash,
            public_hash, decided_at, previous_seq, encode(decision, 'hex') AS decision, encode(cause, 'hex') AS cause
            FROM result ORDER BY lane, seq"""),
        dead_letters=deployment.sql("""SELECT lane, seq, topic, "offset", reason, detail, encode(key, 'hex') AS key,
            encode(value, 'hex') AS value, value_size FROM dead_letter"""),
        lanes=deployment.sql("SELECT lane, next_seq, clock, sweeping FROM lane ORDER BY lane"),
        offsets=deployment.sql("SELECT lane, topic, next_offset FROM lane_offset"),
        subjects=deployment.sql("""SELECT lane, key, due_at, next_change_at, residual_open, basis, outcomes,
            encode(facts, 'hex') AS facts, encode(decisions, 'hex') AS decisions
            FROM subject WHERE facts IS NOT NULL ORDER BY lane, key"""),
        obligations=deployment.sql("SELECT id, version, state FROM obligation"),
        topics={kind: [r for r in records if r.topic == topic] for kind, topic in deployment.topics.items()},
        sources=[r for r in records if r.topic in deployment.events.values()],
        source_topics=sorted(deployment.events.values()))


def signed_hash(value):
    """The first 8 bytes of the SHA-256, as PostgreSQL's bigint shows them."""
    return int.from_bytes(hashlib.sha256(value or b"").digest()[:8], "big", signed=True)


def header(record, name):
    """The first header of that name, as text: a dead letter's own headers come last."""
    return next((value.decode() for key, value in record.headers if key == name), None)


def check_table(snapshot):
    """Each lane's numbers without hole or repeat; each key's rows a chain, its versions one more each time."""
    by_lane = defaultdict(list)
    for row in snapshot.results:
        by_lane[row["lane"]].append(row)
    for lane in snapshot.lanes:
        seqs = [row["seq"] for row in by_lane.pop(lane["lane"], [])]
        if seqs != list(range(lane["next_seq"])):
            yield f"table: lane {lane['lane']}: numbers {seqs} are not 0 to {lane['next_seq'] - 1}"
    for lane in by_lane:
        yield f"table: results of lane {lane}, which is none"
    newest, versions = {}, defaultdict(int)
    for row in snapshot.results:
        if row["kind"] == DEAD_LETTER:
            continue
        key = row["key"]
        if row["previous_seq"] != newest.get(key):
            yield f"table: {key} at {row['lane']}/{row['seq']}: previous_seq {row['previous_seq']}, not {newest.get(key)}"
        newest[key] = row["seq"]
        for column in ("status_version", "public_version"):
            if row[column] is not None:
                versions[key, column] += 1
                if row[column] != versions[key, column]:
                    yield f"table: {key}: {column} {row[column]}, not {versions[key, column]}"


def expected_records(snapshot):
    """(kind of topic, lane, seq) -> (kh-id, hash of the value or None) of each message that the table says there is."""
    expected = {}
    for row in snapshot.results:
        place = (row["lane"], row["seq"])
        if row["kind"] == STATUS and row["status_version"] is not None:
            expected["status", *place] = (f"{row['key']}#{row['status_version']}", row["message_hash"], row)
        if row["kind"] == STATUS and row["public_version"] is not None:
            expected["public", *place] = (f"{row['key']}#{row['public_version']}", row["public_hash"], row)
        if row["kind"] in (OBLIGATION, GONE):
            expected["obligations", *place] = (f"{row['key']}#{row['status_version']}", row["message_hash"], row)
        if row["kind"] == DEAD_LETTER:
            expected["dead_letters", *place] = (row["key"], None, row)
    return expected


def check_order(kind, records):
    """Within a partition the numbers ascend, and each key's versions go up by one."""
    last_seq, versions = defaultdict(lambda: -1), defaultdict(int)
    for record in sorted(records, key=lambda r: (r.partition, r.offset)):
        place = f"{kind} topic: {record.partition}/{record.offset}"
        seq = int(header(record, "kh-seq"))
        if seq <= last_seq[record.partition]:
            yield f"{place}: kh-seq {seq} after {last_seq[record.partition]}"
        last_seq[record.partition] = seq
        if kind != "dead_letters":
            key, _, version = header(record, "kh-id").rpartition("#")
            versions[key] += 1
            if int(version) != versions[key]:
                yield f"{place}: {key} has version {version} where {versions[key]} comes next"


def check_value(kind, record, row, known_hash):
    """The value's bytes are those that the table vouches for, and say what their row says."""
    place = f"{kind} topic: {record.partition}/{record.offset}"
    if signed_hash(record.value) != known_hash:
        yield f"{place}: the value's SHA-256 is not that of its row"
    if record.key != row["key"].encode():
        yield f"{place}: key {record.key} of the row of {row['key']}"
    if (record.value is None) != (row["kind"] == GONE):
        yield f"{place}: a tombstone is wanted for what is gone, and for nothing else"
    if record.value is None:
        return
    message = MESSAGES[kind].FromString(record.value)
    said = message.id if kind == "obligations" else f"{message.label}@{message.host}"
    version = row["public_version"] if kind == "public" else row["status_version"]
    if (said, message.version) != (row["key"], version):
        yield f"{place}: speaks of {said}, version {message.version}; its row of {row['key']}, version {version}"
    wanted_type = f"application/protobuf; message={MESSAGES[kind].DESCRIPTOR.full_name}"
    if header(record, "content-type") != wanted_type:
        yield f"{place}: content-type {header(record, 'content-type')}"


def check_topics(snapshot):
    """Each message that a row has is there once, and nothing else."""
    expected = expected_records(snapshot)
    ids = set()
    for kind, records in snapshot.topics.items():
        yield from check_order(kind, records)
        for record in records:
            place = f"{kind} topic: {record.partition}/{record.offset}"
            name = (kind, int(header(record, "kh-lane")), int(header(record, "kh-seq")))
            identity = (kind, header(record, "kh-id"))
            if record.partition != name[1]:
                yield f"{place}: of lane {name[1]}"
            if identity in ids:
                yield f"{place}: {identity[1]} once more"
            ids.add(identity)
            if name not in expected:
                yield f"{place}: no row has it, or it was published before: {name[1]}/{name[2]} {identity[1]}"
                continue
            wanted_id, known_hash, row = expected.pop(name)
            if identity[1] != wanted_id:
                yield f"{place}: kh-id {identity[1]}, its row says {wanted_id}"
            elif kind != "dead_letters":
                yield from check_value(kind, record, row, known_hash)
    for (kind, lane, seq), (wanted_id, _, _) in expected.items():
        yield f"{kind} topic: {wanted_id} of lane {lane}, number {seq}, was never published"


def check_dead_letters(snapshot):
    """Topic and table say the same about each refused record."""
    rows = {(row["lane"], row["seq"]): row for row in snapshot.dead_letters}
    for row in snapshot.results:
        if row["kind"] == DEAD_LETTER and (row["lane"], row["seq"]) not in rows:
            yield f"table: result {row['lane']}/{row['seq']} points at no dead letter"
    for record in snapshot.topics["dead_letters"]:
        row = rows.pop((int(header(record, "kh-lane")), int(header(record, "kh-seq"))), None)
        place = f"dead_letters topic: {record.partition}/{record.offset}"
        if row is None:
            yield f"{place}: no row, or twice"
            continue
        said = [header(record, name) for name in ("kh-topic", "kh-partition", "kh-offset", "kh-reason", "kh-detail")]
        wanted = [row["topic"], str(row["lane"]), str(row["offset"]), row["reason"], row["detail"]]
        if said != wanted:
            yield f"{place}: says {said}, its row {wanted}"
        stored = None if row["value"] is None else bytes.fromhex(row["value"])
        published = None if row["reason"] == "TOO_LARGE" else stored
        if record.value != published or record.key != (None if row["key"] is None else bytes.fromhex(row["key"])):
            yield f"{place}: key or value is not that of its row"
        if row["reason"] == "TOO_LARGE" and header(record, "kh-size") != str(row["value_size"]):
            yield f"{place}: kh-size {header(record, 'kh-size')}, its row has {row['value_size']}"
    for (lane, seq) in rows:
        yield f"table: dead letter {lane}/{seq} was never published"


def check_sources(snapshot, idle):
    """Every record below next_offset became facts or a dead letter; when idle, there is none above."""
    next_offset = {(row["topic"], row["lane"]): row["next_offset"] for row in snapshot.offsets}
    refused = {(row["topic"], row["lane"], row["offset"]): row["reason"] for row in snapshot.dead_letters}
    facts = {row["key"]: store_pb2.Facts.FromString(bytes.fromhex(row["facts"])) for row in snapshot.subjects}
    for record in snapshot.sources:
        place = f"source {record.topic}/{record.partition}/{record.offset}"
        if record.offset >= next_offset.get((record.topic, record.partition), 0):
            if idle:
                yield f"{place}: is not decided"
            continue
        reason = refused.get((record.topic, record.partition, record.offset))
        if reason is not None and reason != "CONFLICTING_REVISION":
            continue
        event = event_pb2.Event.FromString(record.value)
        parts = facts[event.subject].parts if event.subject in facts else []
        kept = [s.revision for part in parts if part.participant == event.participant for s in part.statements]
        # Only a statement of the same or a higher revision may stand in its place.
        if max(kept, default=0) < event.revision:
            yield f"{place}: {event.id} about {event.subject}: neither facts nor a dead letter"


def check_obligations(snapshot):
    """The table of obligations is what their topic comes to."""
    last = latest(snapshot.topics["obligations"])
    published = {key: (m.version, m.state) for key, value in last.items() if value is not None
                 for m in [status_pb2.Obligation.FromString(value)]}
    stored = {row["id"]: (row["version"], row["state"]) for row in snapshot.obligations}
    if stored != published:
        yield f"obligations: the table has {stored}, the topic {published}"


def check(snapshot, idle=True):
    """Everything that holds whatever happened to the workers. Returns complaints."""
    complaints = [*check_table(snapshot), *check_topics(snapshot), *check_dead_letters(snapshot),
                  *check_sources(snapshot, idle)]
    return complaints + ([] if complaints else [*check_obligations(snapshot)])


def latest(records):
    """Key -> the last value of it."""
    ordered = sorted(records, key=lambda r: (r.partition, r.offset))
    return {record.key.decode(): record.value for record in ordered}


def canonical(message):
    """A message of JSON without what two ways to the same state may differ in, as one text."""
    return json.dumps({name: value for name, value in message.items() if name not in OF_THE_WAY}, sort_keys=True,
                      ensure_ascii=False)


def states_of_topics(snapshot):
    """(what, key) -> canonical text of each state that a reader of the topics ends with."""
    states = {}
    for kind, what in (("status", "status"), ("public", "public"), ("obligations", "obligation")):
        for key, value in latest(snapshot.topics[kind]).items():
            if value is not None:
                states[what, key] = canonical(json_format.MessageToDict(MESSAGES[kind].FromString(value)))
    return states


def states_decided(lines):
    """The same, from the lines of `decide --output states`: of each instant in turn."""
    stops = []
    for line in lines:
        (what, content), = line.items()
        if what == "at":
            stops.append({})
            continue
        key = content["id"] if what == "obligation" else f"{content['label']}@{content['host']}"
        stops[-1][what, key] = canonical(content)
    return stops


def compare_states(got, wanted):
    """Complaints about each state that differs."""
    for name in sorted(got.keys() | wanted.keys()):
        if got.get(name) != wanted.get(name):
            yield f"{name[0]} {name[1]}:\n  topics: {got.get(name)}\n  decide: {wanted.get(name)}"


def assert_exactly_once(test, deployment, at=None, idle=True):
    """Fails the test unless every result stands once in tables and topics; with `at`, unless the states are also those of
    `decide --at` for all that was published. Returns what was read."""
    snapshot = take_snapshot(deployment)
    complaints = check(snapshot, idle)
    if at:
        decided = states_decided(deployment.decide("--output", "states", "--at", at))[-1]
        complaints += compare_states(states_of_topics(snapshot), decided)
    logs = "".join(f"\n--- {worker.log_path}:\n{worker.log()[-3000:]}" for worker in deployment.workers) if complaints else ""
    test.assertEqual([], complaints[:20], f"{len(complaints)} complaints{logs}")
    test.assertGreater(len(snapshot.results), 0, "nothing was decided: nothing was shown")
    return snapshot


assert harness.RESULTS == tuple(MESSAGES) + ("dead_letters",)
