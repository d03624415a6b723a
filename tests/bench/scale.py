#!/usr/bin/env python3
"""Measures a large organisation beside a small one:
scale.py LATCHKEY-SERVER [--postgres] [PEOPLE GROUPS ACCOUNTS ASSIGNMENTS]

Fills the databases of two servers: one of the size that is asked for (1,000,000 people, 50,000 groups, 10,000 accounts,
5,000,000 assignments unless it is said otherwise) and one of 1,000 people. One person is the same in both. With
--postgres both are moved to a PostgreSQL of their own by `export` and `import`, and measured there. The servers take turns with the same requests, one at a time, and the medians of the rounds are compared. What is measured and how:
tests/bench/README.md.
"""

import dataclasses
import hashlib
import http.client
import os
import pathlib
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

import postgres
import served

TIMES = 1.5
# Requests of each kind in a round.
SAMPLE = 80
TRIES = 3
ROUNDS = 5
SCIM_TOKEN = "a-token-to-measure-with"
PORTAL = "x-amz-sso_bearer_token"
# An hour in the far future, in milliseconds.
NEVER = 4_000_000_000_000
# Assignments of a group, and the rest of them people's own.
OF_A_GROUP = 60


@dataclasses.dataclass
class Size:
    people: int
    groups: int
    accounts: int
    assignments: int

    def __str__(self) -> str:
        return (
            f"{self.people:,} people, {self.groups:,} groups, {self.accounts:,} accounts, "
            f"{self.assignments:,} assignments"
        )


SMALL = Size(1_000, 50, 10, 3_000)
LARGE = Size(1_000_000, 50_000, 10_000, 5_000_000)

# Ids of groups and accounts from their numbers; those of people are in `temp.people`.
GROUP = "printf('%08x-0000-4000-9000-%012x', {0} * 2654435761 % 4294967296, {0})"
ACCOUNT = "printf('%012d', 200000000000 + {0})"
NUMBERS = "WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < {0})"
ASSIGNMENT_INDEXES = """SELECT name, sql FROM sqlite_master
    WHERE type = 'index' AND tbl_name = 'assignment' AND sql IS NOT NULL"""


def place(a: str, j: str) -> str:
    """Account and role of assignment number j of somebody who begins at account a; each pair once."""
    account = ACCOUNT.format(f"(({a} + {j}) % :accounts)")
    return f"{account}, (SELECT arn FROM temp.roles WHERE number = ({j}) / :accounts % 3)"


FILL = [
    "CREATE TEMP TABLE roles AS SELECT row_number() OVER (ORDER BY name) - 1 AS number, arn FROM permission_set",
    "INSERT INTO user_external_id SELECT id, 'ext-' || n FROM temp.people ORDER BY id",
    f"""{NUMBERS.format(':groups')}
        INSERT INTO user_group (id, name, description, created, updated)
        SELECT {GROUP.format('n')} AS id, 'team-' || n, '', 1, 1 FROM n ORDER BY id""",
    f"""INSERT INTO membership (user_id, group_id, id)
        SELECT id, {GROUP.format('(n * 7919 % :groups)')}, 'a' || id FROM temp.people ORDER BY id""",
    f"""{NUMBERS.format(':accounts')}
        INSERT INTO account (id, name, email, ou_id)
        SELECT {ACCOUNT.format('n')}, 'team-' || n || '-prod', 'aws-' || n || '@large.test',
               (SELECT id FROM organizational_unit ORDER BY parent_id IS NOT NULL LIMIT 1) FROM n""",
    f"""{NUMBERS.format(':accounts')}
        INSERT INTO provisioned (account_id, permission_set, revision, session_seconds)
        SELECT {ACCOUNT.format('n')}, p.arn, p.revision, p.session_seconds FROM n CROSS JOIN permission_set p""",
    # In the order of the key, so that the tree is written from one end to the other.
    f"""{NUMBERS.format(':groups * :of_a_group')}
        INSERT INTO assignment (principal_id, account_id, permission_set, principal_type, created)
        SELECT {GROUP.format('(n / :of_a_group)')}, {place('n / :of_a_group * 61', 'n % :of_a_group')}, 'GROUP', 1
        FROM n ORDER BY 1, 2, 3""",
    f"""{NUMBERS.format(':of_people')}
        INSERT INTO assignment (principal_id, account_id, permission_set, principal_type, created)
        SELECT p.id, {place('n.n % :people * 7', 'n.n / :people')}, 'USER', 1
        FROM n JOIN temp.people p ON p.n = 1 + n.n % :people ORDER BY 1, 2, 3""",
    "INSERT INTO scim_token (id, token, created, ends) VALUES ('bench', :scim_token, 1, :never)",
]


