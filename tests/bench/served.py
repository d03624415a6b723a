"""A `latchkey-server` that is measured: its directory of any size, a person who is signed in, keys for boto3."""

import http.client
import json
import pathlib
import re
import socket
import sqlite3
import subprocess
import threading
import urllib.parse

PASSWORD = "a-password-to-measure-with"
PERSON = "sam"
ACCOUNTS = 10
ROLES = ("ReadOnly", "Developer", "Administrator")
# People of the filled directory who have the password.
WITH_PASSWORD = 400
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "TZ": "UTC"}

FIRST = """Ada Alex Anna Ben Carla Chen Dana Elif Emma Felix Finn Greta Hana Ida Ivan Jana Jonas Kai Lena Leo Lina
    Luis Maja Marie Max Mei Mila Nina Noah Olga Omar Paul Petra Rosa Sara Tom Uma Vera Wim Yusuf""".split()
LAST = """Abel Bauer Cohen Costa Diaz Dubois Eriksen Fischer Garcia Haas Ito Jansen Kaya Keller Kim Kowalski Lang
    Larsen Lopez Maier Meyer Moreau Nagy Novak Okafor Olsen Park Patel Quinn Ricci Rossi Santos Sato Schmidt Silva
    Smith Suzuki Tanaka Torres Urban Vogel Wagner Weber Wolf Wood Yang Young Zhang Ziegler Zimmer""".split()

# One statement for each table: row by row would take minutes. Ids are in no order, as drawn ones.
PEOPLE = f"""
    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < :people)
    SELECT printf('%08x-0000-4000-8000-%012x', n * 2654435761 % 4294967296, n) AS id,
           lower(f.name) || '.' || lower(l.name) || n AS username, f.name || ' ' || l.name AS display_name, n
    FROM n JOIN temp.first f ON f.rowid = 1 + n % {len(FIRST)}
    JOIN temp.last l ON l.rowid = 1 + n / {len(FIRST)} % {len(LAST)}
"""
FILL = [
    f"CREATE TEMP TABLE people AS {PEOPLE}",
    """INSERT INTO user (id, username, display_name, email, email_verified, enabled, profile, created, updated)
       SELECT id, username, display_name, username || '@large.test', 1, 1, '{}', 1, 1 FROM temp.people ORDER BY id""",
    "INSERT INTO login SELECT username, id FROM temp.people ORDER BY username",
    "INSERT INTO login SELECT username || '@large.test', id FROM temp.people ORDER BY username",
    """INSERT INTO membership (user_id, group_id, id)
       SELECT id, (SELECT id FROM user_group WHERE name = 'everybody'), 'm' || id FROM temp.people ORDER BY id""",
    """INSERT INTO password (user_id, hash, earlier, must_change, changed)
       SELECT id, :hash, '', 0, 1 FROM temp.people WHERE n <= :with_password""",
    "INSERT INTO administrator (user_id, since) SELECT id, 1 FROM user WHERE username = :person",
]


