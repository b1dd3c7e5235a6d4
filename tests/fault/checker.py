"""Exactly once, judged from outside: the result topics, as a read_committed reader sees them, against the tables.

check() takes what was read (a Snapshot) and returns complaints; test_checker.py shows that it finds what it is for. Nothing of
the worker's own code is in it: Python's protobuf decodes, and a program of librdkafka alone reads the topics.
"""
import hashlib
import json
from collections import defaultdict, namedtuple

import harness
import says
from google.protobuf import json_format
from google.protobuf.message import DecodeError
from kakehashi.store.v1 import store_pb2
from kakehashi.v1 import event_pb2, status_pb2

STATUS, OBLIGATION, GONE, DEAD_LETTER = 1, 2, 3, 4
MESSAGES = {"status": status_pb2.RecognitionStatus, "public": status_pb2.PublicStatus,
            "obligations": status_pb2.Obligation}
# What a message says that two ways to the same state may differ in.
OF_THE_WAY = ("version", "decidedAt", "cause")
# Complaints are of one of these kinds; the last: something else is not as it must be.
LOST, DOUBLED, DISORDERED, WRONG = "lost", "doubled", "out of order", "wrong"


class Complaint(str):
    """A sentence that knows its kind."""

    def __new__(cls, kind, text):
        complaint = super().__new__(cls, text)
        complaint.kind = kind
        return complaint


# results to wakeups: rows; topics: kind of result -> records; sources: records
Snapshot = namedtuple("Snapshot", "results dead_letters lanes offsets subjects obligations wakeups topics sources source_topics")


