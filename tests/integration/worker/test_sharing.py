"""Several workers share the lanes under a steady stream: one joins, one leaves, one is killed between its two commits."""
import signal
import threading
import unittest

import checker
import harness

END = "2028-06-01T00:00:00Z"


class Sharing(unittest.TestCase):
    def feed(self, deployment, lines, goes_on):
        """Sends the lines in small parts until all are sent; faster once nobody needs the stream any more."""
        def send():
            for first in range(0, len(lines), 40):
                deployment.publish(lines[first:first + 40])
                if goes_on.wait(0.1):
                    deployment.publish(lines[first + 40:])
                    return
        thread = threading.Thread(target=send)
        thread.start()
        return thread

    def test_join_leave_die(self):
        deployment = harness.Deployment("sharing", lanes=12, settings={"batch": {"max_records": 20, "max_wait_ms": 10}})
        nobody_needs_it = threading.Event()
        feeder = self.feed(deployment, harness.stream(200, 40), nobody_needs_it)
        try:
            first = deployment.start()
            time_to_die = deployment.folder / "time-to-die"
            dies = deployment.start(failpoint=f"after-database-commit:kill:@{time_to_die}")
            first.wait_for_log("lanes-taken: 6 lanes")
            dies.wait_for_log("lanes-taken: 6 lanes")
            third = deployment.start()
            third.wait_for_log("lanes-taken: 4 lanes")
            first.stop()
            time_to_die.touch()
            dies.wait(-signal.SIGKILL)
            third.wait_for_log("lanes-taken: 12 lanes")
        finally:
            nobody_needs_it.set()
            feeder.join()
        last = deployment.start("--until-idle", "--until", END)
        third.wait_for_log("lanes-taken: 6 lanes")
        third.stop()
        last.wait()
        checker.assert_exactly_once(self, deployment, at=END)


if __name__ == "__main__":
    harness.main()
