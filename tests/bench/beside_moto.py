"""The administration's APIs beside moto's server, driven alike by boto3."""

import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import boto3
import botocore.config

from served import Served

USERS = 150
LISTS = 60
ASSIGNMENTS = 60
PAGE = 50


class Api:
    """An instance with a permission set, by boto3."""

    def __init__(self, endpoint: str, keys: dict[str, str], account: str) -> None:
        config = botocore.config.Config(retries={"total_max_attempts": 1})
        self.admin, self.directory = (
            boto3.client(service, endpoint_url=endpoint, region_name="eu-central-1", config=config, **keys)
            for service in ("sso-admin", "identitystore")
        )
        self.account = account
        instance = self.admin.list_instances()["Instances"][0]
        self.instance, self.store = instance["InstanceArn"], instance["IdentityStoreId"]
        answer = self.admin.create_permission_set(InstanceArn=self.instance, Name="Measured")
        self.permission_set = answer["PermissionSet"]["PermissionSetArn"]
        self.users: list[str] = []

    def create_user(self, number: int) -> None:
        answer = self.directory.create_user(
            IdentityStoreId=self.store, UserName=f"measured{number}", DisplayName=f"Measured {number}",
            Name={"GivenName": "Measured", "FamilyName": f"Number {number}"},
            Emails=[{"Value": f"measured{number}@acme.test", "Type": "work", "Primary": True}],
        )
        self.users.append(answer["UserId"])

    def list_users(self, _: int) -> None:
        answer = self.directory.list_users(IdentityStoreId=self.store, MaxResults=PAGE)
        if len(answer["Users"]) != PAGE:
            raise SystemExit(f"{len(answer['Users'])} users were listed")

    def create_account_assignment(self, number: int) -> None:
        self.admin.create_account_assignment(
            InstanceArn=self.instance, TargetId=self.account, TargetType="AWS_ACCOUNT",
            PermissionSetArn=self.permission_set, PrincipalType="USER", PrincipalId=self.users[number],
        )


def timed(work: Callable[[int], None], number: int) -> float:
    begin = time.perf_counter()
    work(number)
    return 1000 * (time.perf_counter() - begin)


def taken(times: list[float]) -> dict:
    return {"p50": statistics.median(times), "p99": statistics.quantiles(times, n=100)[98]}


def moto(folder: pathlib.Path) -> tuple[subprocess.Popen, str] | None:
    """Its server, if it is installed beside this Python."""
    program = shutil.which("moto_server", path=str(pathlib.Path(sys.executable).parent))
    if program is None:
        return None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with open(folder / "moto.log", "w") as log:
        process = subprocess.Popen([program, "-p", str(port)], stdout=log, stderr=log)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, f"http://127.0.0.1:{port}"
        time.sleep(0.2)
    process.terminate()
    raise SystemExit("moto's server did not start: " + (folder / "moto.log").read_text())


def measure(server: Served, folder: pathlib.Path) -> Iterator[tuple[str, dict, dict | None]]:
    """Operation, ours, theirs; each in turns."""
    account = server.accounts()[0]
    apis = [Api(server.origin, server.administrator_key(), account)]
    theirs = moto(folder)
    try:
        if theirs is not None:
            keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
            apis.append(Api(theirs[1], keys, account))
        for what, name, calls in (
            ("CreateUser", "create_user", USERS),
            (f"ListUsers, pages of {PAGE}", "list_users", LISTS),
            ("CreateAccountAssignment", "create_account_assignment", ASSIGNMENTS),
        ):
            times: list[list[float]] = [[] for _ in apis]
            for number in range(calls):
                for mine, api in zip(times, apis, strict=True):
                    mine.append(timed(getattr(api, name), number))
            yield what, taken(times[0]), taken(times[1]) if theirs is not None else None
    finally:
        if theirs is not None:
            theirs[0].terminate()
            theirs[0].wait()