class Scaled(served.Served):
    """A server with groups, accounts and assignments besides."""

    SETTINGS = "[limits]\nscim_reads_per_second = 0\nscim_writes_per_second = 0\n"

    def __init__(self, program: str, folder: pathlib.Path, size: Size) -> None:
        self.size = size
        begin = time.perf_counter()
        super().__init__(program, folder, size.people)
        held = self.query("SELECT (SELECT count(*) FROM user), (SELECT count(*) FROM user_group),"
                          " (SELECT count(*) FROM account), (SELECT count(*) FROM assignment)")[0]
        print(f"  {Size(*held)} after {time.perf_counter() - begin:.0f} s", flush=True)

    def fill(self) -> None:
        size, of_a_group = self.size, min(OF_A_GROUP, 3 * self.size.accounts)
        values = {
            "people": size.people, "groups": size.groups, "accounts": size.accounts, "of_a_group": of_a_group,
            "of_people": size.assignments - size.groups * of_a_group, "never": NEVER, "hash": self.hash,
            "scim_token": hashlib.sha256(SCIM_TOKEN.encode()).digest(), "person": served.PERSON,
            "with_password": served.WITH_PASSWORD,
        }
        database = sqlite3.connect(self.database, isolation_level=None)
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -800000", "temp_store = FILE"):
            database.execute(f"PRAGMA {setting}").fetchall()
        for table, names in (("first", served.FIRST), ("last", served.LAST)):
            database.execute(f"CREATE TEMP TABLE {table} (name TEXT)")
            database.executemany(f"INSERT INTO temp.{table} VALUES (?)", [(name,) for name in names])
        indexes = database.execute(ASSIGNMENT_INDEXES).fetchall()
        database.execute("BEGIN")
        for name, _ in indexes:
            database.execute(f"DROP INDEX {name}")
        for statement in served.FILL:
            database.execute(statement, values)
        database.execute("CREATE INDEX temp.people_number ON people (n)")
        for statement in FILL:
            database.execute(statement, values)
        for _, sql in indexes:
            database.execute(sql)
        database.execute("COMMIT")
        database.execute("ANALYZE")
        database.close()

    def bytes_on_disk(self) -> int:
        return sum(file.stat().st_size for file in self.database.parent.glob("instance.sqlite*"))

    def memory(self) -> dict[str, int]:
        """What the process holds now and held at most, in KiB."""
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return {name: int(rest.split()[0]) for name, rest in (line.split(":", 1) for line in lines)
                if name in ("VmRSS", "VmHWM")}


