"""Workers that are killed, or stopped for longer than their session, at each place where it could matter."""
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
                count = 1 if place in ONCE else 3
                deployment.start("--until-idle", "--until", END, failpoint=f"{place}:kill:{count}").wait(-signal.SIGKILL)
                deployment.work(until=END)
                checker.assert_exactly_once(self, deployment, at=END)

    def test_again_and_again(self):
        """Many deaths in one history, none of them before its third batch: so it does come to an end."""
        deployment = harness.Deployment("killed-often", lanes=4, settings=SMALL)
        deployment.publish(harness.stream(30, 4))
        for place in ("after-database-commit", "before-publish", "after-publish", "after-database-commit"):
            deployment.start("--until-idle", failpoint=f"{place}:kill:3").wait(-signal.SIGKILL)
        deployment.work(until=END)
        checker.assert_exactly_once(self, deployment, at=END)


class Zombie(unittest.TestCase):
    def stopped_at(self, place):
        """One is stopped for longer than its session, another takes over; when it goes on it must do no harm."""
        deployment = harness.Deployment(f"zombie-{place}", lanes=4, settings=SMALL)
        lines = harness.stream(25, 6)
        deployment.publish(lines[:100])
        zombie = deployment.start(failpoint=f"{place}:stop:3")
        harness.wait_until("the failpoint to stop the worker", zombie.is_stopped)
        deployment.work()
        decided = deployment.result_count()
        zombie.signal(signal.SIGCONT)
        deployment.publish(lines[100:])
        harness.wait_until("the zombie to join again, and to decide", lambda: deployment.result_count() > decided)
        zombie.stop()
        deployment.work(until=END)
        checker.assert_exactly_once(self, deployment, at=END)

    def test_before_the_database_transaction(self):
        self.stopped_at("before-begin")

    def test_before_the_database_commit(self):
        self.stopped_at("before-database-commit")

    def test_between_the_commits(self):
        self.stopped_at("after-database-commit")

    def test_before_publishing(self):
        self.stopped_at("before-publish")


if __name__ == "__main__":
    harness.main()
