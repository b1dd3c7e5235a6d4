"""Workers that are killed at each place where it could matter."""
import re
import signal
import unittest

import checker
import harness

END = "2028-06-01T00:00:00Z"
SMALL = {"batch": {"max_records": 10, "max_wait_ms": 5}}


def failpoints():
    """Every place of the worker that can be made to fail, from its source: a new one is tested from its first day."""
    found = set()
    for path in (harness.SOURCE / "worker").rglob("*.c"):
        found.update(re.findall(r'kh_failpoint\("([a-z-]+)"\)', path.read_text(encoding="utf-8")))
    return sorted(found)


# What a worker passes but once; the others at each batch.
ONCE = ("after-epochs", "before-start-reading")


class Killed(unittest.TestCase):
    def test_every_place(self):
        places = failpoints()
        self.assertIn("after-database-commit", places)
        for place in places:
            with self.subTest(place):
                deployment = harness.Deployment(f"killed-{place}", lanes=4, settings=SMALL)
                deployment.publish(harness.stream(25, 4))
                count = 1 if place in ONCE else 2
                deployment.start("--until-idle", "--until", END, failpoint=f"{place}:kill:{count}").wait(-signal.SIGKILL)
                deployment.work(until=END)
                checker.assert_exactly_once(self, deployment, at=END)

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
