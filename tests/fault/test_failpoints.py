"""Workers that are killed, and workers that are stopped for longer than their session, at every place that `kakehashi
failpoints` lists: another takes over, the stopped one goes on, and every result still stands once.

A place that no scenario reaches fails the test."""
import os
import signal
import subprocess
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import checker
import harness

END = "2028-06-01T00:00:00Z"
LANES = 4
AT_ONCE = 8
# A server that waits for a stopped client keeps its locks as long.
SETTINGS = {"batch": {"max_records": 10, "max_wait_ms": 5}, "database": {"idle_in_transaction_timeout_ms": 1500}}
ALL_LANES = f"lanes-taken: {LANES} lanes"
HALF_OF_THEM = f"lanes-taken: {LANES // 2} lanes"

# What the worker is at (the first column of the listing) -> the scenarios in which its places are reached.
SCENARIOS = {
    "start": ["Running"],
    "assigned": ["Running"],
    "batch": ["Running"],
    "publishing": ["Running"],
    "publishing-left": ["Running", "Recovering"],
    "arrangement": ["Arrangement"],
    "rollback": ["RolledBack"],
    "recovery": ["Recovering"],
    "scan": ["Forgotten"],
    "renewal": ["Renewed"],
    "aborting": ["Aborted"],
    "revoked": ["Revoked"],
    "giving-up": ["Revoked", "ShutDown"],
    "lost": ["Lost"],
    "shutdown": ["ShutDown"],
}
# Passed only by some batches: the first time will do.
SELDOM = {"after-dead-letters"}


def places():
    """(what the worker is at, name) of each place."""
    return [tuple(line.split("\t")) for line in harness.run(harness.KAKEHASHI, "failpoints").splitlines()]


def portion(number):
    """Some hours of events: labels, derived ones in other lanes, revocations with their notices, a refused record."""
    at = datetime.fromisoformat("2026-07-01T00:00:00+00:00") + timedelta(days=number)
    lines = []

    def add(make, subject, *rest, **more):
        nonlocal at
        at += timedelta(minutes=7)
        lines.append(make(subject, at.strftime("%Y-%m-%dT%H:%M:%SZ"), *rest, **more))
    day = at.strftime("%Y-%m-%d")
    for n in range(6):
        base, derived, plain = f"JP/{number:03}{n}01", f"SG/{number:03}{n}02", f"SG/{number:03}{n}03"
        add(harness.issued, base)
        add(harness.issued, derived, origin={"arrangement": "jp-sg", "basis": base})
        add(harness.issued, plain, level=99 if n % 3 == 2 else 2)
        add(harness.event, base, 2, "labelSuspended", {"from": day})
        add(harness.event, derived, 2, "labelRevoked", {"decidedOn": day, "effectiveFrom": day})
    for n in range(0, 6, 2):
        add(harness.event, f"SG/{number:03}{n}02", 3, "revocationWithdrawn", {})
    return lines


class Visit:
    """One place in one deployment: a worker is killed there, then one is stopped there."""

    def __init__(self, test, place):
        self.test = test
        self.place = place
        self.portions = 0
        self.deployment = harness.Deployment(f"{type(self).__name__.lower()}-{place}", lanes=LANES, settings=SETTINGS)

    def feed(self):
        self.deployment.publish(portion(self.portions), unchecked=True)
        self.portions += 1

    def start(self, action=None, before=""):
        """A worker; with an action, one that meets its fate at the place."""
        failpoint = f"{before}{self.place}:{action}:{self.nth()}" if action else None
        return self.deployment.start(failpoint=failpoint)

    def nth(self):
        return 1

    def reached(self, worker, action):
        if action == "kill":
            worker.wait(-signal.SIGKILL)
        else:
            self.stopped(worker)
        said = [line for line in worker.log().splitlines() if line.startswith("failpoint ")]
        self.test.assertEqual(f"failpoint {self.place}:{action}:{self.nth()}", said[-1])

    def stopped(self, worker):
        def is_stopped():
            if worker.process.poll() is not None:
                raise AssertionError(f"the worker ended, and was to stop; its log:\n{worker.log()[-6000:]}")
            return worker.is_stopped()
        harness.wait_until(f"{self.place} to stop the worker (log: {worker.log_path})", is_stopped)

    def goes_on(self, worker):
        """It has been away for longer than its session; it does no harm, joins again, and works on."""
        worker.signal(signal.SIGCONT)
        worker.wait_for_log(HALF_OF_THEM)
        worker.stop()

    def run(self):
        worker = self.meet("kill")
        self.reached(worker, "kill")
        self.after_death()
        worker = self.meet("stop")
        self.reached(worker, "stop")
        other = self.take_over()
        self.feed()
        self.goes_on(worker)
        other.stop()
        self.finish()

    def after_death(self):
        """The next worker takes over."""

    def take_over(self):
        """Proof that the stopped worker's session is over: another has all its lanes."""
        return self.deployment.start().wait_for_log(ALL_LANES)

    def finish(self):
        self.deployment.work(until=END)
        checker.assert_exactly_once(self.test, self.deployment, at=END)


class Running(Visit):
    """Reached by a worker that is alone and has work."""

    def __init__(self, test, place):
        super().__init__(test, place)
        self.passed_often = dict((name, at) for at, name in places())[place] in ("batch", "publishing", "publishing-left")

    def nth(self):
        return 2 if self.passed_often and self.place not in SELDOM else 1

    def meet(self, action):
        self.feed()
        return self.start(action)


class Recovering(Visit):
    """Reached by a worker that finds lanes whose owner died with results that nobody has published."""

    def meet(self, action):
        self.feed()
        self.deployment.start(failpoint="after-database-commit:kill:2").wait(-signal.SIGKILL)
        return self.start(action)


