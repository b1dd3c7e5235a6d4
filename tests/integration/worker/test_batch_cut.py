"""How records fall into batches never shows: the same records of one lane, decided in batches of any size and by `decide`,
come to the same bytes."""
import json
import unittest

import checker
import harness
from google.protobuf import json_format

END = "2029-03-30T16:00:00Z"


def results_of_topics(snapshot):
    """What the topics hold in the order of the lane, as `decide --output results` prints it."""
    lines = []
    for kind, records in snapshot.topics.items():
        for record in records:
            seq = int(checker.header(record, "kh-seq"))
            # A row's agency message comes before its public one.
            lines.append((seq, kind == "public", describe(kind, record)))
    return [line for _, _, line in sorted(lines, key=lambda line: line[:2])]


def describe(kind, record):
    if kind == "dead_letters":
        return {"deadLetter": {"line": int(checker.header(record, "kh-offset")) + 1,
                               "reason": checker.header(record, "kh-reason"), "detail": checker.header(record, "kh-detail")}}
    if record.value is None:
        return {"obligationGone": {"id": record.key.decode()}}
    name = {"status": "status", "public": "public", "obligations": "obligation"}[kind]
    return {name: json_format.MessageToDict(checker.MESSAGES[kind].FromString(record.value))}


def without_place(line):
    """Offline a record has no offset."""
    cause = line.get("status", {}).get("cause", {})
    cause.pop("offset", None)
    cause.pop("partition", None)
    return line


class BatchCut(unittest.TestCase):
    def test_same_bytes(self):
        lines = [line for line in harness.case_lines("08-mixed-disordered")
                 if json.loads(line)["topic"] == "jp.label-events" and "GROUND_OF_COFFEE" not in line]
        first = None
        for records in (5000, 1, 2, 3, 7):
            deployment = harness.Deployment(f"batches-of-{records}", lanes=1, like=first,
                                            settings={"batch": {"max_records": records}})
            if first is None:
                deployment.publish(lines, unchecked=True)
                first = deployment
            deployment.published = first.published
            deployment.work(until=END)
            snapshot = checker.assert_exactly_once(self, deployment, at=END)
            if first is deployment:
                whole = snapshot
                continue
            self.assertEqual(whole.results, snapshot.results, f"batches of {records}")
            self.assertEqual(whole.dead_letters, snapshot.dead_letters, f"batches of {records}")
            self.assertEqual(whole.subjects, snapshot.subjects, f"batches of {records}")
        decided = [without_place(line) for line in first.decide("--output", "results", "--at", END)]
        self.assertEqual(decided, [without_place(line) for line in results_of_topics(whole)])
        self.assertGreater(len(decided), 300)


if __name__ == "__main__":
    harness.main()
