"""Faults after which a deployment cannot go on by itself: each on a small deployment of its own, beside the campaign's load."""
import uuid
from collections import namedtuple

import checker
import harness

SetPiece = namedtuple("SetPiece", "name done seen act")

LANES = 2
END = "2028-06-01T00:00:00Z"


def must(holds, what):
    if not holds:
        raise AssertionError(what)


def prepared(name):
    """A deployment that has decided a part of its history; and the rest of the history."""
    deployment = harness.Deployment(f"{name}-{uuid.uuid4().hex[:6]}", lanes=LANES, settings={"log": {"level": "info"}})
    # Of one participant: so the order of a lane's records is that of one topic, and deciding again gives the same numbers.
    lines = [line for line in harness.stream(30, 6) if line["topic"] == "jp.label-events"]
    deployment.publish(lines[:50])
    deployment.work(until="2026-08-01T00:00:00Z")
    return deployment, lines[50:]


def judge(deployment, what):
    snapshot = checker.take_snapshot(deployment)
    complaints = checker.check(snapshot)
    complaints += checker.compare_states(checker.states_of_topics(snapshot), decided(deployment))
    must(not complaints, f"{what}: {complaints[:5]}")
    return snapshot


def decided(deployment):
    return checker.states_decided(deployment.decide("--output", "states", "--at", END))[-1]


def truncate_topic():
    """Records that are not decided yet are deleted from a source topic."""
    deployment, rest = prepared("truncated")
    deployment.publish(rest)
    topic, lane = deployment.events["JP"], LANES - 1
    ends = [record.offset + 1 for record in deployment.read(topic) if record.partition == lane]
    next_offset = deployment.sql(f"SELECT next_offset FROM lane_offset WHERE topic = '{topic}' AND lane = {lane}")
    must(next_offset[0]["next_offset"] < ends[-1], "nothing is left to be deleted")
    before = deployment.result_count()
    deployment.send(f"delete-records {topic} {lane} {ends[-1]}")
    deployment.stop_rewound("truncated", topic, f"the last decided record is at offset {next_offset[0]['next_offset'] - 1},")
    must(deployment.sql(f"SELECT next_offset FROM lane_offset WHERE topic = '{topic}' AND lane = {lane}") == next_offset,
         "a worker went past records that are gone")
    must(deployment.result_count() >= before, "results are gone")
    deployment.drop()


def make_topic_anew():
    """A source topic is deleted and made again, and filled with other records."""
    deployment, rest = prepared("anew")
    topic = deployment.events["JP"]
    deployment.make_topic_anew(topic)
    deployment.publish(rest)
    deployment.stop_rewound("topic-changed", topic)
    deployment.drop()


def restore_database():
    """The database goes back to an older copy; then somebody decides to go on from there."""
    deployment, rest = prepared("restored")
    copy = deployment.dump()
    deployment.publish(rest)
    deployment.work(until=END)
    before = judge(deployment, "before the database is restored")
    deployment.restore(copy)
    deployment.stop_rewound("database-rewind", "--accept-database-rewind")
    deployment.work(until=END, options=["--accept-database-rewind"])
    after = checker.take_snapshot(deployment)
    repeats, complaints = checker.without_repeats(after)
    complaints += checker.check(after._replace(topics=repeats))
    must(not complaints, f"after the database was restored: {complaints[:5]}")
    must(before.results == after.results, "what was decided again differs")
    must(sum(map(len, after.topics.values())) > sum(map(len, before.topics.values())), "nothing was published again")
    deployment.drop()


SET_PIECES = [
    SetPiece("topic truncated", "records of a source topic are deleted before they are decided; in a deployment of its own",
             "the worker stops with 4, names topic and offset, and passes nothing by", truncate_topic),
    SetPiece("topic made anew", "a source topic is deleted, made again and filled otherwise; in a deployment of its own",
             "the worker stops with 4 and names the topic", make_topic_anew),
    SetPiece("database restored", "the database is set back to an older copy; in a deployment of its own",
             "the worker stops with 4; told to accept it, it decides the same again, with the same ids and bytes",
             restore_database),
]
