#!/usr/bin/env python3
"""Measures the server: server.py LATCHKEY-SERVER FLOOR [FIGURE...]

`floor` (tests/bench/floor) is what the server is held against and the load that both get. They take turns and their
medians are compared; what misses its gate is measured again, up to twice. What is measured and how, figure by
figure: tests/bench/README.md.
"""

import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import beside_moto
import served

# Gates.
OF_ARGON2 = 0.8
OF_ONE_READ = 0.5
TIMES_LISTING = 1.5
TIMES_SEARCH = 3.0

TRIES = 3
PORTAL = "x-amz-sso_bearer_token"
# As many passwords as the server checks at a time.
AT_A_TIME = min(os.cpu_count() or 1, 4)
SIGNING_IN = 4 * AT_A_TIME
CALLERS = 16
DIRECTORY, LARGE, HUGE = 1_000, 100_000, 1_000_000
# Parts of names and addresses as people type them: of few, of many, of one, of nobody, in any case.
SEARCHES = [
    "greta ziegler", "yusuf.kaya", "OKAFOR", "noah.novak5", "ada.kim12", "@large.test", "uma wolf", "sam", "12345",
    "zz-nobody", "ma", "Wim Torres", "lina.lang99", "vera v", "elif", "mei.quinn4", "x9", "hana.ito77@large",
]


class Measuring:
    """The programs, a folder for their data, and the file of figures."""

    def __init__(self, program: str, floor: str, folder: pathlib.Path) -> None:
        self.program, self.floor, self.folder = program, floor, folder
        self.servers: dict[int, served.Served] = {}
        self.figures = os.environ.get("LATCHKEY_FIGURES")

    def directory(self, people: int) -> served.Served:
        if people not in self.servers:
            begin = time.perf_counter()
            self.servers[people] = served.Served(self.program, self.folder / str(people), people)
            print(f"  {people:,} people are there after {time.perf_counter() - begin:.0f} s")
        return self.servers[people]

    def run(self, *arguments: object, lines: list[str] | None = None) -> dict:
        """What `floor` measured."""
        done = subprocess.run(
            [self.floor, *map(str, arguments)], input="\n".join(lines or []), capture_output=True, text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"floor {arguments[:3]} failed: {done.stderr}")
        return served.json.loads(done.stdout)

    def report(self, what: str, ours: str, beside: str, verdict: str, met: bool | None, is_last: bool) -> None:
        """Adds a line to the figures that `make bench` prints."""
        word = {True: "met", None: "reported", False: "NOT MET" if is_last else "missed, measured again"}[met]
        line = [what, ours, beside, verdict, word]
        print("  " + " | ".join(line))
        if self.figures:
            with open(self.figures, "a") as file:
                print(*line, sep="\t", file=file)


def middle(runs: list[dict]) -> dict:
    """The medians of several runs."""
    return {name: statistics.median(run[name] for run in runs) for name in ("per_second", "p50", "p99")}


def rate(taken: dict) -> str:
    return f"{taken['per_second']:,.0f}/s, p50 {taken['p50']:.1f} ms, p99 {taken['p99']:.1f} ms"


def latency(taken: dict) -> str:
    return f"p50 {taken['p50']:.2f} ms, p99 {taken['p99']:.2f} ms"


def sign_ins(measuring: Measuring, is_last: bool) -> bool:
    server = measuring.directory(DIRECTORY)
    people = server.with_password()
    ours, bare = [], []
    for _ in range(3):
        bare.append(measuring.run("argon2", AT_A_TIME, 2, server.hash, served.PASSWORD))
        ours.append(measuring.run("sign-in", SIGNING_IN, 3, server.origin, served.PASSWORD, lines=people))
    mine, floor = middle(ours), middle(bare)
    share = mine["per_second"] / floor["per_second"]
    measuring.report(
        f"sign-ins, page and form, {SIGNING_IN} at a time", rate(mine),
        f"{rate(floor)} Argon2id alone, {AT_A_TIME} at a time", f"{share:.0%}, at least {OF_ARGON2:.0%}",
        share >= OF_ARGON2, is_last,
    )
    return share >= OF_ARGON2