class Arrangement(Visit):
    """Reached when a record is about the arrangement itself."""

    def meet(self, action):
        self.feed()
        kind, body = (("terminationNoticed", {"givenOn": "2026-07-20", "lastDay": "2027-03-31"}) if action == "kill"
                      else ("terminationWithdrawn", {}))
        self.deployment.publish([harness.event("arrangement/jp-sg", f"2026-07-2{self.portions}T00:00:00Z", self.portions, kind,
                                               body, participant="SG")])
        return self.start(action)


class RolledBack(Visit):
    """Reached when the database refuses a batch, for now: it does so twice."""

    def meet(self, action):
        if action == "kill":
            self.deployment.sql("""CREATE SEQUENCE refusals;
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.key = 'JP/000001' AND nextval('refusals') <= 2 THEN
                RAISE 'not now' USING ERRCODE = 'serialization_failure'; END IF; RETURN NEW; END $$;
                CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON subject FOR EACH ROW EXECUTE FUNCTION refuse()""")
        self.feed()
        return self.start(action)


class Forgotten(Visit):
    """Reached when the group's offsets are gone."""

    def meet(self, action):
        self.feed()
        self.deployment.work()
        self.feed()
        self.deployment.group += "-anew"
        self.deployment.write_settings()
        return self.start(action)


class Renewed(Visit):
    """Reached when a worker joins again whose producer was fenced while it was stopped."""

    def meet(self, action):
        self.feed()
        worker = self.start(action, before="before-publish:stop:2,")
        self.stopped(worker)
        self.other = self.take_over()
        worker.signal(signal.SIGCONT)
        return worker

    def reached(self, worker, action):
        if action == "stop":
            harness.wait_until("the worker to go on", lambda: "failpoint before-renewal" in worker.log()
                               or "failpoint after-renewal" in worker.log())
        super().reached(worker, action)

    def after_death(self):
        self.other.stop()

    def run(self):
        worker = self.meet("kill")
        self.reached(worker, "kill")
        self.other.stop()
        worker = self.meet("stop")
        self.reached(worker, "stop")
        harness.wait_until("the other to have all lanes again", lambda: self.other.log().count(ALL_LANES) == 2)
        self.feed()
        self.goes_on(worker)
        self.other.stop()
        self.finish()


class Aborted(Visit):
    """Reached by a worker that publishes for a generation that is past, though nobody has fenced it yet."""

    def meet(self, action):
        self.feed()
        worker = self.start(action, before="before-publish:stop:2,")
        self.stopped(worker)
        self.deployment.start(failpoint="after-assignment:kill").wait(-signal.SIGKILL)
        worker.signal(signal.SIGCONT)
        return worker

    def reached(self, worker, action):
        if action == "stop":
            harness.wait_until("the worker to abort", lambda: f"failpoint {self.place}" in worker.log())
        super().reached(worker, action)


class Revoked(Visit):
    """Reached when another worker joins."""

    def meet(self, action):
        self.feed()
        worker = self.start(action).wait_for_log(ALL_LANES)
        self.other = self.deployment.start()
        return worker

    def after_death(self):
        self.other.wait_for_log(ALL_LANES).stop()

    def take_over(self):
        return self.other.wait_for_log(ALL_LANES)


class Lost(Revoked):
    """Reached when a worker finds that its session is over."""

    def meet(self, action):
        self.feed()
        worker = self.start(action).wait_for_log(ALL_LANES)
        worker.signal(signal.SIGSTOP)
        self.other = self.deployment.start().wait_for_log(ALL_LANES)
        worker.signal(signal.SIGCONT)
        return worker

    def reached(self, worker, action):
        if action == "stop":
            harness.wait_until("the worker to find out", lambda: f"failpoint {self.place}" in worker.log())
        super().reached(worker, action)


class ShutDown(Visit):
    """Reached when a worker is asked to end."""

    def meet(self, action):
        self.feed()
        worker = self.start(action).wait_for_log(ALL_LANES)
        worker.signal(signal.SIGTERM)
        return worker

    def goes_on(self, worker):
        worker.signal(signal.SIGCONT)
        worker.wait()


class Failpoints(unittest.TestCase):
    def visit(self, scenario, place):
        began = time.monotonic()
        try:
            globals()[scenario](self, place).run()
            complaint = None
        except Exception as error:  # pylint: disable=broad-except # told below, with its place
            complaint = f"{scenario} {place}: {error}"
        print(f"{scenario} {place}: {time.monotonic() - began:.1f} s{' FAILED' if complaint else ''}", flush=True)
        return complaint

    def test_every_place(self):
        visits = [(scenario, name) for at, name in places() for scenario in SCENARIOS[at]]
        chosen = os.environ.get("KH_ONLY", "").split()
        if chosen:
            visits = [visit for visit in visits if visit[1] in chosen]
        self.assertGreater(len(visits), 0)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            complaints = [told for told in pool.map(lambda visit: self.visit(*visit), visits) if told]
        self.assertEqual([], complaints, "\n\n".join(complaints))

    def test_a_place_that_is_not_there(self):
        deployment = harness.Deployment("no-such-place", lanes=1)
        worker = deployment.start("--until-idle", failpoint="no-such-place:kill").wait(-signal.SIGABRT)
        self.assertIn("there is no failpoint no-such-place", worker.log())

    def test_a_place_that_is_not_reached(self):
        """What waits for a place says when a worker ends without having come to it."""
        visit = Running(self, "before-begin")
        for action, patience in (("kill", None), ("stop", None)):
            worker = visit.deployment.start("--until-idle", failpoint=f"before-scan:{action}")
            with self.assertRaises(AssertionError):
                visit.reached(worker, action)


if __name__ == "__main__":
    harness.main()
