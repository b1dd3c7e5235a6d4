"""What moves time: the records' timestamps, or the wall clock; never a producer's dates."""
import os
import struct
import unittest
from datetime import datetime, timedelta, timezone

import checker
import harness


class Time(unittest.TestCase):
    def test_records_old_and_ahead(self):
        """With `clock: records` timestamps are trusted, however old or far ahead."""
        deployment = harness.Deployment("records-clock", lanes=4)
        lines = []
        for number in range(20):
            subject = f"SG/{number:06}"
            year = 2026 + 3 * number
            lines.append(harness.issued(subject, "2019-05-01T00:00:00Z", valid=("2018-01-01", f"{year}-05-31")))
            lines.append(harness.event(subject, f"{year}-03-01T12:00:00Z", 2, "labelSuspended", {"from": f"{year}-04-01"}))
        deployment.publish(sorted(lines, key=lambda line: line["timestamp"]))
        deployment.work(until="2090-01-01T00:00:00Z")
        snapshot = checker.assert_exactly_once(self, deployment, at="2090-01-01T00:00:00Z")
        self.assertEqual({record.timestamp for record in snapshot.sources},
                         {int(datetime.fromisoformat(line["timestamp"]).timestamp() * 1000) for line in lines})

    def test_wall(self):
        """With `clock: wall` the broker's time counts, whatever a producer claims: nothing is decided for another time."""
        before = datetime.now(timezone.utc)
        deployment = harness.Deployment("wall-clock", lanes=4, clock="wall")
        ends = (before - timedelta(days=30)).strftime("%Y-%m-%d")
        begins = (before + timedelta(days=900)).strftime("%Y-%m-%d")
        ahead = (before + timedelta(days=3650)).strftime("%Y-%m-%dT00:00:00Z")
        lines = [harness.issued("SG/000001", "2019-05-01T00:00:00Z", valid=("2019-01-01", ends)),
                 harness.issued("SG/000002", ahead, valid=("2019-01-01", begins)),
                 harness.issued("JP/000003", ahead, valid=(begins, "2050-01-01")),
                 harness.issued("JP/000004", "2019-05-01T00:00:00Z", valid=("2019-01-01", "2050-01-01"))]
        deployment.publish(lines)
        deployment.work()
        snapshot = checker.assert_exactly_once(self, deployment)
        after = datetime.now(timezone.utc)
        for row in snapshot.results:
            decided_at = datetime.fromtimestamp(row["decided_at"] / 1000, timezone.utc)
            # The server's clock is this machine's; the broker's time may be a moment before the worker's look.
            self.assertTrue(before - timedelta(seconds=60) <= decided_at <= after + timedelta(seconds=60), row)
        said = {key: checker.MESSAGES["status"].FromString(value)
                for key, value in checker.latest(snapshot.topics["status"]).items()}
        name = checker.status_pb2.Outcome.Name
        reason = checker.status_pb2.ReasonCode.Name
        self.assertEqual({"REASON_EXPIRED"}, {reason(r.code) for r in said["SG/000001@JP"].reasons})
        self.assertEqual("OUTCOME_RECOGNISED", name(said["SG/000002@JP"].outcome))
        self.assertEqual({"REASON_NOT_YET_VALID"}, {reason(r.code) for r in said["JP/000003@SG"].reasons})
        self.assertEqual("OUTCOME_RECOGNISED", name(said["JP/000004@SG"].outcome))

    def test_wrong_clock_of_a_worker(self):
        """Hours ahead or a year behind: it publishes all the same, and its marks are found again if the group forgets them."""
        for name, seconds in (("ahead", 3 * 3600), ("behind", -400 * 86400)):
            deployment = harness.Deployment(f"clock-{name}", lanes=2)
            lines = harness.stream(10, 8)
            clock = deployment.folder / "clock"
            clock.write_bytes(struct.pack("=q", seconds * 1000))
            wrong = {"LD_PRELOAD": os.environ["KH_FALSE_CLOCK"], "KH_CLOCK_FILE": str(clock)}
            deployment.publish(lines[:40])
            log = deployment.start("--until-idle", environment=wrong).wait().log()
            year = (datetime.now(timezone.utc) + timedelta(seconds=seconds)).strftime("%Y-")
            self.assertTrue(log.startswith(year), "its clock is right: nothing would be shown")
            # What its lanes say is published may be old: nothing but the topics tells.
            deployment.sql("UPDATE lane SET published_seq = 0")
            deployment.send(f"delete-group {deployment.group}")
            deployment.publish(lines[40:])
            worker = deployment.work(until="2028-06-01T00:00:00Z")
            self.assertIn("offsets-gone", worker.log())
            checker.assert_exactly_once(self, deployment, at="2028-06-01T00:00:00Z")

    def test_topic_of_the_other_clock(self):
        """A source topic whose timestamps are of the wrong kind is refused, by `topics create` and by `run`."""
        for clock, other in (("records", "wall"), ("wall", "records")):
            made = harness.Deployment(f"made-for-{clock}", lanes=1, clock=clock)
            deployment = harness.Deployment(f"not-for-{other}", lanes=1, clock=other, like=made, prepare=False)
            deployment.run("migrate")
            deployment.run("topics", "create", expect=3)
            worker = deployment.start("--until-idle").wait(expect=3)
            self.assertIn("message.timestamp.type", worker.log())


if __name__ == "__main__":
    harness.main()