def role_credentials(measuring: Measuring, is_last: bool) -> bool:
    server = measuring.directory(DIRECTORY)
    browser = served.Browser(server)
    browser.sign_in()
    header = f"{PORTAL}: {browser.token()}"
    calls = [
        f"{server.origin}/federation/credentials?account_id={account}&role_name={role}"
        for account in server.accounts() for role in served.ROLES
    ]
    before = server.events("GetRoleCredentials")
    with subprocess.Popen(
        [measuring.floor, "read", measuring.folder / "floor.sqlite"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True,
    ) as reads:
        origin = reads.stdout.readline().strip()
        things = [f"{origin}/thing/name-{number * 97 % 100_000 + 1}" for number in range(1_000)]
        ours, bare = [], []
        for _ in range(5):
            bare.append(measuring.run("load", CALLERS, 2, lines=things))
            ours.append(measuring.run("load", CALLERS, 2, header, lines=calls))
        reads.stdin.close()
    issued = sum(run["count"] + CALLERS for run in ours)
    recorded = server.events("GetRoleCredentials") - before
    if recorded != issued:
        raise SystemExit(f"{issued} role credentials were issued and {recorded} recorded")
    print("  " + server.run("audit", "verify", "--config", str(server.config)).strip())
    mine, floor = middle(ours), middle(bare)
    share = mine["per_second"] / floor["per_second"]
    measuring.report(
        f"GetRoleCredentials, {CALLERS} callers", rate(mine), f"{rate(floor)} axum and one indexed read",
        f"{share:.0%}, at least {OF_ONE_READ:.0%}", share >= OF_ONE_READ, is_last,
    )
    return share >= OF_ONE_READ


def listing(measuring: Measuring, is_last: bool) -> bool:
    calls = []
    for people in (DIRECTORY, HUGE):
        server = measuring.directory(people)
        browser = served.Browser(server)
        browser.sign_in()
        account = server.accounts()[3]
        addresses = [
            f"{server.origin}/assignment/accounts?max_result=100",
            f"{server.origin}/assignment/roles?account_id={account}&max_result=100",
        ]
        calls.append((f"{PORTAL}: {browser.token()}", addresses))
        measuring.run("load", 1, 1, "--together", calls[-1][0], lines=addresses)
    runs: list[list[dict]] = [[], []]
    for _ in range(5):
        for taken, (header, addresses) in zip(runs, calls, strict=True):
            taken.append(measuring.run("load", 1, 2, "--together", header, lines=addresses))
    small, large = middle(runs[0]), middle(runs[1])
    met = True
    for part in ("p50", "p99"):
        times = large[part] / small[part]
        met = met and times <= TIMES_LISTING
        measuring.report(
            f"one portal listing among {HUGE:,} people, {part}", f"{large[part]:.2f} ms",
            f"{small[part]:.2f} ms among {DIRECTORY:,}", f"{times:.2f} times, at most {TIMES_LISTING}",
            times <= TIMES_LISTING, is_last,
        )
    return met


def search(measuring: Measuring, is_last: bool) -> bool:
    taken = []
    for people in (DIRECTORY, LARGE):
        server = measuring.directory(people)
        browser = served.Browser(server)
        browser.sign_in()
        words = [served.urllib.parse.urlencode({"words": words}) for words in SEARCHES]
        addresses = [f"{server.origin}/admin/users?{words}" for words in words]
        header = f"Cookie: {browser.cookie()}"
        measuring.run("load", 1, 1, header, lines=addresses)
        taken.append(middle([measuring.run("load", 1, 2, header, lines=addresses) for _ in range(3)]))
    small, large = taken
    times = large["p99"] / small["p99"]
    measuring.report(
        f"searching {LARGE:,} people in the console", latency(large), f"{latency(small)} among {DIRECTORY:,}",
        f"p99 {times:.1f} times, at most {TIMES_SEARCH:.0f}", times <= TIMES_SEARCH, is_last,
    )
    return times <= TIMES_SEARCH


def beside(measuring: Measuring, _: bool) -> bool:
    for what, ours, theirs in beside_moto.measure(measuring.directory(DIRECTORY), measuring.folder):
        times = "" if theirs is None else f"{theirs['p50'] / ours['p50']:.1f} times quicker"
        there = "moto could not be installed" if theirs is None else f"{latency(theirs)} moto's server"
        measuring.report(f"{what}, by boto3", latency(ours), there, times, None, True)
    return True


# The smallest directory is listed before it has a long audit trail.
FIGURES = {
    "listing": listing, "search": search, "sign-ins": sign_ins, "role-credentials": role_credentials, "moto": beside,
}


def main() -> None:
    program, floor, *wanted = sys.argv[1:]
    where = pathlib.Path(os.environ.get("LATCHKEY_BENCH_FOLDER", "target/bench"))
    where.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="server-", dir=where)).resolve()
    measuring = Measuring(program, floor, folder)
    try:
        for name in wanted or FIGURES:
            begin = time.perf_counter()
            any(FIGURES[name](measuring, attempt == TRIES - 1) for attempt in range(TRIES))
            print(f"  {name} took {time.perf_counter() - begin:.0f} s")
    finally:
        for server in measuring.servers.values():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
