"""A PostgreSQL of one's own that waits for its disk, for what is measured."""

import pathlib
import socket
import subprocess

PATH = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
SCRIPT = pathlib.Path(__file__).parent.parent / "support" / "sh" / "postgres.sh"
# What the servers of one instance have in common besides.
KEYS = ("instance.key", "saml.pem")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Cluster:
    """It runs until it is stopped, in a folder that every user may come through."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            ["bash", SCRIPT, folder, str(self.port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**PATH, "LATCHKEY_POSTGRES_FSYNC": "on"},
        )
        if self.process.stdout.readline().strip() != "ready":
            raise SystemExit("PostgreSQL does not start")

    def section(self, database: str) -> str:
        """`[database]` of a configuration file."""
        return f'[database]\nurl = "postgresql://latchkey@127.0.0.1:{self.port}/{database}"\n'

    def create(self, database: str) -> None:
        self.ask("postgres", f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8'")

    def ask(self, database: str, sql: str) -> str:
        """What a statement gives."""
        tools = max(pathlib.Path("/usr/lib/postgresql").iterdir(), key=lambda path: float(path.name)) / "bin"
        return subprocess.run(
            [tools / "psql", "-XqAt", "-h", "127.0.0.1", "-p", str(self.port), "-U", "latchkey", "-d", database,
             "-c", sql], capture_output=True, text=True, check=True, env=PATH,
        ).stdout.strip()

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait()