class Moved(Scaled):
    """The same on PostgreSQL. What was moved stays beside it, for questions about what is in it."""

    def __init__(self, program: str, folder: pathlib.Path, size: Size, cluster: postgres.Cluster) -> None:
        super().__init__(program, folder, size)
        self.stop()
        begin = time.perf_counter()
        self.cluster, self.name, moved = cluster, f"of{size.people}", folder / "moved"
        cluster.create(self.name)
        export = folder / "export"
        self.run("export", "--config", str(self.config), str(export))
        moved.mkdir()
        (moved / "data").mkdir()
        for key in postgres.KEYS:
            shutil.copy(folder / "data" / key, moved / "data")
        # The organisation moves along with the rest.
        kept = "".join(line for line in self.config.read_text().splitlines(True) if not line.startswith("organisation"))
        self.config = moved / "server.toml"
        self.config.write_text(f"{kept}{cluster.section(self.name)}")
        self.run("import", "--config", str(self.config), str(export))
        export.unlink()
        cluster.ask(self.name, "VACUUM ANALYZE")
        print(f"  moved to PostgreSQL in {time.perf_counter() - begin:.0f} s", flush=True)
        self.start()

    def bytes_on_disk(self) -> int:
        return int(self.cluster.ask(self.name, "SELECT pg_database_size(current_database())"))


