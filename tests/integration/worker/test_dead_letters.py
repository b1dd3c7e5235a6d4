"""Dead letters that are decided again once what was wrong has been mended: each once, under load, in its lane."""
import json
import threading
import unittest

import checker
import harness
import refused
from refused import AT

END = "2027-06-01T00:00:00Z"
EACH = 23  # dead letters of each reason: over 500 of all
MENDED = {"TOO_LARGE", "REFUSED_BY_DATABASE"}


def large(number):
    line = harness.issued(f"SG/7{number:05}", AT)
    line["event"]["labelIssued"]["details"]["models"] = [f"model {n} " + "x" * 200 for n in range(20)]
    return line


def hopeless(deployment):
    """Wrong for good, of every reason that no mend takes away."""
    commands = []
    for number in range(EACH):
        commands += [harness.send_command(deployment, line) for line in refused.lines(1000 + 20 * number).values()]
        commands.append(harness.send_command(deployment, refused.good(3000 + number), value=b"\xff\xfe"))
        commands.append(harness.send_command(deployment, refused.good(2000 + number), key=b"SG/000099"))
    return commands


def contradicted():
    """Each of these labels is stated twice in one revision: decided by one of the two, and the contradiction is kept."""
    return [refused.good(4000 + number, level=level) for number in range(EACH) for level in (2, 3)]


