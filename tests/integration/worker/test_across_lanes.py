"""What one lane decides and another must follow: the basis of a derived label, and the arrangement itself."""
import unittest

import checker
import harness
from kakehashi.v1 import status_pb2

BASES = [f"JP/{number:06}" for number in range(1, 9)]
DERIVED = [f"SG/{number:06}" for number in range(101, 109)]


class Basis(unittest.TestCase):
    def states_of_bases(self, deployment):
        """Of each derived label, what its newest status says about its basis."""
        latest = checker.latest(deployment.read(deployment.topics["status"]))
        found = {}
        for label in DERIVED:
            value = latest.get(f"{label}@JP")
            status = status_pb2.RecognitionStatus.FromString(value) if value else None
            found[label] = status_pb2.BasisState.Name(status.basis.state) if status else None
        return found

    def follows(self, workers):
        """Derived first, then its basis, then the basis is revoked: each time the derived label's own lane decides it again,
        though no record of that lane asks for it."""
        deployment = harness.Deployment(f"basis-{workers}", lanes=12, clock="wall")
        for _ in range(workers):
            deployment.start()
        if workers > 1:
            for worker in deployment.workers:
                worker.wait_for_log(f"lanes-taken: {12 // workers} lanes")
        steps = [
            ("BASIS_STATE_UNKNOWN", [
                harness.issued(label, "2026-07-01T00:00:00Z", valid=("2020-01-01", "2050-01-01"),
                               origin={"arrangement": "jp-sg", "basis": basis}) for label, basis in zip(DERIVED, BASES)]),
            ("BASIS_STATE_VALID", [
                harness.issued(basis, "2026-07-02T00:00:00Z", valid=("2020-01-01", "2050-01-01")) for basis in BASES]),
            ("BASIS_STATE_REVOKED", [
                harness.event(basis, "2026-07-03T00:00:00Z", 2, "labelRevoked",
                              {"decidedOn": "2021-01-01", "effectiveFrom": "2021-01-01"}) for basis in BASES]),
        ]
        for state, lines in steps:
            deployment.publish(lines)
            harness.wait_until(f"all bases to be {state}",
                               lambda state=state: set(self.states_of_bases(deployment).values()) == {state})
        for worker in deployment.workers:
            worker.stop()
        now = deployment.sql("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS now")[0]["now"]
        checker.assert_exactly_once(self, deployment, at=now)
        lanes = {row["key"]: row["lane"] for row in deployment.sql("SELECT lane, key FROM subject")}
        apart = sum(lanes[label] != lanes[basis] for label, basis in zip(DERIVED, BASES))
        self.assertGreater(apart, 3, "too few pairs lie in two lanes")

    def test_one_worker(self):
        self.follows(1)

    def test_two_workers(self):
        self.follows(2)


class Arrangement(unittest.TestCase):
    def test_terminated_and_withdrawn(self):
        """A termination sweeps the labels of all lanes, and so does its withdrawal; in small batches."""
        deployment = harness.Deployment("termination", lanes=12, settings={"batch": {"max_records": 3}})
        lines = [harness.issued(f"{harness.PARTICIPANTS[n % 2]}/{n:06}", "2026-07-01T00:00:00Z",
                                valid=("2026-06-01", "2031-05-31")) for n in range(60)]
        lines.append(harness.event("arrangement/jp-sg", "2026-08-01T00:00:00Z", 1, "terminationNoticed",
                                   {"givenOn": "2026-08-01", "lastDay": "2027-03-31"}, participant="SG"))
        deployment.publish(lines)
        steps = [("2026-09-01T00:00:00Z", "OUTCOME_RECOGNISED"), ("2027-06-01T00:00:00Z", "OUTCOME_ARRANGEMENT_NOT_IN_FORCE")]
        for at, outcome in steps:
            self.settle(deployment, at, outcome)
        deployment.publish([harness.event("arrangement/jp-sg", "2027-06-02T00:00:00Z", 2, "terminationWithdrawn", {},
                                          participant="SG")])
        self.settle(deployment, "2027-07-01T00:00:00Z", "OUTCOME_RECOGNISED")

    def settle(self, deployment, at, outcome):
        """Two workers share what is to be done."""
        options = ("--until-idle", "--give-up-after", "120", "--until", at)
        for worker in [deployment.start(*options), deployment.start(*options)]:
            worker.wait()
        snapshot = checker.assert_exactly_once(self, deployment, at=at)
        statuses = [status_pb2.RecognitionStatus.FromString(value)
                    for value in checker.latest(snapshot.topics["status"]).values()]
        self.assertEqual(60, len(statuses))
        self.assertEqual({outcome}, {status_pb2.Outcome.Name(status.outcome) for status in statuses})


if __name__ == "__main__":
    harness.main()
