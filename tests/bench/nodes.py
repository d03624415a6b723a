#!/usr/bin/env python3
"""Measures several servers of one instance: nodes.py LATCHKEY-SERVER FLOOR

Three servers on one PostgreSQL, and haproxy before one, two and all three of them. `floor` makes the load. What is
measured and how: tests/bench/README.md.
"""

import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import postgres
import served

NODES = 3
ROUNDS = 3
SECONDS = 4
CALLERS = 16
PEOPLE = 200
HOST = "sso.bench.test"
PORTAL = "x-amz-sso_bearer_token"


def wait(what: str, is_there) -> None:
    end = time.monotonic() + 60
    while not is_there():
        if time.monotonic() > end:
            raise SystemExit(f"waited for {what} in vain")
        time.sleep(0.1)


class Node:
    """A server of the instance."""

    def __init__(self, program: str, folder: pathlib.Path, database: str, organisation: str | None) -> None:
        self.program, self.folder, self.port = program, folder, postgres.free_port()
        self.process: subprocess.Popen | None = None
        (folder / "data").mkdir(parents=True)
        named = ""
        if organisation:
            (folder / "organisation.toml").write_text(organisation)
            named = 'organisation = "organisation.toml"\n'
        (folder / "server.toml").write_text(
            f'{named}data = "data"\nlisten = "127.0.0.1:{self.port}"\npublic_url = "https://{HOST}"\n'
            f'trusted_proxies = ["127.0.0.1"]\n{database}'
        )

    def start(self) -> None:
        log = open(self.folder / "server.log", "w")
        self.process = subprocess.Popen(
            [self.program, "serve", "--config", self.folder / "server.toml"], stderr=log, env=served.ENVIRONMENT,
        )
        wait(f"the server in {self.folder}", self.is_ready)

    def is_ready(self) -> bool:
        if self.process.poll() is not None:
            raise SystemExit((self.folder / "server.log").read_text())
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def seconds(self) -> float:
        """Of processor time, so far."""
        return processor_time(self.process.pid)

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait()


