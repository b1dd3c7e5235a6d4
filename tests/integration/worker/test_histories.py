"""Whole histories end to end, over 12 lanes: the states that a reader of the topics ends with are those of `decide --at`."""
import json
import unittest

import checker
import harness


class Histories(unittest.TestCase):
    def go_through(self, name, lines, *instants):
        deployment = harness.Deployment(f"history-{name}")
        deployment.publish(lines, unchecked=True)
        for instant in instants:
            deployment.work(until=instant)
            snapshot = checker.assert_exactly_once(self, deployment, at=instant)
        states = checker.states_of_topics(snapshot)
        listed = [json.loads(line)["status"] for line in deployment.run("list", "--output", "json").splitlines()]
        self.assertEqual({key: text for (what, key), text in states.items() if what == "status"},
                         {f"{status['label']}@{status['host']}": checker.canonical(status) for status in listed})

    def test_sample(self):
        self.go_through("sample", harness.sample_lines(), "2027-06-01T00:00:00Z", "2028-06-01T00:00:00Z")

    def test_mixed(self):
        self.go_through("mixed", harness.case_lines("07-mixed"), "2027-03-30T16:00:00Z", "2029-03-30T16:00:00Z")

    def test_mixed_disordered(self):
        """With records to refuse among them; but for what only JSON can say wrong, since no record on the wire can be that."""
        lines = [line for line in harness.case_lines("08-mixed-disordered") if "GROUND_OF_COFFEE" not in line]
        self.go_through("disordered", lines, "2028-07-01T00:00:00Z", "2030-01-01T00:00:00Z")

    def test_arrangement(self):
        self.go_through("arrangement", harness.case_lines("06-arrangement"), "2028-01-01T00:00:00Z", "2030-01-01T00:00:00Z")

    def test_others(self):
        for name in ("01-plain", "02-renewals", "03-suspensions", "04-notices", "05-disputes"):
            with self.subTest(name):
                self.go_through(name, harness.case_lines(name), "2027-01-01T00:00:00Z", "2028-09-01T00:00:00Z")


if __name__ == "__main__":
    harness.main()
