"""docker/repartition.py: the events of a deployment, copied into topics with more partitions, come to the same states."""
import sys
import unittest

import checker
import harness

END = "2027-06-01T16:00:00Z"
SCRIPT = harness.SOURCE / "docker/repartition.py"


def copy(old, new):
    """Copies both source topics; how many records that were."""
    said = [harness.run(sys.executable, "-B", SCRIPT, "--brokers", old.broker, old.events[of], new.events[of]) for of in harness.PARTICIPANTS]
    return sum(int(line.split()[0]) for line in said)


def by_key(records):
    """What is said of each subject, in its order; without the place."""
    told = {}
    for record in sorted(records, key=lambda record: (record.partition, record.offset)):
        told.setdefault(record.key, []).append((record.timestamp, record.value, record.headers))
    return told


class Repartition(unittest.TestCase):
    def test_more_partitions(self):
        old = harness.Deployment("partitions-few", lanes=4)
        new = harness.Deployment("partitions-many", lanes=7)
        lines = harness.sample_lines()
        old.publish(lines[:40])
        self.assertEqual(40, copy(old, new))
        self.assertEqual(0, copy(old, new), "what has been copied is not copied again")
        old.publish(lines[40:])
        self.assertEqual(len(lines) - 40, copy(old, new))
        for of in harness.PARTICIPANTS:
            self.assertEqual(by_key(old.read(old.events[of])), by_key(new.read(new.events[of])))
        new.published = new.adapt(lines)
        new.work(until=END)
        # A record in a partition that is not its key's would have become a dead letter.
        snapshot = checker.assert_exactly_once(self, new, at=END)
        self.assertEqual([], snapshot.dead_letters)

    def test_no_such_topic(self):
        old = harness.Deployment("partitions-none", lanes=2)
        # The script names the topic and what makes it.
        harness.run(sys.executable, "-B", SCRIPT, "--brokers", old.broker, old.events["JP"], f"{old.name}.not-there", expect=1)


if __name__ == "__main__":
    harness.main()
