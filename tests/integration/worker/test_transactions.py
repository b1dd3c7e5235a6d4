"""An agency that publishes in transactions: what it commits is decided, what it aborts never was."""
import unittest

import checker
import harness

END = "2027-06-01T00:00:00Z"


class Transactions(unittest.TestCase):
    def test_committed_and_aborted(self):
        deployment = harness.Deployment("agency-transactions", lanes=3)
        lines = harness.stream(12, 4)
        commands = []
        for first in range(0, len(lines), 4):
            commits = first % 12 != 4
            part = lines[first:first + 4]
            commands += ["begin", *(harness.send_command(deployment, line) for line in part), "commit" if commits else "abort"]
            deployment.published += deployment.adapt(part) if commits else []
        self.assertIn("abort", commands)
        deployment.send(*commands, transactional_id=f"{deployment.name}-agency")
        deployment.work(until=END)
        snapshot = checker.assert_exactly_once(self, deployment, at=END)
        self.assertEqual(len(deployment.published), len(snapshot.sources))
        # Markers and aborted records take offsets: those after the last record of a partition stay above next_offset.
        self.assertGreater(max(record.offset for record in snapshot.sources), len(snapshot.sources) // 6)
        deployment.work(until=END)
        self.assertEqual(snapshot.results, checker.assert_exactly_once(self, deployment, at=END).results)


if __name__ == "__main__":
    harness.main()
