"""What agencies and operators ask before they act: who owes what, how two rule packs differ, what a changed file would mean."""
import json
import unittest
from datetime import date, timedelta

import icalendar

import harness

END = "2027-05-20T00:00:00Z"


class Review(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.deployment = harness.Deployment("review", lanes=4)
        cls.deployment.publish(harness.sample_lines())
        cls.deployment.work(until=END)

    def cases(self, *options, at=END):
        lines = self.deployment.run("obligations", "--at", at, "--output", "json", *options).splitlines()
        return [json.loads(line) for line in lines]


class Obligations(Review):
    def test_all_that_stand_are_listed_by_due_date(self):
        cases = self.cases()
        decided = [json.loads(line)["obligation"] for line in self.deployment.run(
            "decide", "--output", "states", "--at", END, str(self.deployment.history())).splitlines() if '{"obligation"' in line]
        bare = ("decidedAt", "version")
        self.assertEqual(sorted((self.without(one, bare) for one in decided), key=lambda one: one["id"]),
                         sorted((self.without(case["obligation"], bare) for case in cases), key=lambda one: one["id"]))
        order = [(case["obligation"].get("dueOn", "9999"), case["obligation"]["id"]) for case in cases]
        self.assertEqual(sorted(order), order)
        for case in cases:
            if "dueOn" in case["obligation"]:
                due = date.fromisoformat(case["obligation"]["dueOn"])
                self.assertEqual((due - date.fromisoformat(case["today"])).days, case["daysLeft"])
        self.assertEqual({"OPEN", "OVERDUE", "DISCHARGED"}, {case["stateToday"] for case in cases})

    @staticmethod
    def without(value, names):
        return {name: of for name, of in value.items() if name not in names}

    def test_what_is_chosen(self):
        everything = self.cases()
        self.assertEqual([case for case in everything if case["stateToday"] == "OVERDUE"], self.cases("--overdue"))
        self.assertEqual([case for case in everything if case["stateToday"] != "DISCHARGED"], self.cases("--outstanding"))
        self.assertEqual([case for case in everything if "SG" in case["obligation"]["obliged"]],
                         self.cases("--participant", "SG"))
        due = next(case for case in everything if case["stateToday"] == "OPEN" and "dueOn" in case["obligation"])
        self.assertIn(due, self.cases("--due-within", f"{due['daysLeft']}d"))
        self.assertNotIn(due, self.cases("--due-within", f"{due['daysLeft'] - 1}d"))
        # The day on which it is due has come where it is owed, and not yet ended; then it has.
        last = f"{due['obligation']['dueOn']}T12:00:00Z"
        late = f"{date.fromisoformat(due['obligation']['dueOn']) + timedelta(1)}T12:00:00Z"
        states = [next(case for case in self.cases(at=at) if case["obligation"]["id"] == due["obligation"]["id"])["stateToday"]
                  for at in (last, late)]
        self.assertEqual(["OPEN", "OVERDUE"], states)

    def test_for_people(self):
        table = self.deployment.run("obligations", "--at", END, "--overdue", "--language", "en")
        self.assertIn("DAYS LEFT", table)
        self.assertIn("notice of revocation", table)
        japanese = self.deployment.run("obligations", "--at", END, "--overdue", "--language", "ja")
        self.assertIn("期限超過", japanese)
        self.assertEqual(len(table.splitlines()), len(japanese.splitlines()))
        self.assertEqual("no obligation matches\n", self.deployment.run(
            "obligations", "--at", "2020-01-01T00:00:00Z", "--overdue", "--language", "en"))
        self.deployment.run("obligations", "--participant", "KR", expect=1)
        self.deployment.run("obligations", "--due-within", "soon", expect=2)

    def test_a_calendar_that_a_desk_can_read(self):
        for language in ("en", "ja"):
            text = self.deployment.run("obligations", "--at", END, "--output", "ics", "--language", language)
            again = self.deployment.run("obligations", "--at", END, "--output", "ics", "--language", language)
            self.assertEqual(text, again)
            events = {str(event["UID"]): event for event in icalendar.Calendar.from_ical(text).walk("VEVENT")}
            dated = [case for case in self.cases() if "dueOn" in case["obligation"]]
            self.assertEqual(len(dated), len(events))
            for case in dated:
                obligation = case["obligation"]
                event = events[f"kakehashi:jp-sg:{obligation['id']}"]
                self.assertEqual(date.fromisoformat(obligation["dueOn"]), event["DTSTART"].dt)
                self.assertEqual(timedelta(1), event["DTEND"].dt - event["DTSTART"].dt)
                self.assertEqual(obligation["decidedAt"], event["DTSTAMP"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
                self.assertEqual(obligation["version"], event["SEQUENCE"])
                self.assertIn(obligation["subject"], str(event["SUMMARY"]))
                if "label" in case:
                    self.assertIn(case["label"]["product"], str(event["DESCRIPTION"]))


PACK = (harness.SOURCE / "config/rules/jp-sg-1.yaml").read_text(encoding="utf-8")
POLICIES = (harness.SOURCE / "config/policies/jp-sg.yaml").read_text(encoding="utf-8")
OPEN = ("version", "decidedAt", "cause", "rulePack", "rulePackSha256")


def replaced(text, *pairs):
    for old, new in pairs:
        assert text.count(old) == 1, f"{old!r} stands there {text.count(old)} times"
        text = text.replace(old, new)
    return text


class Rules(Review):
    def file(self, name, text):
        path = self.deployment.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def lines(self, *arguments):
        return [json.loads(line) for line in self.deployment.run("rules", *arguments, "--output", "json").splitlines()]

    def amendment(self):
        """Sooner notices, one category less, one row of annex A better and one worse, a row of annex B gone."""
        return self.file("amendment.yaml", replaced(
            PACK, ("id: jp-sg-1\n", "id: jp-sg-2\namends: jp-sg-1\n"),
            ("effective_from: 2026-06-01           # Art 11.2\n", ""),
            ("revocation_notice_business_days: 30", "revocation_notice_business_days: 20"),
            ('requirement: "6", equivalence: PARTIAL', 'requirement: "6", equivalence: FULL'),
            ('requirement: "2", equivalence: FULL', 'requirement: "2", equivalence: NONE'),
            ('      - {requirement: "5.3-9", equivalence: FULL, citation: B/5.3-9}             # 完全適合\n', "")))

    def test_two_packs_differ_by_provisions(self):
        draft = self.amendment()
        packs, *rows = self.lines("diff", "jp-sg-1", draft)
        self.assertEqual("jp-sg-2", packs["rulePacks"]["after"]["id"])
        self.assertEqual([
            {"kind": "FORCE", "article": "9", "before": "AS_SIGNED", "after": "BY_CONSENT"},
            {"kind": "EFFECTIVE_FROM", "article": "11.2", "before": "2026-06-01"},
            {"kind": "REVOCATION_NOTICE", "article": "3.6", "before": "30", "after": "20"},
            {"kind": "REQUIREMENT", "citation": "A-1/2", "of": "2", "before": "FULL", "after": "NONE"},
            {"kind": "REQUIREMENT", "citation": "A-1/6", "of": "6", "before": "PARTIAL", "after": "FULL"},
            {"kind": "REQUIREMENT", "citation": "B/5.3-9", "of": "5.3-9", "before": "FULL"},
        ], [row["difference"] for row in rows])
        table = self.deployment.run("rules", "diff", draft, "jp-sg-1", "--language", "ja")
        self.assertIn("第3条第6項", table)
        self.assertIn("一部適合: 追加の適合性評価が必要", table)
        same = self.file("same.yaml", PACK + "# a comment\n")
        self.assertIn("provide the same", self.deployment.run("rules", "diff", same, "jp-sg-1", "--language", "en"))
        self.assertIn("to the byte", self.deployment.run("rules", "diff", "jp-sg-1", "jp-sg-1", "--language", "en"))
        self.deployment.run("rules", "diff", "jp-sg-1", "jp-sg-9", expect=1)
        self.deployment.run("rules", "diff", "jp-sg-1", self.file("policies.yaml", POLICIES), expect=3)

    def states(self, *options):
        """What is decided about each key at the end, as `decide` has it."""
        found = {}
        for line in self.deployment.run("decide", "--output", "states", "--at", END, *options,
                                        str(self.deployment.history())).splitlines():
            for kind, value in json.loads(line).items():
                if kind == "status":
                    found[f"{value['label']}@{value['host']}"] = {n: v for n, v in value.items() if n not in OPEN}
                elif kind == "obligation":
                    found[value["id"]] = {n: v for n, v in value.items() if n not in OPEN}
        return found

    def changed(self, *arguments):
        """The keys that a preview lists: an obligation's own where only that changes; and its counts."""
        *changes, last = self.lines("preview", "--at", END, "--limit", "0", *arguments)
        return {change["change"]["key"] for change in changes}, last["preview"]

    def stands(self):
        return [self.deployment.sql(f"SELECT count(*) AS n, max(xmin::text::bigint) AS newest FROM {table}")
                for table in ("result", "subject", "obligation", "lane", "rule_pack", "policy", "calendar")]

    def check(self, path, *options):
        """A preview lists just those labels that `decide` decides otherwise, and writes nothing."""
        before = self.stands()
        now, then = self.states(), self.states(*options)
        different = {key.partition("/")[2] if key.count("/") > 1 else key
                     for key in {*now, *then} if now.get(key) != then.get(key)}
        listed, counts = self.changed(path)
        self.assertEqual(different, listed)
        self.assertEqual(str(len(listed)), counts["changed"])
        self.assertEqual(before, self.stands())
        return counts, listed

    def test_a_preview_is_what_would_be_decided(self):
        policies = self.file("policies.yaml", replaced(
            POLICIES, ("no_counterpart: FULL_ASSESSMENT", "no_counterpart: NOT_REQUIRED"),
            ("notice_scope: DERIVED", "notice_scope: ALL_LABELS"), ("notice_calendar: REVOKING", "notice_calendar: BOTH")))
        counts, listed = self.check(policies, "--set", f"policies=[{policies}]")
        kinds = {(count["kind"], count.get("trend") or f"{count['before']} {count['after']}") for count in counts["counts"]}
        self.assertIn(("RESIDUAL", "LESS"), kinds)
        self.assertIn(("OBLIGATION", "NONE OVERDUE"), kinds)
        self.assertTrue(listed)
        first = self.file("first.yaml", replaced(
            PACK, ("revocation_notice_business_days: 30", "revocation_notice_business_days: 20"),
            ("consultation_months: 12", "consultation_months: 6"),
            ('requirement: "6", equivalence: PARTIAL', 'requirement: "6", equivalence: FULL')))
        counts, _ = self.check(first, "--set", f"rules=[{first}]")
        self.assertIn({"kind": "DUE_ON", "obligation": "YEARLY_CONSULTATION", "trend": "LESS", "count": "1"}, counts["counts"])
        same, counts = self.changed(self.file("same.yaml", POLICIES))
        self.assertEqual((set(), []), (same, counts["counts"]))

    def test_an_amendment_counts_from_its_day(self):
        draft = self.amendment()
        _, counts = self.changed(draft)
        kinds = {count["kind"] for count in counts["counts"]}
        self.assertIn("RESIDUAL", kinds)
        self.assertNotIn("DUE_ON", kinds, "what arose before its day stays as it is")
        _, counts = self.changed(draft, "--from", "2026-06-01")
        self.assertIn(("DUE_ON", "REVOCATION_NOTICE", "LESS"),
                      {(count["kind"], count.get("obligation"), count.get("trend")) for count in counts["counts"]})
        few = self.lines("preview", draft, "--at", END, "--limit", "1")
        self.assertEqual(2, len(few))
        text = self.deployment.run("rules", "preview", draft, "--at", END, "--language", "ja", "--limit", "2")
        self.assertIn("一覧に示していない", text)
        self.assertIn("評価すべき件数: ", text)
        broken = self.file("broken.yaml", PACK.replace("term_years: 3 ", "term_years: x "))
        self.deployment.run("rules", "preview", broken, expect=3)


if __name__ == "__main__":
    harness.main()
