"""Records made to do harm: oversized, deeply nested, cut short, with bits turned. Each becomes a dead letter or is what it
says; none stops its lane."""
import random
import unittest

import checker
import harness

LANES = 2
AT = "2026-07-01T00:00:00Z"


def varint(value):
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes([*out, value])


def nested(depth):
    """Messages within messages: a field of an event's body in itself, again and again."""
    inner = b""
    for _ in range(depth):
        inner = b"\x52" + varint(len(inner)) + inner
    return inner


def hostile_values(valid):
    """Values that no agency sends."""
    yield from (b"\x00" * 900000, b"\xff" * 900000, b"\x0b" * 100000, b"\x0b" * 50000 + b"\x0c" * 50000, nested(20000),
                b"\x0a" + varint(2 ** 63) + b"x", b"\x0a" + b"\xff" * 10, b"\x0a" + b"\xff" * 9 + b"\x01", b"\x02\x00", b"\x07",
                valid + b"\xa2\x06" + varint(100000) + b"z" * 100000, valid + valid, valid * 1000,
                valid + b"\x0a\x03\xff\xfe\xfd", b"\x08\x01" * 50000)
    yield from (valid[:length] for length in range(1, len(valid), 3))
    chance = random.Random(20261127)
    for _ in range(300):
        bits = bytearray(valid)
        for _ in range(chance.randint(1, 4)):
            bits[chance.randrange(len(bits))] ^= 1 << chance.randrange(8)
        yield bytes(bits)


class Poison(unittest.TestCase):
    def test_hostile_records(self):
        deployment = harness.Deployment("poison", lanes=LANES, clock="wall")
        commands, good = [], 0

        def add_good():
            nonlocal good
            good += 1
            commands.append(harness.send_command(deployment, harness.issued(f"SG/9{good:05}", AT)))
        line = harness.issued("SG/000001", AT)
        valid = harness.wire(line)
        add_good()
        for number, value in enumerate(hostile_values(valid)):
            commands.append(harness.send_command(deployment, line, value=value))
            if number % 10 == 0:
                add_good()
        for key in (b"", b"\x00", b"\xff" * 100, b"SG/" + b"k" * 30000, b"SG/000001\x00", "SG/\u202e".encode()):
            commands.append(harness.send_command(deployment, line, key=key, partition=1))
        commands.append(harness.send_command(deployment, line, value=b"", headers=[(f"h{n}", b"v" * 10000) for n in range(9)]))
        add_good()
        deployment.send(*commands)
        worker = deployment.start()

        def all_decided():
            found = deployment.sql("SELECT count(*) AS n FROM subject WHERE key LIKE 'SG/9%' AND facts IS NOT NULL")
            return found[0]["n"] == good
        harness.wait_until("every good record to be decided", all_decided)
        worker.stop()
        deployment.work()
        snapshot = checker.assert_exactly_once(self, deployment)
        self.assertGreater(len(snapshot.dead_letters), 300)


if __name__ == "__main__":
    harness.main()
