"""Workers that are stopped for longer than their session, at each place where it could matter, and then go on."""
import signal
import unittest

import checker
import harness

END = "2028-06-01T00:00:00Z"
# A server that waits for a stopped client keeps its locks as long.
SMALL = {"batch": {"max_records": 10, "max_wait_ms": 5}, "database": {"idle_in_transaction_timeout_ms": 3000}}


class Zombie(unittest.TestCase):
    def stopped_at(self, place):
        """One is stopped for longer than its session, another takes over; when it goes on it must do no harm."""
        deployment = harness.Deployment(f"zombie-{place}", lanes=4, settings=SMALL)
        lines = harness.stream(25, 6)
        deployment.publish(lines[:100])
        zombie = deployment.start(failpoint=f"{place}:stop:2")
        harness.wait_until("the failpoint to stop the worker", zombie.is_stopped)
        deployment.work()
        decided = deployment.result_count()
        zombie.signal(signal.SIGCONT)
        deployment.publish(lines[100:])
        harness.wait_until("the zombie to join again, and to decide", lambda: deployment.result_count() > decided)
        zombie.stop()
        # Twice at least: on a slow machine its short session may end once more.
        self.assertLess(1, zombie.log().count("lanes-taken: 4 lanes"), "it goes on only after it has joined anew")
        deployment.work(until=END)
        checker.assert_exactly_once(self, deployment, at=END)
        return zombie.log()

    def test_before_the_database_transaction(self):
        self.stopped_at("before-begin")

    def test_before_the_database_commit(self):
        self.stopped_at("before-database-commit")

    def test_between_the_commits(self):
        self.assertIn("producer-renewed", self.stopped_at("after-database-commit"), "it did not even try to publish")

    def test_before_publishing(self):
        self.assertIn("producer-renewed", self.stopped_at("before-publish"), "it did not even try to publish")

if __name__ == "__main__":
    harness.main()