class DeadLetters(unittest.TestCase):
    maxDiff = None

    def refuse_in_database(self, deployment, what="NEW.key LIKE 'SG/6%'"):
        deployment.sql(f"""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF {what} THEN RAISE 'not now' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$;
            CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON subject FOR EACH ROW EXECUTE FUNCTION refuse()""")

    def limit(self, deployment, size):
        deployment.more["kafka"] = {"max_record_bytes": size}
        deployment.write_settings()

    def listed(self, deployment, *options):
        lines = deployment.run("dead-letters", "list", "--output", "json", *options).splitlines()
        return [json.loads(line)["deadLetter"] for line in lines]

    def count_states(self, deployment):
        counts = {}
        for letter in self.listed(deployment, "--all"):
            name = (letter["reason"], letter["state"])
            counts[name] = counts.get(name, 0) + 1
        return counts

    def until_settled(self, deployment):
        harness.wait_until("all redrives to be settled",
                           lambda: deployment.sql("SELECT count(*) AS n FROM redrive")[0]["n"] == 0)

    def put_wrong_ones(self, deployment):
        """A partition other than the key's is found by sending one right and looking where it went."""
        deployment.publish([refused.good(5000)])
        place = deployment.read(deployment.events["SG"])[0].partition
        astray = [harness.send_command(deployment, refused.good(5000), partition=(place + 1) % 4) for _ in range(EACH)]
        deployment.send(*hopeless(deployment), *astray)
        notice = harness.event("arrangement/jp-sg", AT, 1, "consultationHeld", {"heldOn": "2026-06-30"}, participant="SG")
        deployment.publish([*[large(n) for n in range(EACH)], *[harness.issued(f"SG/6{n:05}", AT) for n in range(EACH)],
                            *contradicted(), *refused.suspensions("SG/009999", refused.STATEMENTS_MOST + EACH), notice],
                           unchecked=True)

    def states(self, mended, hopeless, discarded=0, **others):
        """What count_states is to come to: in which state the letters of each reason are, and how many were discarded."""
        state = {reason: mended if reason in MENDED else hopeless for reason in refused.names()}
        state.update(others)
        counts = {(reason, state[reason]): EACH for reason in state}
        if discarded:
            counts["INVALID_DATE", hopeless] -= discarded
            counts["INVALID_DATE", "discarded"] = discarded
        return counts

    def test_redriven_under_load(self):
        deployment = harness.Deployment("dead-letters", lanes=4)
        self.refuse_in_database(deployment)
        self.put_wrong_ones(deployment)
        self.limit(deployment, 2000)
        deployment.work(until="2026-08-01T00:00:00Z")
        self.assertEqual(self.states(mended="open", hopeless="open"), self.count_states(deployment))
        self.discard_one(deployment)
        self.ask_in_vain(deployment)

        self.limit(deployment, 262144)
        deployment.sql("DROP TRIGGER refuse ON subject")
        dry = deployment.run("dead-letters", "redrive", "--dry-run", "--reason", "TOO_LARGE")
        self.assertEqual(EACH, dry.count("nothing in it is wrong now"))
        workers = [deployment.start(), deployment.start()]
        load = threading.Thread(target=deployment.publish, args=(harness.stream(40, 40, "2026-08-02T00:00:00+00:00"),))
        load.start()
        said = deployment.run("dead-letters", "redrive", "--since", "2020-01-01T00:00:00Z", "--by", "a tester")
        self.assertIn(f"{EACH * len(refused.names()) - 1} will be decided again", said)
        self.until_settled(deployment)
        load.join()
        for worker in workers:
            worker.stop()
        deployment.work(until=END)
        counts = self.count_states(deployment)
        # Of two that contradict each other the one that holds is, by itself, only a repetition.
        counts["CONFLICTING_REVISION", "refused again"] += counts.pop(("CONFLICTING_REVISION", "redriven"), 0)
        self.assertEqual(self.states(mended="redriven", hopeless="refused again", discarded=1), counts)
        deeds = deployment.sql("SELECT lane, seq, count(*) AS n FROM dead_letter_action WHERE done_by = 'a tester' "
                               "GROUP BY lane, seq")
        self.assertEqual([1] * (EACH * len(refused.names()) - 1), [deed["n"] for deed in deeds], "each was decided once")
        checker.assert_exactly_once(self, deployment, at=END)

    def ask_in_vain(self, deployment):
        """The database still refuses: alone in the end, each is told so, and the worker goes on."""
        deployment.run("dead-letters", "redrive", "--reason", "REFUSED_BY_DATABASE")
        deployment.work(until="2026-08-01T00:00:00Z")
        self.assertEqual(self.states(mended="open", hopeless="open", discarded=1,
                                     REFUSED_BY_DATABASE="refused again"), self.count_states(deployment))

    def discard_one(self, deployment):
        letter = self.listed(deployment, "--reason", "INVALID_DATE")[0]
        deployment.run("dead-letters", "discard", letter["place"], "--because", "a test label", "--by", "somebody")
        shown = json.loads(deployment.run("dead-letters", "show", letter["place"], "--output", "json"))["deadLetter"]
        self.assertEqual("discarded", shown["state"])
        self.assertEqual("INVALID_DATE", shown["reasonNow"])
        self.assertEqual(("a test label", "somebody"), (shown["actions"][0]["detail"], shown["actions"][0]["doneBy"]))
        self.assertEqual("2026-02-30", shown["event"]["labelIssued"]["validity"]["validFrom"])
        text = deployment.run("dead-letters", "show", letter["place"])
        self.assertIn("label_issued.validity.valid_from", text)

    def test_about_the_arrangement(self):
        """It locks every lane, and all labels are decided again."""
        deployment = harness.Deployment("dead-letters-arrangement", lanes=4)
        self.refuse_in_database(deployment, "NEW.key LIKE 'arrangement/%' AND NEW.facts IS NOT NULL")
        notice = harness.event("arrangement/jp-sg", AT, 1, "terminationNoticed",
                               {"givenOn": "2026-07-01", "lastDay": "2027-03-31"}, participant="SG")
        deployment.publish([harness.issued(f"SG/{n:06}", AT) for n in range(20)] + [notice])
        deployment.work(until="2026-07-02T00:00:00Z")
        self.assertEqual({("REFUSED_BY_DATABASE", "open"): 1}, self.count_states(deployment))
        deployment.sql("DROP TRIGGER refuse ON subject")
        deployment.run("dead-letters", "redrive", "--reason", "REFUSED_BY_DATABASE")
        deployment.work(until=END)
        self.assertEqual({("REFUSED_BY_DATABASE", "redriven"): 1}, self.count_states(deployment))
        checker.assert_exactly_once(self, deployment, at=END)


if __name__ == "__main__":
    harness.main()
