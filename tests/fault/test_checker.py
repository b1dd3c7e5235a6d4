"""The checker finds what it is for: each fault is put into a copy of what a worker that did well has left behind."""
import json
import unittest
from copy import deepcopy
from datetime import datetime, timezone

import checker
import harness
from kakehashi.v1 import status_pb2


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.deployment = harness.Deployment("checker", lanes=3)
        wrong = harness.issued("SG/000999", "2026-07-01T00:00:00Z", level=99)
        cls.deployment.publish([*harness.case_lines("04-notices"), wrong], unchecked=True)
        cls.deployment.work(until="2027-06-01T00:00:00Z")
        cls.good = checker.take_snapshot(cls.deployment)
        cls.decided = checker.states_decided(
            cls.deployment.decide("--output", "states", "--at", "2027-06-01T00:00:00Z"))[-1]

    def setUp(self):
        self.bad = deepcopy(self.good)

    def assert_found(self, *words):
        complaints = checker.check(self.bad)
        self.assertTrue(any(all(word in complaint for word in words) for complaint in complaints),
                        f"not found: {words}; complaints: {complaints[:10]}")

    def test_none(self):
        self.assertEqual([], checker.check(self.good))
        self.assertEqual([], list(checker.compare_states(checker.states_of_topics(self.good), self.decided)))
        for kind, records in self.good.topics.items():
            self.assertGreater(len(records), 0, f"no record in {kind}: nothing would be shown")

    def test_loss(self):
        for kind in harness.RESULTS:
            self.bad = deepcopy(self.good)
            del self.bad.topics[kind][len(self.bad.topics[kind]) // 2]
            self.assert_found("never published")

    def test_repeat(self):
        for kind in harness.RESULTS:
            self.bad = deepcopy(self.good)
            again = self.bad.topics[kind][-1]
            self.bad.topics[kind].append(again._replace(offset=again.offset + 1))
            self.assert_found("once more")

    def test_swap(self):
        for kind in harness.RESULTS:
            self.bad = deepcopy(self.good)
            records = sorted(self.bad.topics[kind], key=lambda r: (r.partition, r.offset))
            pairs = [(a, b) for a, b in zip(records, records[1:]) if a.partition == b.partition]
            if not pairs:
                continue
            first, second = pairs[len(pairs) // 2]
            self.bad.topics[kind].remove(first)
            self.bad.topics[kind].append(first._replace(offset=second.offset + 1))
            self.assert_found("kh-seq", "after")

    def test_wrong_byte(self):
        for kind in ("status", "public", "obligations"):
            self.bad = deepcopy(self.good)
            place, record = next((i, r) for i, r in enumerate(self.bad.topics[kind]) if r.value)
            self.bad.topics[kind][place] = record._replace(value=record.value[:-1] + bytes([record.value[-1] ^ 1]))
            self.assert_found("SHA-256")

    def test_wrong_word(self):
        """A message that says something else than its row, although the row vouches for its bytes."""
        for kind, field in (("status", "level"), ("public", "recognised_level"), ("obligations", "state")):
            self.bad = deepcopy(self.good)
            place, record = next((i, r) for i, r in enumerate(self.bad.topics[kind]) if r.value)
            message = checker.MESSAGES[kind].FromString(record.value)
            setattr(message, field, getattr(message, field) % 2 + 1)
            value = message.SerializeToString()
            self.bad.topics[kind][place] = record._replace(value=value)
            seq = int(checker.header(record, "kh-seq"))
            row = next(row for row in self.bad.results if (row["lane"], row["seq"]) == (record.partition, seq))
            row["public_hash" if kind == "public" else "message_hash"] = checker.signed_hash(value)
            self.assert_found("its row has")

    def test_wrong_cause(self):
        row = next(row for row in self.bad.results if checker.cause_of_row(row).trigger == status_pb2.TRIGGER_EVENT)
        cause = checker.cause_of_row(row)
        cause.offset += 1
        row["cause"] = cause.SerializeToString().hex()
        self.assert_found("another event than stands there")

    def test_decided_out_of_order(self):
        """Two results of a lane with each other's causes."""
        of_lane = [row for row in self.bad.results if row["lane"] == self.bad.results[0]["lane"]
                   and checker.cause_of_row(row).trigger == status_pb2.TRIGGER_EVENT]
        first = of_lane[0]
        topic, offset = checker.cause_of_row(first).topic, checker.cause_of_row(first).offset
        second = next(row for row in of_lane if checker.cause_of_row(row).topic == topic
                      and checker.cause_of_row(row).offset > offset)
        first["cause"], second["cause"] = second["cause"], first["cause"]
        self.assert_found("after a later one")

    def test_decided_twice(self):
        """A record that changed a key already changes it once more."""
        rows = [row for row in self.bad.results if checker.cause_of_row(row).trigger == status_pb2.TRIGGER_EVENT]
        key = next(row["key"] for row in rows if sum(other["key"] == row["key"] for other in rows) > 1)
        first, second = [row for row in rows if row["key"] == key][:2]
        second["cause"] = first["cause"]
        self.assert_found("decided twice")

    def test_subject_differs(self):
        """What stands as decided is not what was decided last."""
        row = next(row for row in reversed(self.bad.results) if row["kind"] == checker.STATUS)
        subject = next(subject for subject in self.bad.subjects if subject["key"] == row["subject"])
        states = checker.store_pb2.KeyStates.FromString(bytes.fromhex(subject["decisions"]))
        states.keys[0].version += 1
        subject["decisions"] = states.SerializeToString().hex()
        self.assert_found("its last result is")
        states.keys[0].version -= 1
        next(state for state in states.keys if state.key == row["key"]).decision.status.level += 1
        subject["decisions"] = states.SerializeToString().hex()
        self.assert_found("is not that of its last result")

    def test_left_to_do(self):
        self.bad.wakeups.append({"lane": 0, "subject": "SG/000001"})
        self.assert_found("was woken and not decided")
        self.bad.lanes[0]["sweeping"] = True
        self.assert_found("has not decided all its labels again")

    def test_kinds(self):
        """Each complaint is counted as what it is."""
        kinds = {}
        for kind, spoil in ((checker.LOST, lambda records: records[1:]),
                            (checker.DOUBLED, lambda records: [*records, records[-1]._replace(offset=10 ** 9)])):
            bad = self.good._replace(topics={**self.good.topics, "status": spoil(self.good.topics["status"])})
            kinds[kind] = {complaint.kind for complaint in checker.check(bad)}
            self.assertIn(kind, kinds[kind])
        self.assertNotIn(checker.DOUBLED, kinds[checker.LOST])
        self.assertNotIn(checker.LOST, kinds[checker.DOUBLED])

    def test_wrong_partition(self):
        record = self.bad.topics["status"][0]
        self.bad.topics["status"][0] = record._replace(partition=record.partition + 1)
        self.assert_found("of lane")

    def test_dead_letter_bytes(self):
        record = self.bad.topics["dead_letters"][0]
        self.bad.topics["dead_letters"][0] = record._replace(value=record.value + b"x")
        self.assert_found("key or value")

    def test_hole_in_table(self):
        for row in self.bad.lanes:
            row["next_seq"] += 1
        self.assert_found("numbers")

    def test_broken_chain(self):
        row = next(row for row in self.bad.results if row["previous_seq"] is not None)
        row["previous_seq"] += 1
        self.assert_found("previous_seq")

    def test_version_skipped(self):
        row = next(row for row in self.bad.results if row["status_version"] == 2)
        row["status_version"] = 3
        self.assert_found("status_version 3, not 2")

    def test_event_forgotten(self):
        kept = json.loads(self.deployment.published[0])["event"]["subject"]
        self.bad.subjects[:] = [row for row in self.bad.subjects if row["key"] != kept]
        self.assert_found("neither facts nor a dead letter")

    def test_event_not_decided(self):
        for row in self.bad.offsets:
            row["next_offset"] = 0
        self.assert_found("is not decided")

    def test_obligation_differs(self):
        self.bad.obligations[0]["state"] += 1
        self.assert_found("obligations: the table")

    def test_state_differs(self):
        states = checker.states_of_topics(self.good)
        states.popitem()
        self.assertEqual(1, len(list(checker.compare_states(states, self.decided))))

    def test_decided_in_the_past(self):
        """The messages are really read: their instants are those of the history."""
        first = status_pb2.RecognitionStatus.FromString(self.good.topics["status"][0].value)
        self.assertLess(first.decided_at.ToDatetime(timezone.utc), datetime(2027, 6, 1, tzinfo=timezone.utc))


if __name__ == "__main__":
    harness.main()
