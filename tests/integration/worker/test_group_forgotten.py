"""The group's committed offsets are gone, and with them the marks of what is published."""
import signal
import unittest

import checker
import harness

END = "2028-06-01T00:00:00Z"


class GroupForgotten(unittest.TestCase):
    def finds_its_marks(self, name, forget):
        """Without committed offsets the marks are found again in the result topics: nothing is published twice."""
        deployment = harness.Deployment(name, lanes=4, settings={"batch": {"max_records": 20}})
        lines = harness.stream(20, 8)
        deployment.publish(lines[:120])
        # Killed when results stand in the database that are not published: they must be, by the next.
        deployment.start("--until-idle", failpoint="before-publish:kill:2").wait(-signal.SIGKILL)
        forget(deployment)
        deployment.publish(lines[120:])
        worker = deployment.start("--until-idle", "--until", END).wait()
        self.assertIn("offsets-gone", worker.log())
        checker.assert_exactly_once(self, deployment, at=END)

    def test_offsets_deleted(self):
        def forget(deployment):
            def deleted():
                try:
                    deployment.send(f"delete-group {deployment.group}")
                    return True
                except AssertionError as error:
                    if "empty" not in str(error).lower():
                        raise
                    return False
            harness.wait_until("the dead worker's session to end", deleted)
        self.finds_its_marks("offsets-deleted", forget)

    def test_database_restored_besides(self):
        """What was published stands in the topics only: found, and not taken for what is still to be published."""
        deployment = harness.Deployment("forgotten-and-restored", lanes=1)
        lines = [line for line in harness.stream(20, 6) if line["topic"] == "jp.label-events"]
        deployment.publish(lines[:40])
        deployment.work()
        copy = deployment.dump()
        deployment.publish(lines[40:])
        deployment.work()
        before = deployment.read(deployment.topics["status"])
        deployment.restore(copy)
        deployment.group += "-renamed"
        deployment.write_settings()
        deployment.stop_rewound("offsets-gone", "database-rewind", "--accept-database-rewind")
        deployment.work(options=["--accept-database-rewind"])
        after = deployment.read(deployment.topics["status"])
        seen = {checker.header(record, "kh-id"): record.value for record in before}
        self.assertGreater(len(after), len(before), "nothing was published again")
        for record in after:
            self.assertEqual(seen[checker.header(record, "kh-id")], record.value)
        deployment.work(until=END)

    def test_another_group(self):
        def forget(deployment):
            deployment.group += "-renamed"
            deployment.write_settings()
        self.finds_its_marks("group-renamed", forget)


if __name__ == "__main__":
    harness.main()
