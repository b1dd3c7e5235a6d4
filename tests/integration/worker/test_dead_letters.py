"""Dead letters that are decided again once what was wrong has been mended: each once, under load, in its lane."""
import json
import threading
import unittest

import checker
import harness

AT = "2026-07-01T00:00:00Z"
END = "2027-06-01T00:00:00Z"
TOO_LARGE, REFUSED, HOPELESS = 60, 12, 40


def large(number):
    line = harness.issued(f"SG/7{number:05}", AT)
    line["event"]["labelIssued"]["details"]["models"] = [f"model {n} " + "x" * 200 for n in range(20)]
    return line


def hopeless(number):
    """Wrong for good: a date that is none."""
    return harness.issued(f"JP/8{number:05}", AT, valid=("2026-06-01", "2026-02-30"))


class DeadLetters(unittest.TestCase):
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

    def test_redriven_under_load(self):
        deployment = harness.Deployment("dead-letters", lanes=4)
        self.refuse_in_database(deployment)
        refused = [harness.issued(f"SG/6{number:05}", AT) for number in range(REFUSED)]
        notice = harness.event("arrangement/jp-sg", AT, 1, "consultationHeld", {"heldOn": "2026-06-30"}, participant="SG")
        lines = [large(n) for n in range(TOO_LARGE)] + refused + [hopeless(n) for n in range(HOPELESS)] + [notice]
        deployment.publish(lines, unchecked=True)
        self.limit(deployment, 2000)
        deployment.work(until="2026-08-01T00:00:00Z")
        self.assertEqual({("TOO_LARGE", "open"): TOO_LARGE, ("REFUSED_BY_DATABASE", "open"): REFUSED,
                          ("INVALID_DATE", "open"): HOPELESS}, self.count_states(deployment))
        self.discard_one(deployment)
        self.ask_in_vain(deployment)

        self.limit(deployment, 262144)
        deployment.sql("DROP TRIGGER refuse ON subject")
        dry = deployment.run("dead-letters", "redrive", "--dry-run", "--reason", "TOO_LARGE")
        self.assertEqual(TOO_LARGE, dry.count("nothing in it is wrong now"))
        workers = [deployment.start(), deployment.start()]
        load = threading.Thread(target=deployment.publish, args=(harness.stream(40, 40, "2026-08-02T00:00:00+00:00"),))
        load.start()
        said = deployment.run("dead-letters", "redrive", "--since", "2020-01-01T00:00:00Z", "--by", "a tester")
        self.assertIn(f"{TOO_LARGE + REFUSED + HOPELESS - 1} will be decided again", said)
        self.until_settled(deployment)
        load.join()
        for worker in workers:
            worker.stop()
        deployment.work(until=END)
        self.assertEqual({("TOO_LARGE", "redriven"): TOO_LARGE, ("REFUSED_BY_DATABASE", "redriven"): REFUSED,
                          ("INVALID_DATE", "refused again"): HOPELESS - 1, ("INVALID_DATE", "discarded"): 1},
                         self.count_states(deployment))
        deeds = deployment.sql("SELECT lane, seq, count(*) AS n FROM dead_letter_action WHERE action <> 'failed' "
                               "GROUP BY lane, seq HAVING count(*) > 1")
        self.assertEqual([], deeds, "each was decided once")
        checker.assert_exactly_once(self, deployment, at=END)
        by = deployment.sql("SELECT DISTINCT done_by FROM dead_letter_action WHERE action = 'redriven'")
        self.assertEqual([{"done_by": "a tester"}], by)

    def ask_in_vain(self, deployment):
        """The database still refuses: alone in the end, each is told so, and the worker goes on."""
        deployment.run("dead-letters", "redrive", "--reason", "REFUSED_BY_DATABASE")
        deployment.work(until="2026-08-01T00:00:00Z")
        self.assertEqual({("TOO_LARGE", "open"): TOO_LARGE, ("REFUSED_BY_DATABASE", "refused again"): REFUSED,
                          ("INVALID_DATE", "open"): HOPELESS - 1, ("INVALID_DATE", "discarded"): 1},
                         self.count_states(deployment))

    def discard_one(self, deployment):
        letter = self.listed(deployment, "--reason", "INVALID_DATE")[0]
        deployment.run("dead-letters", "discard", letter["place"], "--because", "a test label", "--by", "somebody")
        shown = json.loads(deployment.run("dead-letters", "show", letter["place"], "--output", "json"))["deadLetter"]
        self.assertEqual("discarded", shown["state"])
        self.assertEqual("INVALID_DATE", shown["reasonNow"])
        self.assertEqual(("a test label", "somebody"), (shown["actions"][0]["detail"], shown["actions"][0]["doneBy"]))
        self.assertEqual("2026-02-30", shown["event"]["labelIssued"]["validity"]["validUntil"])
        text = deployment.run("dead-letters", "show", letter["place"])
        self.assertIn("label_issued.validity.valid_until", text)

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
