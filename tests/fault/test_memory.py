"""A worker's memory is bounded, whatever waits for it (README, Bounds): idle, behind a backlog of small records, and behind one
of large records that are all refused."""
import unittest

import checker
import harness

# Kibibytes: what the README promises.
MOST_KIB = 256 * 1024
IDLE_KIB = 64 * 1024
AT = "2026-07-01T00:00:00Z"
END = "2030-01-01T00:00:00Z"


class Memory(unittest.TestCase):
    def measured(self, deployment, what, bound, *options):
        worker = deployment.start("--until-idle", "--give-up-after", "120", *options)
        high = 0

        def ended():
            nonlocal high
            try:
                high = max(high, worker.memory_kib("VmHWM"))
            except (OSError, KeyError):
                pass
            return worker.process.poll() is not None
        harness.wait_until("the worker to be idle", ended)
        worker.wait()
        print(f"{what}: {high / 1024:.1f} MiB at most", flush=True)
        self.assertGreater(high, 0)
        self.assertLess(high, bound, what)

    def test_small_records(self):
        deployment = harness.Deployment("memory-small", lanes=12)
        lines = harness.stream(4000, 8)
        deployment.publish(lines)
        self.measured(deployment, f"{len(lines)} small records", MOST_KIB)
        checker.assert_exactly_once(self, deployment)

    def test_large_refused_records(self):
        """Each a dead letter with all its bytes, in the table and in the topic."""
        deployment = harness.Deployment("memory-large", lanes=12, clock="wall")
        commands = []
        for number in range(600):
            value = bytes([number % 251]) * 250000
            commands.append(harness.send_command(deployment, harness.issued(f"SG/{number:06}", AT), value=value))
        for first in range(0, len(commands), 200):
            deployment.send(*commands[first:first + 200])
        self.measured(deployment, f"{len(commands)} refused records of 250 kB", MOST_KIB)
        self.assertEqual(len(commands), deployment.sql("SELECT count(*) AS n FROM dead_letter")[0]["n"])

    def test_idle(self):
        deployment = harness.Deployment("memory-idle", lanes=12)
        deployment.publish(harness.stream(20, 2))
        self.measured(deployment, "nothing to do", IDLE_KIB)


if __name__ == "__main__":
    harness.main()
