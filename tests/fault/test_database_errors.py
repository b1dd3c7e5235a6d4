"""What the database may answer, in the middle of a batch and at its commit: the worker waits, tries again, makes a dead
letter or gives up, as worker/postgres/sqlstate.c says of each state; and every result stands once."""
import unittest
from concurrent.futures import ThreadPoolExecutor

import checker
import harness

END = "2028-06-01T00:00:00Z"
SETTINGS = {"batch": {"max_records": 10, "max_wait_ms": 5}}
# At each write of a subject's row, or when the transaction commits.
WRITING = "CREATE TRIGGER fails BEFORE INSERT OR UPDATE ON subject FOR EACH ROW EXECUTE FUNCTION fails()"
COMMITTING = ("CREATE CONSTRAINT TRIGGER fails AFTER INSERT OR UPDATE ON subject DEFERRABLE INITIALLY DEFERRED "
              "FOR EACH ROW EXECUTE FUNCTION fails()")
# The same worker goes on by itself: the state, and where it is answered.
PASSES = [(state, where) for state in ("40001", "40P01", "55P03", "57014", "08006", "25006", "25P03", "26000", "40003", "53100",
                                       "53200", "53300", "55000", "57P01", "57P03", "58030") for where in (WRITING,)]
PASSES += [(state, COMMITTING) for state in ("40001", "53100", "57P01", "58030")]
BAD_ROWS = [(state, where) for state in ("22000", "23514", "54000") for where in (WRITING, COMMITTING)]
# The worker ends with this code, and says the state; somebody mends the cause, and the next worker goes on.
GIVES_UP = [("42501", 3), ("3F000", 3), ("0A000", 3), ("XX000", 1), ("XX001", 1), ("P0001", 1), ("ZZ999", 1)]


class DatabaseErrors(unittest.TestCase):
    def prepared(self, state, where, times):
        """A deployment whose database answers so to whatever is done about one label, so many times."""
        place = "committing" if where == COMMITTING else "writing"
        deployment = harness.Deployment(f"{place}-{state.lower()}", lanes=2, settings=SETTINGS)
        deployment.sql(f"""CREATE SEQUENCE failures;
            CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.key = 'SG/000003' AND nextval('failures') <= {times} THEN
            RAISE 'made up' USING ERRCODE = '{state}'; END IF; RETURN NEW; END $$; {where}""")
        deployment.publish(harness.stream(12, 4))
        return deployment

    def passes(self, state, where):
        deployment = self.prepared(state, where, times=4)
        log = deployment.work(until=END).log()
        self.assertIn(f"SQLSTATE {state}", log)
        checker.assert_exactly_once(self, deployment, at=END)

    def bad_row(self, state, where):
        deployment = self.prepared(state, where, times=10 ** 6)
        deployment.work(until=END)
        snapshot = checker.assert_exactly_once(self, deployment)
        refused = [row for row in snapshot.dead_letters if row["reason"] == "REFUSED_BY_DATABASE"]
        self.assertEqual(4, len(refused), "all that is said about the one label, and nothing else")
        self.assertEqual(len(refused), len(snapshot.dead_letters))

    def gives_up(self, state, code):
        deployment = self.prepared(state, WRITING, times=1)
        log = deployment.start("--until-idle", "--give-up-after", "120").wait(expect=code).log()
        self.assertIn(f"SQLSTATE {state}", log)
        deployment.work(until=END)
        checker.assert_exactly_once(self, deployment, at=END)

    def test_each_state(self):
        visits = [(self.passes, *row) for row in PASSES] + [(self.bad_row, *row) for row in BAD_ROWS]
        visits += [(self.gives_up, *row) for row in GIVES_UP]

        def visit(job):
            try:
                job[0](*job[1:])
            except Exception as error:  # pylint: disable=broad-except # told below, with its state
                return f"{job[0].__name__} {job[1]} {job[2]}: {error}"
            return None
        with ThreadPoolExecutor(8) as pool:
            complaints = [told for told in pool.map(visit, visits) if told]
        self.assertEqual([], complaints, "\n\n".join(complaints))


if __name__ == "__main__":
    harness.main()
