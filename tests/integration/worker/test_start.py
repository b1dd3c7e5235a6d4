"""A worker whose database breaks off while it starts: it begins that step anew, and works."""
import unittest

import checker
import harness
from proxy import PostgresRequests, Proxy, Trap

END = "2028-06-01T00:00:00Z"
# One of each step of the start; `commit` comes with each.
STATEMENTS = ("schema_version", "rules_any", "pack_insert", "deployment_read", "lane_insert", "lane_offset_insert", "commit")


class Start(unittest.TestCase):
    def test_broken_off(self):
        """The answer to a statement of the start never comes, and the connection is gone."""
        port = harness.address("KH_POSTGRES_ADDRESS").partition("port=")[2].split()[0]
        proxy = Proxy(0, int(port), PostgresRequests).start()
        through = f"host=127.0.0.1 port={proxy.port} user=kakehashi dbname=postgres"
        for statement in STATEMENTS:
            with self.subTest(statement):
                deployment = harness.Deployment(f"start-{statement}", lanes=2)
                deployment.publish(harness.stream(4, 2))
                deployment.more = {"database": {"connection": through}}
                deployment.write_settings()
                trap = proxy.set_trap(Trap(statement, 0, 0.0))
                worker = deployment.work(until=END)
                self.assertTrue(trap.sprung.is_set(), "the answer came")
                self.assertIn("waiting: for the database", worker.log())
                checker.assert_exactly_once(self, deployment, at=END)


if __name__ == "__main__":
    harness.main()
