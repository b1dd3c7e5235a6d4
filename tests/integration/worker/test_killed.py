"""Workers that are killed again and again in one history. Every place by itself: tests/fault/test_failpoints.py."""
import signal
import unittest

import checker
import harness

END = "2028-06-01T00:00:00Z"
SMALL = {"batch": {"max_records": 10, "max_wait_ms": 5}}


class Killed(unittest.TestCase):
    def test_again_and_again(self):
        """One history, many deaths."""
        deployment = harness.Deployment("killed-often", lanes=4, settings=SMALL)
        lines = harness.stream(40, 4)
        places = ("after-database-commit:kill:2", "before-publish:kill:1", "after-publish:kill:1", "after-database-commit:kill:1")
        for number, place in enumerate(places):
            deployment.publish(lines[number * 40:(number + 1) * 40])
            deployment.start("--until-idle", failpoint=place).wait(-signal.SIGKILL)
        deployment.work(until=END)
        checker.assert_exactly_once(self, deployment, at=END)


if __name__ == "__main__":
    harness.main()