class Caller:
    """Sends requests over one connection and takes their time."""

    def __init__(self, server: Scaled) -> None:
        self.server = server
        self.browser = served.Browser(server)
        self.browser.sign_in()
        self.portal = {PORTAL: self.browser.token()}
        self.scim = {"Authorization": f"Bearer {SCIM_TOKEN}"}
        directory = server.query("SELECT value FROM meta WHERE name = 'directory_id'")[0][0]
        self.users = f"/scim/v2/{directory}/Users"
        self.groups = f"/scim/v2/{directory}/Groups"
        chosen = random.Random(1).sample(range(1, server.size.people + 1), SAMPLE)
        rows = server.query(
            "SELECT e.external_id, u.username, u.id FROM user_external_id e JOIN user u ON u.id = e.user_id"
            f" WHERE e.external_id IN ({','.join(repr(f'ext-{number}') for number in chosen)})"
        )
        if len(rows) != SAMPLE:
            raise SystemExit(f"{len(rows)} of {SAMPLE} people were found")
        self.people = rows
        self.with_password = server.with_password()

    def run(self, figure: str) -> list[float]:
        """The times of one round, over a new connection: one that was idle may have been closed."""
        for attempt in range(TRIES):
            self.connection = http.client.HTTPConnection(self.server.origin.removeprefix("http://"), timeout=60)
            try:
                return FIGURES[figure](self)
            except (ConnectionError, http.client.HTTPException, TimeoutError):
                # The machine slept meanwhile; a server that is broken is so again.
                if attempt == TRIES - 1:
                    raise
            finally:
                self.connection.close()
        raise AssertionError("unreachable")

    def get(self, path: str, headers: dict[str, str], expected: str) -> float:
        begin = time.perf_counter()
        self.connection.request("GET", path, headers=headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        took = time.perf_counter() - begin
        if answer.status != 200 or expected not in text:
            raise SystemExit(f"{path}: {answer.status}, no {expected!r} in {text[:500]}")
        return took

    def listing(self) -> list[float]:
        account = self.server.accounts()[3]
        return [
            self.get("/assignment/accounts?max_result=100", self.portal, account)
            + self.get(f"/assignment/roles?account_id={account}&max_result=100", self.portal, "ReadOnly")
            for _ in range(SAMPLE)
        ]

    def sign_in(self) -> list[float]:
        taken = []
        for name in self.with_password[:20]:
            browser = served.Browser(self.server)
            begin = time.perf_counter()
            browser.form("/sign-in", "/sign-in", username=name, password=served.PASSWORD, **{"continue": "/start"})
            taken.append(time.perf_counter() - begin)
        return taken

    def filtered(self, place: str, attribute: str, value: str, expected: str) -> float:
        query = urllib.parse.urlencode({"filter": f'{attribute} eq "{value}"'})
        return self.get(f"{place}?{query}", self.scim, expected)

    def by_user_name(self) -> list[float]:
        return [self.filtered(self.users, "userName", name, id) for _, name, id in self.people]

    def by_external_id(self) -> list[float]:
        return [self.filtered(self.users, "externalId", external, id) for external, _, id in self.people]

    def by_id(self) -> list[float]:
        return [self.get(f"{self.users}/{id}", self.scim, name) for _, name, id in self.people]

    def by_group_name(self) -> list[float]:
        names = [f"team-{number * 31 % self.server.size.groups}" for number in range(SAMPLE)]
        return [self.filtered(self.groups, "displayName", name, name) for name in names]

    def own_portal(self) -> list[float]:
        return [self.get("/start", {"Cookie": self.browser.cookie()}, "Sam Sample") for _ in range(SAMPLE)]


FIGURES = {
    "one portal listing": Caller.listing,
    "the portal's page": Caller.own_portal,
    "one sign-in": Caller.sign_in,
    "SCIM, a user by user name": Caller.by_user_name,
    "SCIM, a user by externalId": Caller.by_external_id,
    "SCIM, a user by id": Caller.by_id,
    "SCIM, a group by name": Caller.by_group_name,
}


def part(taken: list[float], share: float) -> float:
    """In milliseconds."""
    ordered = sorted(taken)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def measure(callers: list[Caller], figure: str) -> dict[str, tuple[float, float]]:
    """The medians of the rounds' p50 and p95, of the small and the large one."""
    rounds: list[list[list[float]]] = [[], []]
    for caller in callers:
        caller.run(figure)
    for number in range(ROUNDS):
        # Who begins changes, so that what one leaves to the other falls to both.
        for at in ((0, 1), (1, 0))[number % 2]:
            rounds[at].append(callers[at].run(figure))
    return {
        name: tuple(statistics.median(part(taken, share) for taken in those) for those in rounds)
        for name, share in (("p50", 0.5), ("p95", 0.95))
    }


def report(*line: str) -> None:
    print("  " + " | ".join(line), flush=True)
    if figures := os.environ.get("LATCHKEY_FIGURES"):
        with open(figures, "a") as file:
            print(*line, sep="\t", file=file)


def main() -> None:
    program, *numbers = sys.argv[1:]
    is_postgres = "--postgres" in numbers
    numbers = [number for number in numbers if number != "--postgres"]
    large = Size(*map(int, numbers)) if numbers else LARGE
    where = pathlib.Path(os.environ.get("LATCHKEY_BENCH_FOLDER", "target/bench"))
    where.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="scale-", dir=where)).resolve()
    # PostgreSQL's user comes through it.
    folder.chmod(0o755)
    servers: list[Scaled] = []
    cluster = postgres.Cluster(folder / "postgres") if is_postgres else None
    kind = "PostgreSQL" if is_postgres else "SQLite"
    try:
        for name, size in (("small", SMALL), ("large", large)):
            make = (lambda *of: Moved(*of, cluster)) if cluster else Scaled
            servers.append(make(program, folder / name, size))
        callers = [Caller(server) for server in servers]
        for figure in FIGURES:
            for attempt in range(TRIES):
                taken = measure(callers, figure)
                met = all(big <= TIMES * small for small, big in taken.values())
                is_last = attempt == TRIES - 1
                for name, (small, big) in taken.items():
                    good = big <= TIMES * small
                    word = "met" if good else "NOT MET" if is_last else "missed, measured again"
                    report(
                        f"{figure} at scale, {kind}, {name}", f"{big:.2f} ms", f"{small:.2f} ms among {SMALL.people:,}",
                        f"{big / small:.2f} times, at most {TIMES}", word,
                    )
                if met:
                    break
        for server in servers:
            held, memory = server.bytes_on_disk(), server.memory()
            report(
                f"held, {kind}: {server.size}", f"{held / 2**20:,.0f} MiB on disk",
                f"{held / server.size.people:,.0f} bytes a person",
                f"{memory['VmRSS'] / 1024:,.0f} MiB in memory, at most {memory['VmHWM'] / 1024:,.0f}", "reported",
            )
    finally:
        for server in servers:
            server.stop()
        if cluster:
            cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