def take_snapshot(deployment):
    """Reads everything. Nothing may be at work meanwhile."""
    records = deployment.read(*deployment.topics.values(), *deployment.events.values())
    return Snapshot(
        results=deployment.sql("""SELECT lane, seq, kind, key, subject, status_version, public_version, message_hash,
            public_hash, decided_at, previous_seq, encode(decision, 'hex') AS decision, encode(cause, 'hex') AS cause
            FROM result ORDER BY lane, seq"""),
        dead_letters=deployment.sql("""SELECT lane, seq, topic, "offset", reason, detail, encode(key, 'hex') AS key,
            encode(value, 'hex') AS value, value_size, EXISTS (SELECT FROM dead_letter_action a
            WHERE a.lane = d.lane AND a.seq = d.seq AND a.action = 'redriven') AS redriven FROM dead_letter d"""),
        lanes=deployment.sql("SELECT lane, next_seq, clock, sweeping FROM lane ORDER BY lane"),
        offsets=deployment.sql("SELECT lane, topic, next_offset FROM lane_offset"),
        subjects=deployment.sql("""SELECT lane, key, due_at, next_change_at, residual_open, basis, outcomes,
            encode(facts, 'hex') AS facts, encode(decisions, 'hex') AS decisions
            FROM subject WHERE facts IS NOT NULL OR decisions IS NOT NULL ORDER BY lane, key"""),
        obligations=deployment.sql("SELECT id, version, state FROM obligation"),
        wakeups=deployment.sql("SELECT lane, subject FROM wakeup"),
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
            missing = sorted(set(range(lane["next_seq"])) - set(seqs))
            yield Complaint(LOST if missing else WRONG, f"table: lane {lane['lane']}: numbers are not 0 to "
                            f"{lane['next_seq'] - 1}: {missing[:20]} are missing of {len(seqs)}")
    for lane in by_lane:
        yield Complaint(WRONG, f"table: results of lane {lane}, which is none")
    newest, versions = {}, defaultdict(int)
    for row in snapshot.results:
        if row["kind"] == DEAD_LETTER:
            continue
        key = row["key"]
        if row["previous_seq"] != newest.get(key):
            yield Complaint(WRONG, f"table: {key} at {row['lane']}/{row['seq']}: previous_seq {row['previous_seq']}, "
                            f"not {newest.get(key)}")
        newest[key] = row["seq"]
        for column in ("status_version", "public_version"):
            if row[column] is not None:
                versions[key, column] += 1
                if row[column] != versions[key, column]:
                    yield Complaint(WRONG, f"table: {key}: {column} {row[column]}, not {versions[key, column]}")
                    versions[key, column] = row[column]


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
            yield Complaint(DISORDERED, f"{place}: kh-seq {seq} after {last_seq[record.partition]}")
        last_seq[record.partition] = seq
        if kind != "dead_letters":
            key, _, version = header(record, "kh-id").rpartition("#")
            versions[key] += 1
            if int(version) != versions[key]:
                yield Complaint(DISORDERED, f"{place}: {key} has version {version} where {versions[key]} comes next")
                versions[key] = int(version)


def check_value(kind, record, row, known_hash):
    """The value's bytes are those that the table vouches for, and say what their row says."""
    place = f"{kind} topic: {record.partition}/{record.offset}"
    if signed_hash(record.value) != known_hash:
        yield Complaint(WRONG, f"{place}: the value's SHA-256 is not that of its row")
    if record.key != row["key"].encode():
        yield Complaint(WRONG, f"{place}: key {record.key} of the row of {row['key']}")
    if (record.value is None) != (row["kind"] == GONE):
        yield Complaint(WRONG, f"{place}: a tombstone is wanted for what is gone, and for nothing else")
    wanted_type = f"application/protobuf; message={MESSAGES[kind].DESCRIPTOR.full_name}"
    if record.value is not None and header(record, "content-type") != wanted_type:
        yield Complaint(WRONG, f"{place}: content-type {header(record, 'content-type')}")
    if record.value is None or row["kind"] == GONE:
        return
    try:
        message = MESSAGES[kind].FromString(record.value)
    except DecodeError:
        yield Complaint(WRONG, f"{place}: is no {MESSAGES[kind].DESCRIPTOR.full_name}")
        return
    said = says.differences(kind, message, row, store_pb2.Decision.FromString(bytes.fromhex(row["decision"])))
    if kind == "status" and says.cause_of(message) != says.cause_stored(cause_of_row(row)):
        said.append(f"cause is {says.cause_of(message)}, its row has {says.cause_stored(cause_of_row(row))}")
    if said:
        yield Complaint(WRONG, f"{place}: {row['key']}: {'; '.join(said)}")


def cause_of_row(row):
    return store_pb2.Cause.FromString(bytes.fromhex(row["cause"] or ""))


def check_topics(snapshot):
    """Each message that a row has is there once, and nothing else."""
    expected = expected_records(snapshot)
    ids, found = set(), set()
    for kind, records in snapshot.topics.items():
        yield from check_order(kind, records)
        for record in records:
            place = f"{kind} topic: {record.partition}/{record.offset}"
            name = (kind, int(header(record, "kh-lane")), int(header(record, "kh-seq")))
            identity = (kind, header(record, "kh-id"))
            if record.partition != name[1]:
                yield Complaint(WRONG, f"{place}: of lane {name[1]}")
            if identity in ids or name in found:
                yield Complaint(DOUBLED, f"{place}: {identity[1]} once more")
                continue
            ids.add(identity)
            if name not in expected:
                yield Complaint(WRONG, f"{place}: no row has it: {name[1]}/{name[2]} {identity[1]}")
                continue
            found.add(name)
            wanted_id, known_hash, row = expected.pop(name)
            if identity[1] != wanted_id:
                yield Complaint(WRONG, f"{place}: kh-id {identity[1]}, its row says {wanted_id}")
            elif kind != "dead_letters":
                yield from check_value(kind, record, row, known_hash)
    for (kind, lane, seq), (wanted_id, _, _) in expected.items():
        yield Complaint(LOST, f"{kind} topic: {wanted_id} of lane {lane}, number {seq}, was never published")


def check_dead_letters(snapshot):
    """Topic and table say the same about each refused record."""
    rows = {(row["lane"], row["seq"]): row for row in snapshot.dead_letters}
    for row in snapshot.results:
        if row["kind"] == DEAD_LETTER and (row["lane"], row["seq"]) not in rows:
            yield Complaint(LOST, f"table: result {row['lane']}/{row['seq']} points at no dead letter")
    for record in snapshot.topics["dead_letters"]:
        row = rows.pop((int(header(record, "kh-lane")), int(header(record, "kh-seq"))), None)
        place = f"dead_letters topic: {record.partition}/{record.offset}"
        if row is None:
            continue  # check_topics has complained
        said = [header(record, name) for name in ("kh-topic", "kh-partition", "kh-offset", "kh-reason", "kh-detail")]
        wanted = [row["topic"], str(row["lane"]), str(row["offset"]), row["reason"], row["detail"]]
        if said != wanted:
            yield Complaint(WRONG, f"{place}: says {said}, its row {wanted}")
        stored = None if row["value"] is None else bytes.fromhex(row["value"])
        published = None if row["reason"] == "TOO_LARGE" else stored
        if record.value != published or record.key != (None if row["key"] is None else bytes.fromhex(row["key"])):
            yield Complaint(WRONG, f"{place}: key or value is not that of its row")
        if row["reason"] == "TOO_LARGE" and header(record, "kh-size") != str(row["value_size"]):
            yield Complaint(WRONG, f"{place}: kh-size {header(record, 'kh-size')}, its row has {row['value_size']}")
    for (lane, seq) in rows:
        yield Complaint(LOST, f"table: dead letter {lane}/{seq} was never published")


def events_of(snapshot):
    """(topic, partition, offset) -> the event that stands there, None where it is none."""
    events = {}
    for record in snapshot.sources:
        try:
            events[record.topic, record.partition, record.offset] = event_pb2.Event.FromString(record.value or b"")
        except DecodeError:
            events[record.topic, record.partition, record.offset] = None
    return events


def check_sources(snapshot, events, idle):
    """Every record below next_offset became facts or a dead letter, or both if it contradicts; when idle, there is none above,
    and nothing is left to be decided again."""
    next_offset = {(row["topic"], row["lane"]): row["next_offset"] for row in snapshot.offsets}
    refused = {(row["topic"], row["lane"], row["offset"]): row["reason"] for row in snapshot.dead_letters}
    facts = {row["key"]: store_pb2.Facts.FromString(bytes.fromhex(row["facts"] or "")) for row in snapshot.subjects}
    for (topic, lane, offset), event in events.items():
        place = f"source {topic}/{lane}/{offset}"
        reason = refused.pop((topic, lane, offset), None)
        if offset >= next_offset.get((topic, lane), 0):
            if idle or reason is not None:
                yield Complaint(LOST if reason is None else WRONG, f"{place}: is not decided")
            continue
        if reason is not None and reason != "CONFLICTING_REVISION":
            continue
        if event is None:
            yield Complaint(LOST, f"{place}: is no event, and no dead letter")
            continue
        parts = facts[event.subject].parts if event.subject in facts else []
        kept = [s.revision for part in parts if part.participant == event.participant for s in part.statements]
        # Only a statement of the same or a higher revision may stand in its place.
        if max(kept, default=0) < event.revision:
            yield Complaint(LOST, f"{place}: {event.id} about {event.subject}: neither facts nor a dead letter")
    for place, reason in refused.items():
        yield Complaint(WRONG, f"table: a dead letter ({reason}) of {place}, where no record is")
    if idle:
        for row in snapshot.wakeups:
            yield Complaint(LOST, f"table: {row['subject']} was woken and not decided")
        for lane in snapshot.lanes:
            if lane["sweeping"]:
                yield Complaint(LOST, f"table: lane {lane['lane']} has not decided all its labels again")


def check_causes(snapshot, events):
    """Each result's cause is a record that is there; those of a lane are decided in the order of the topic, and one record
    changes each key once at most. A dead letter that was decided again names its first place, which comes late."""
    last_of_lane, last_of_key = {}, {}
    redriven = {(row["topic"], row["lane"], row["offset"]) for row in snapshot.dead_letters if row["redriven"]}
    decided_again = set()
    for row in snapshot.results:
        cause = cause_of_row(row)
        if not cause.topic:
            continue
        place = f"table: {row['lane']}/{row['seq']} ({row['key']})"
        event = events.get((cause.topic, cause.partition, cause.offset))
        if (cause.topic, cause.partition, cause.offset) not in events:
            yield Complaint(WRONG, f"{place}: its cause {cause.topic}/{cause.partition}/{cause.offset} is not there")
        elif row["kind"] != DEAD_LETTER and (event is None or event.id.replace("-", "") != cause.event_id.hex()):
            yield Complaint(WRONG, f"{place}: its cause is another event than stands there")
        if cause.trigger != status_pb2.TRIGGER_EVENT:
            continue
        if cause.partition != row["lane"]:
            yield Complaint(WRONG, f"{place}: an event of lane {cause.partition}")
        if row["kind"] != DEAD_LETTER and (cause.topic, cause.partition, cause.offset) in redriven:
            if (row["key"], cause.topic, cause.offset) in decided_again:
                yield Complaint(DOUBLED, f"{place}: decided again twice for {cause.topic}/{cause.partition}/{cause.offset}")
            decided_again.add((row["key"], cause.topic, cause.offset))
            continue
        if cause.offset < last_of_lane.get((row["lane"], cause.topic), 0):
            yield Complaint(DISORDERED, f"{place}: offset {cause.offset} of {cause.topic} after a later one")
        last_of_lane[row["lane"], cause.topic] = cause.offset
        if last_of_key.get((row["key"], row["kind"] == DEAD_LETTER, cause.topic)) == cause.offset:
            yield Complaint(DOUBLED, f"{place}: decided twice for {cause.topic}/{cause.partition}/{cause.offset}")
        last_of_key[row["key"], row["kind"] == DEAD_LETTER, cause.topic] = cause.offset


def check_subjects(snapshot):
    """The last result of each key is what its subject's row says of it."""
    last, versions = {}, {}
    for row in snapshot.results:
        if row["kind"] != DEAD_LETTER:
            last[row["key"]] = row
            # A result without one of the versions leaves it as it was.
            status_version, public_version = versions.get(row["key"], (0, 0))
            versions[row["key"]] = (row["status_version"] or status_version, row["public_version"] or public_version)
    for subject in snapshot.subjects:
        for state in store_pb2.KeyStates.FromString(bytes.fromhex(subject["decisions"] or "")).keys:
            row = last.pop(state.key, None)
            if row is None:
                yield Complaint(LOST, f"table: {subject['key']} has a decision of {state.key}, of which there is no result")
                continue
            said = (state.seq, state.version, state.public_version, subject["lane"], subject["key"])
            wanted = (row["seq"], *versions[state.key], row["lane"], row["subject"])
            if said != wanted:
                yield Complaint(WRONG, f"table: {subject['key']}: {state.key} stands as {said}, its last result is {wanted}")
            if state.decision != store_pb2.Decision.FromString(bytes.fromhex(row["decision"])):
                yield Complaint(WRONG, f"table: {subject['key']}: the decision of {state.key} is not that of its last result")
    for key, row in last.items():
        yield Complaint(WRONG, f"table: {key} has results, and no decision in the row of {row['subject']}")


def check_obligations(snapshot):
    """The table of obligations is what their topic comes to."""
    last = latest(snapshot.topics["obligations"])
    published = {key: (m.version, m.state) for key, value in last.items() if value is not None
                 for m in [status_pb2.Obligation.FromString(value)]}
    stored = {row["id"]: (row["version"], row["state"]) for row in snapshot.obligations}
    if stored != published:
        differing = sorted(key for key in stored.keys() | published.keys() if stored.get(key) != published.get(key))
        yield Complaint(WRONG, f"obligations: the table and the topic differ: {differing[:20]}")


def check(snapshot, idle=True):
    """Everything that holds whatever happened to the workers. Returns complaints."""
    events = events_of(snapshot)
    complaints = [*check_table(snapshot), *check_topics(snapshot), *check_dead_letters(snapshot), *check_subjects(snapshot),
                  *check_sources(snapshot, events, idle), *check_causes(snapshot, events)]
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


def without_repeats(snapshot):
    """After somebody accepted that the database went back: kind -> the records without those whose kh-id was there before, and
    complaints about repeats that do not say the same."""
    topics, complaints = {}, []
    for kind, records in snapshot.topics.items():
        first = {}
        for record in sorted(records, key=lambda r: (r.partition, r.offset)):
            known = first.setdefault(header(record, "kh-id"), record)
            if (known.key, known.value) != (record.key, record.value):
                complaints.append(Complaint(WRONG, f"{kind} topic: {record.partition}/{record.offset}: "
                                            f"{header(record, 'kh-id')} says something else than before"))
        topics[kind] = list(first.values())
    return topics, complaints


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
            yield Complaint(WRONG, f"{name[0]} {name[1]}:\n  topics: {got.get(name)}\n  decide: {wanted.get(name)}")


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
