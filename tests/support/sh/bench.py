#!/usr/bin/env python3
"""Measures rewriting one profile in a credentials file of 5,000 sections: bench.py REWRITE

Latchkey replaces a profile's three keys and its expiry, with lock, backup, fsync and rename;
`aws configure set` writes one key in place. Each is timed as a person would see it, from starting
the program to its end, and checked: the new key is there and every other line is what it was. On
tmpfs Latchkey must be 50 times faster; on disk the same is reported.
"""
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

SECTIONS = 5_000
ROUNDS = 15
# What gates: on tmpfs a sync costs nothing, so that the disk does not decide.
TIMES_FASTER = 50
MEMORY = "/dev/shm"
DISK = "target"
PROFILE = "profile-2500"


def credentials() -> str:
    section = (
        "# kept by hand, number {0}\n[profile-{0:04}]\naws_access_key_id = AKIAEXAMPLE{0:09}\n"
        "aws_secret_access_key = {1}\naws_session_token = {2}\nregion = eu-west-1\n\n"
    )
    return "".join(section.format(number, "s" * 40, "t" * 380) for number in range(SECTIONS))


def timed(command: list[str], environment: dict[str, str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def lines_elsewhere(text: str) -> list[str]:
    """The file without the section that is rewritten."""
    before, _, rest = text.partition(f"[{PROFILE}]\n")
    _, _, after = rest.partition("\n# kept by hand")
    return (before + after).splitlines()


def measure(name: str, command: list[str], text: str, key: str, where: str | None) -> float:
    """The median time in milliseconds."""
    times = []
    with tempfile.TemporaryDirectory(dir=where) as folder:
        file = pathlib.Path(folder, "credentials")
        file.write_text(text)
        file.chmod(0o600)
        environment = {
            **os.environ, "HOME": folder, "AWS_SHARED_CREDENTIALS_FILE": str(file),
            "AWS_CONFIG_FILE": str(pathlib.Path(folder, "config")),
        }
        for round_number in range(ROUNDS):
            value = f"{key}{round_number:03}"
            times.append(timed([part.replace("KEY", value) for part in command], environment))
            now = file.read_text()
            if value not in now:
                sys.exit(f"{name} did not write {value}")
            if lines_elsewhere(now) != lines_elsewhere(text):
                sys.exit(f"{name} changed lines of other profiles")
    times = [1000 * seconds for seconds in times]
    print(f"    {name:<28} {statistics.median(times):9.1f} ms median {max(times):9.1f} ms worst of {ROUNDS}")
    return statistics.median(times)


def file_system(folder: str) -> str:
    return subprocess.run(
        ["stat", "--file-system", "--format=%T", folder], capture_output=True, text=True, check=True,
    ).stdout.strip()


def main() -> None:
    rewrite = sys.argv[1]
    aws = next((path for path in ("/usr/bin/aws",) if os.access(path, os.X_OK)), None) or shutil.which("aws")
    if aws is None:
        sys.exit("no `aws` to compare with: install awscli")
    version = subprocess.run([aws, "--version"], capture_output=True, text=True, check=True).stdout.split()[0]
    if file_system(MEMORY) != "tmpfs":
        sys.exit(f"{MEMORY} is no tmpfs")
    text = credentials()
    print(f"Rewriting one profile among {SECTIONS:,} ({len(text) / 1e6:.1f} MB), whole processes:")
    ratios = {}
    for name, where in (("tmpfs", MEMORY), ("disk", DISK)):
        print(f"  on {name} ({where}, {file_system(where)}):")
        ours = measure("Latchkey", [rewrite, PROFILE, "KEY"], text, "ASIALATCHKEY00000", where)
        configure = [aws, "configure", "set", "aws_access_key_id", "KEY", "--profile", PROFILE]
        theirs = measure(f"{version} configure set", configure, text, "ASIAAWSCLI0000000", where)
        ratios[name] = theirs / ours
        print(f"    {ratios[name]:.1f} times faster")
    if ratios["tmpfs"] < TIMES_FASTER:
        sys.exit(f"on tmpfs it is to be at least {TIMES_FASTER} times faster")


if __name__ == "__main__":
    main()