def processor_time(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Together:
    """PostgreSQL, the servers, and haproxy."""

    def __init__(self, program: str, folder: pathlib.Path) -> None:
        self.program, self.folder = program, folder
        self.nodes: list[Node] = []
        self.balancer: subprocess.Popen | None = None
        self.postgres = postgres.Cluster(folder / "postgres")
        self.postgres.create("latchkey")
        hashed = subprocess.run(
            [program, "hash-password"], input=served.PASSWORD + "\n", capture_output=True, text=True, check=True,
            env=served.ENVIRONMENT,
        ).stdout.strip()
        self.people = [f"person{number}" for number in range(PEOPLE)]
        for at in range(NODES):
            text = self.organisation(hashed) if at == 0 else None
            self.nodes.append(Node(program, folder / f"node{at}", self.postgres.section("latchkey"), text))
            for key in postgres.KEYS if at else ():
                shutil.copy(self.nodes[0].folder / "data" / key, self.nodes[at].folder / "data")
            self.nodes[at].start()
        self.ports = [postgres.free_port() for _ in range(NODES)]
        self.balance()

    def organisation(self, hashed: str) -> str:
        text = 'name = "Many"\nregion = "eu-central-1"\nmanagement_account = "100000000000"\n'
        text += '[[group]]\nname = "engineering"\n'
        for name in [served.PERSON, *self.people]:
            text += (
                f'[[user]]\nusername = "{name}"\ndisplay_name = "Sam {name}"\nemail = "{name}@bench.test"\n'
                f'groups = ["engineering"]\npassword_hash = "{hashed}"\n'
            )
        text += "".join(f'[[permission_set]]\nname = "{role}"\n' for role in served.ROLES)
        for account in served.Served.accounts():
            text += f'[[account]]\nid = "{account}"\nname = "payments-{account}"\nemail = "{account}@bench.test"\n'
            for role in served.ROLES:
                text += f'[[assignment]]\naccount = "{account}"\npermission_set = "{role}"\ngroup = "engineering"\n'
        return text

    def balance(self) -> None:
        """An address for one server, for two, and for three. Who measures speaks plain HTTP: its TLS would cost as
        much as what is measured."""
        text = (
            "global\n    maxconn 1000\ndefaults\n    mode http\n    timeout connect 5s\n    timeout client 60s\n"
            "    timeout server 60s\n    retries 3\n    option redispatch 1\n    option forwardfor\n"
        )
        rules = (
            f"    http-request set-header X-Forwarded-Proto https\n    http-request set-header Host {HOST}\n"
            f"    http-request set-header Origin https://{HOST} if {{ req.hdr(origin) -m found }}\n"
        )
        for count, port in enumerate(self.ports, 1):
            text += f"listen of{count}\n    bind 127.0.0.1:{port}\n    balance roundrobin\n    option httpchk GET /readyz\n"
            text += rules
            for at, node in enumerate(self.nodes[:count]):
                text += f"    server node{at} 127.0.0.1:{node.port} check inter 2s\n"
        config = self.folder / "haproxy.cfg"
        config.write_text(text)
        self.balancer = subprocess.Popen(["haproxy", "-db", "-q", "-f", config], env=postgres.PATH)
        wait("haproxy", self.is_balanced)

    def is_balanced(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[-1]}/healthz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def of_postgres(self) -> float:
        """Processor time of PostgreSQL's processes, so far."""
        taken = 0.0
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and str(self.folder) in os.readlink(entry / "cwd"):
                    taken += processor_time(int(entry.name))
            except OSError:
                continue
        return taken

    def changes(self) -> int:
        """Transactions that were kept, so far; what only reads is ended otherwise."""
        return int(self.postgres.ask(
            "latchkey", "SELECT xact_commit FROM pg_stat_database WHERE datname = 'latchkey'"
        ))

    def spent(self) -> dict[str, float]:
        """What was spent until now: processor seconds, and transactions."""
        return {
            "servers": sum(node.seconds() for node in self.nodes), "PostgreSQL": self.of_postgres(),
            "changes": self.changes(),
        }

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()
        if self.balancer:
            self.balancer.terminate()
            self.balancer.wait()
        self.postgres.stop()


def run(floor: str, *arguments: object, lines: list[str]) -> dict:
    done = subprocess.run(
        [floor, *map(str, arguments)], input="\n".join(lines), capture_output=True, text=True, check=False,
    )
    if done.returncode:
        raise SystemExit(f"floor {arguments[:3]} failed: {done.stderr}")
    return served.json.loads(done.stdout)


def report(*line: str) -> None:
    print("  " + " | ".join(line), flush=True)
    if figures := os.environ.get("LATCHKEY_FIGURES"):
        with open(figures, "a") as file:
            print(*line, sep="\t", file=file)


class Origin:
    """What `served.Browser` asks of a server."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://127.0.0.1:{port}"


def main() -> None:
    program, floor = sys.argv[1:]
    where = pathlib.Path(os.environ.get("LATCHKEY_BENCH_FOLDER", "target/bench"))
    where.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="nodes-", dir=where)).resolve()
    # PostgreSQL's user comes through it.
    folder.chmod(0o755)
    together = None
    build = "optimised" if "release" in pathlib.Path(program).parts else "debug"
    try:
        together = Together(str(pathlib.Path(program).resolve()), folder)
        browser = served.Browser(Origin(together.ports[0]))
        browser.sign_in()
        header = f"{PORTAL}: {browser.token(f'https://{HOST}/start')}"
        measure(together, floor, header, build)
    finally:
        if together:
            together.stop()
        shutil.rmtree(folder, ignore_errors=True)


def measure(together: Together, floor: str, header: str, build: str) -> None:
    figures = {
        "sign-ins": lambda origin: run(
            floor, "sign-in", CALLERS, SECONDS, origin, served.PASSWORD, lines=together.people
        ),
        "GetRoleCredentials": lambda origin: run(floor, "load", CALLERS, SECONDS, header, lines=[
            f"{origin}/federation/credentials?account_id={account}&role_name={role}"
            for account in served.Served.accounts() for role in served.ROLES
        ]),
    }
    for name, ask in figures.items():
        taken: dict[int, list[dict]] = {count: [] for count in range(1, NODES + 1)}
        spent = {"servers": 0.0, "PostgreSQL": 0.0, "changes": 0.0}
        for _ in range(ROUNDS):
            for count, port in enumerate(together.ports, 1):
                before = together.spent()
                taken[count].append(ask(f"http://127.0.0.1:{port}"))
                if count == NODES:
                    spent = {what: so_far - before[what] + spent[what] for what, so_far in together.spent().items()}
        rates = {count: statistics.median(one["per_second"] for one in all) for count, all in taken.items()}
        for count, rate in rates.items():
            p50, p99 = (statistics.median(one[part] for one in taken[count]) for part in ("p50", "p99"))
            report(
                f"{name}, {count} of {NODES} servers, {CALLERS} callers", f"{rate:,.0f}/s",
                f"p50 {p50:.1f} ms, p99 {p99:.1f} ms",
                f"{rate / rates[1]:.2f} times one server, {build} build, {os.cpu_count()} processors", "reported",
            )
        done = sum(one["count"] for one in taken[NODES])
        report(
            f"{name}, what one takes", f"{1e6 * spent['servers'] / done:,.0f} µs of the servers",
            f"{1e6 * spent['PostgreSQL'] / done:,.0f} µs of PostgreSQL",
            f"{spent['changes'] / done:.2f} transactions", "reported",
        )


if __name__ == "__main__":
    main()
