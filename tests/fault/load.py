"""The load of a campaign: what the agencies state, told by a seeded story, and sent without a pause by topic_sender.

Each record says in headers which it is (`number`, from 0) and, if it is to be refused, why (`expect`): so a story can be gone on
with from what stands in the topics, and what was refused can be judged.
"""
import json
import os
import random
import subprocess
import threading
import time
import uuid
from collections import deque, namedtuple
from datetime import datetime, timedelta, timezone

import checker
import harness

Telling = namedtuple("Telling", "number topic timestamp key value expect")

CATEGORIES = ("general-iot", "general-iot", "home-gateway", "smart-speaker", "drone")
LABELS_MOST = 600
START = datetime(2026, 6, 1, tzinfo=timezone.utc)
ARRANGEMENT = "arrangement/jp-sg"
HOME_KINDS = ("labelAmended", "labelRenewed", "labelSuspended", "suspensionLifted", "labelRevoked", "revocationWithdrawn",
              "revocationNoticeGiven")
HOST_KINDS = ("revocationNoticeReceived", "disputeRaised", "disputeSettled", "disputeFailed", "measureTaken", "measureLifted")


class Story:
    """Tells one record after the other; the same seed tells the same."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.now = START
        self.number = 0
        self.labels = []
        self.revisions = {}
        self.told = deque(maxlen=500)
        self.waiting = deque()
        self.terminating = False

    # ---- what is stated ----

    def day(self, least, most):
        return (self.now + timedelta(days=self.chance.randint(least, most))).strftime("%Y-%m-%d")

    def details(self, level=None):
        number = self.chance.randrange(10 ** 6)
        return {"registrationNumber": f"R-{number}", "level": level or self.chance.randint(1, 4),
                "category": self.chance.choice(CATEGORIES), "product": f"品 {number % 977}", "maker": f"Maker {number % 89}",
                "holder": f"Holder {number % 97}", "models": [f"M{number % 7}"] * (number % 3)}

    def validity(self):
        return {"validFrom": self.day(-200, 20), "validUntil": self.day(20, 500)}

    def evidence(self):
        return {"documents": [{"id": f"doc-{n}", "language": self.chance.choice(("en", "ja", "zh-Hans")),
                               "englishTranslation": self.chance.random() < 0.3} for n in range(self.chance.randint(0, 3))]}

    def origin(self, home):
        """Most derived labels name a basis that is there, which is mostly in another lane; some one that is still to come."""
        others = [subject for subject in self.labels[-80:] if not subject.startswith(home)]
        kind = self.chance.random()
        if kind < 0.05:
            return {"thirdCountry": "sg-kr"}
        if kind > 0.4 or not others:
            return None
        other = "SG" if home == "JP" else "JP"
        basis = self.chance.choice(others) if self.chance.random() < 0.9 else f"{other}/{len(self.labels) + 3:06}"
        return {"arrangement": "jp-sg", "basis": basis}

    def issue(self, subject):
        body = {"details": self.details(), "validity": self.validity()}
        origin = self.origin(subject[:2])
        if origin:
            body["origin"] = origin
        if self.chance.random() < 0.4:
            body["evidence"] = self.evidence()
        return body

    def body(self, kind):
        bodies = {
            "labelAmended": lambda: {"details": self.details(), "evidence": self.evidence()},
            "labelRenewed": lambda: {"validity": self.validity()},
            "labelSuspended": lambda: {"from": self.day(-5, 20)},
            "suspensionLifted": lambda: {"from": self.day(-5, 40)},
            "labelRevoked": lambda: {"decidedOn": self.day(-5, 0), "effectiveFrom": self.day(0, 30)},
            "revocationWithdrawn": lambda: {},
            "revocationNoticeGiven": lambda: {"givenOn": self.day(-5, 5)},
            "revocationNoticeReceived": lambda: {"receivedOn": self.day(-5, 5)},
            "disputeRaised": lambda: {"raisedOn": self.day(-5, 0), "remark": "in confidence"},
            "disputeSettled": lambda: {"settledOn": self.day(-5, 5)},
            "disputeFailed": lambda: {"from": self.day(-5, 20)},
            "measureTaken": lambda: {"grounds": ["GROUND_NATIONAL_SECURITY"], "from": self.day(-5, 10)},
            "measureLifted": lambda: {"from": self.day(-5, 30)},
        }
        return bodies[kind]()

    def state(self, participant, subject, kind, body, revision=None):
        if revision is None:
            revision = self.revisions[participant, subject] = self.revisions.get((participant, subject), 0) + 1
        stamp = self.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        return harness.event(subject, stamp, revision, kind, body, participant=participant,
                             event_id=str(uuid.UUID(int=self.chance.getrandbits(128), version=4)))

    # ---- which comes next ----

    def next_events(self):
        """One line, or a few that belong together, each with the reason for which it is to be refused, or none."""
        kind = self.chance.random()
        if kind < 0.0006:
            return [(self.about_arrangement(), None)]
        if kind < 0.04 and self.told:
            return [(self.chance.choice(self.told), None)]
        if kind < 0.06:
            return [self.refused()]
        if len(self.labels) < 20 or (kind < 0.25 and len(self.labels) < LABELS_MOST):
            subject = f"{self.chance.choice(harness.PARTICIPANTS)}/{len(self.labels):06}"
            self.labels.append(subject)
            return [(self.state(subject[:2], subject, "labelIssued", self.issue(subject)), None)]
        return self.about_label(kind)

    def about_arrangement(self):
        if self.chance.random() < 0.3:
            return self.state("JP", ARRANGEMENT, "consultationHeld", {"heldOn": self.day(-5, 0)})
        self.terminating = not self.terminating
        if self.terminating:
            return self.state("SG", ARRANGEMENT, "terminationNoticed",
                              {"givenOn": self.day(0, 0), "lastDay": self.day(220, 400)})
        return self.state("SG", ARRANGEMENT, "terminationWithdrawn", {})

    def about_label(self, kind):
        # A few labels are spoken of much more than the others: batches then hold several records of one key.
        pool = self.labels[-12:] if self.chance.random() < 0.3 else self.labels
        subject = self.chance.choice(pool)
        home = subject[:2]
        if self.chance.random() < 0.6:
            participant, what = home, self.chance.choice(HOME_KINDS)
        else:
            participant, what = ("SG" if home == "JP" else "JP"), self.chance.choice(HOST_KINDS)
        first = self.state(participant, subject, what, self.body(what))
        if kind > 0.98:
            other = self.state(participant, subject, what, self.body(what), revision=first["event"]["revision"])
            return [(first, None), (other, "CONFLICTING_REVISION")]
        if kind > 0.95:
            second = self.state(participant, subject, what, self.body(what))
            return [(second, None), (first, None)]
        self.told.append(first)
        return [(first, None)]

    def refused(self):
        """About subjects of their own, so that nothing but the refusal follows."""
        subject = f"{self.chance.choice(harness.PARTICIPANTS)}/R{self.chance.randrange(40):05}"
        home = subject[:2]
        why = self.chance.choice(("INVALID_LEVEL", "UNDECODABLE", "NO_BODY", "NOT_AUTHORISED", "INVALID_DATE", "KEY_MISMATCH"))
        line = self.state(home, subject, "labelIssued", {"details": self.details(99 if why == "INVALID_LEVEL" else None),
                                                        "validity": self.validity()})
        if why == "NOT_AUTHORISED":
            line = self.state(home, subject, "measureLifted", {"from": self.day(0, 1)})
        if why == "INVALID_DATE":
            line = self.state(home, subject, "suspensionLifted", {"from": "2026-02-30"})
        return line, why

    def next(self):
        """The next record, as a Telling; its topic is named by its participant."""
        if not self.waiting:
            self.now += timedelta(seconds=self.chance.randint(0, 600))
            self.waiting.extend(self.next_events())
        line, expect = self.waiting.popleft()
        key = line["event"]["subject"].encode()
        value = harness.wire(line)
        if expect == "UNDECODABLE":
            value = b"\xff" * self.chance.randint(1, 40)
        elif expect == "NO_BODY":
            value = None
        elif expect == "KEY_MISMATCH":
            key += b"x"
        telling = Telling(self.number, line["event"]["participant"], int(self.now.timestamp() * 1000), key, value, expect)
        self.number += 1
        return telling


class Load:
    """Sends a story to a deployment's source topics, in bursts, until it is paused."""

    def __init__(self, deployment, seed, rate):
        self.deployment = deployment
        self.story = Story(seed)
        self.chance = random.Random(f"{seed}/bursts")
        self.rate = rate
        # All that was told, in order; what stands in the topics is a beginning of it.
        self.tellings = []
        self.sender = None
        self.thread = None
        self.stopping = threading.Event()

    def tell(self):
        self.tellings.append(self.story.next())
        return self.tellings[-1]

    def command(self, telling):
        headers = [f"number={str(telling.number).encode().hex()}"]
        if telling.expect:
            headers.append(f"expect={telling.expect.encode().hex()}")
        return " ".join(["send", self.deployment.events[telling.topic], "-1", str(telling.timestamp),
                         harness.hexed(telling.key), harness.hexed(telling.value), *headers])

    def numbers_there(self):
        """Of the records that stand in the topics. One may stand there twice: nobody heard that it arrived."""
        def read():
            try:
                return [self.deployment.read(*self.deployment.events.values())]
            except AssertionError:
                return None  # a broker that has just come back does not lead its partitions at once
        records, = harness.wait_until("the source topics", read)
        return {int(checker.header(record, "number")) for record in records}

    def resume(self):
        """Tells again, to itself, what stands in the topics already."""
        there = self.numbers_there()
        while len(self.tellings) <= max(there, default=-1):
            self.tell()
        return self

    def start(self):
        self.stopping.clear()
        log = open(self.deployment.folder / "sender.log", "ab")
        self.sender = subprocess.Popen([os.environ["KH_TOPIC_SENDER"], self.deployment.broker], stdin=subprocess.PIPE,
                                       stdout=log, stderr=log, text=True, start_new_session=True)
        log.close()
        harness.running.append(self.sender)
        self.thread = threading.Thread(target=self.send_on, daemon=True)
        self.thread.start()

    def send_on(self):
        try:
            while not self.stopping.is_set():
                burst = self.chance.choice((1, 5, 20, 80, 200))
                self.sender.stdin.write("".join(f"{self.command(self.tell())}\n" for _ in range(burst)))
                self.sender.stdin.flush()
                self.stopping.wait(burst / self.rate)
            self.sender.stdin.close()
        except BrokenPipeError:
            pass  # it gave up waiting for the broker, and pause() sends what is missing

    def pause(self):
        """Ends the sending; all that was told then stands in the topics. Returns how many records."""
        self.stopping.set()
        self.thread.join()
        if self.sender.wait(harness.PATIENCE) != 0:
            there = self.numbers_there()
            self.deployment.send(*[self.command(telling) for telling in self.tellings if telling.number not in there])
        return len(self.tellings)

    def now(self):
        """An instant after all records that were told."""
        return (self.story.now + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