class Served:
    """A server on a folder of its own."""

    # What its configuration says besides.
    SETTINGS = ""

    def __init__(self, program: str, folder: pathlib.Path, people: int) -> None:
        self.program, self.folder, self.people = program, folder, people
        self.config = folder / "server.toml"
        self.database = folder / "data" / "instance.sqlite"
        folder.mkdir(parents=True)
        self.hash = self.run("hash-password", input=PASSWORD + "\n").strip()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        (folder / "organisation.toml").write_text(self.organisation())
        self.config.write_text(
            f'organisation = "organisation.toml"\ndata = "data"\nlisten = "127.0.0.1:{port}"\n{self.SETTINGS}'
        )
        self.start()
        self.stop()
        self.fill()
        self.start()

    def organisation(self) -> str:
        """One person with some roles in some accounts, and a group for everybody else."""
        text = (
            'name = "Large"\nregion = "eu-central-1"\nmanagement_account = "100000000000"\n'
            '[[group]]\nname = "engineering"\n[[group]]\nname = "everybody"\n'
            f'[[user]]\nusername = "{PERSON}"\ndisplay_name = "Sam Sample"\nemail = "{PERSON}@acme.test"\n'
            f'groups = ["engineering"]\npassword_hash = "{self.hash}"\n'
        )
        text += "".join(f'[[permission_set]]\nname = "{role}"\n' for role in ROLES)
        for account in self.accounts():
            text += f'[[account]]\nid = "{account}"\nname = "payments-{account}"\nemail = "{account}@acme.test"\n'
            for role in ROLES:
                text += (
                    f'[[assignment]]\naccount = "{account}"\npermission_set = "{role}"\n'
                    'group = "engineering"\n'
                )
        return text

    @staticmethod
    def accounts() -> list[str]:
        return [str(100_000_000_000 + 7_919 * number) for number in range(ACCOUNTS)]

    def run(self, *arguments: str, input: str | None = None) -> str:
        done = subprocess.run(
            [self.program, *arguments], input=input, capture_output=True, text=True, env=ENVIRONMENT, check=False,
        )
        if done.returncode:
            raise SystemExit(f"latchkey-server {' '.join(arguments)} failed: {done.stderr}")
        return done.stdout

    def start(self) -> None:
        self.process = subprocess.Popen(
            [self.program, "serve", "--config", self.config], stderr=subprocess.PIPE, text=True, env=ENVIRONMENT,
        )
        said = ""
        for line in self.process.stderr:
            said += line
            if found := re.search(r'start_url="(http://[^"/]+)', line):
                self.origin = found[1]
                break
        else:
            raise SystemExit(f"the server did not start:\n{said}")
        # A pipe that nobody reads would hold the server up.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def fill(self) -> None:
        database = sqlite3.connect(self.database, isolation_level=None)
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000", "temp_store = MEMORY"):
            database.execute(f"PRAGMA {setting}").fetchall()
        for table, names in (("first", FIRST), ("last", LAST)):
            database.execute(f"CREATE TEMP TABLE {table} (name TEXT)")
            database.executemany(f"INSERT INTO temp.{table} VALUES (?)", [(name,) for name in names])
        values = {
            "people": self.people, "hash": self.hash, "with_password": WITH_PASSWORD, "person": PERSON,
        }
        database.execute("BEGIN")
        for statement in FILL:
            database.execute(statement, values)
        database.execute("COMMIT")
        database.execute("PRAGMA optimize")
        database.close()

    def query(self, sql: str) -> list[tuple]:
        database = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()

    def with_password(self) -> list[str]:
        """The user names of people who have it."""
        rows = self.query(
            "SELECT u.username FROM password p JOIN user u ON u.id = p.user_id WHERE p.declared_hash IS NULL"
        )
        return [name for (name,) in rows]

    def administrator_key(self) -> dict[str, str]:
        said = self.run("admin", "create-key", "--config", str(self.config), "--name", "bench")
        values = dict(line.split("=", 1) for line in said.split())
        return {
            "aws_access_key_id": values["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": values["AWS_SECRET_ACCESS_KEY"],
        }

    def events(self, name: str) -> int:
        return self.query(f"SELECT count(*) FROM audit WHERE name = '{name}'")[0][0]


class Browser:
    """A person's browser and program: signs in, and allows a program to use the portal."""

    def __init__(self, served: Served) -> None:
        self.origin = served.origin
        self.host = served.origin.removeprefix("http://")
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: str | None = None, kind: str | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self.host, timeout=30)
        headers = {"Origin": self.origin, "Cookie": self.cookie()}
        if kind:
            headers["Content-Type"] = kind
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                cookie, _, kept = value.split(";")[0].partition("=")
                self.cookies[cookie] = kept
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items() if value)

    def form(self, page: str, path: str, **fields: str) -> str:
        """Opens a page and sends its form."""
        status, text = self.ask("GET", page)
        token = re.search(r'name="csrf" value="([^"]+)"', text)
        if token is None:
            raise SystemExit(f"{page} has no form: {status}\n{text}")
        body = urllib.parse.urlencode({"csrf": token[1], **fields})
        status, text = self.ask("POST", path, body, "application/x-www-form-urlencoded")
        if status >= 400:
            raise SystemExit(f"{path} was refused: {status}\n{text}")
        return text

    def call(self, path: str, **fields: object) -> dict:
        status, text = self.ask("POST", path, json.dumps(fields), "application/json")
        if status != 200:
            raise SystemExit(f"{path} was refused: {status} {text}")
        return json.loads(text)

    def sign_in(self) -> None:
        self.form("/sign-in", "/sign-in", username=PERSON, password=PASSWORD, **{"continue": "/start"})

    def token(self, start_url: str | None = None) -> str:
        """An access token of the portal, by the device flow. The start URL is another one where a proxy's name is."""
        client = self.call("/client/register", clientName="bench", clientType="public",
                           scopes=["sso:account:access"])
        client = {name: client[name] for name in ("clientId", "clientSecret")}
        grant = self.call("/device_authorization", startUrl=start_url or f"{self.origin}/start", **client)
        code = grant["userCode"]
        self.form(f"/device?user_code={code}", "/device", user_code=code)
        self.form(f"/device?user_code={code}", "/device/decision", user_code=code, decision="allow")
        token = self.call(
            "/token", grantType="urn:ietf:params:oauth:grant-type:device_code", deviceCode=grant["deviceCode"],
            **client,
        )
        return token["accessToken"]
