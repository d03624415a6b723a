#!/usr/bin/env python3
"""Measures rewriting one profile in a credentials file of 5,000 sections: bench.py REWRITE

Latchkey replaces a profile's three keys and its expiry, with lock, backup, fsync and rename;
`aws configure set` writes one key in place. Each is timed as a person would see it, from starting
the program to its end, and checked: the new key is there and every other line is what it was.
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


def measure(name: str, command: list[str], text: str, key: str) -> None:
    times = []
    with tempfile.TemporaryDirectory() as folder:
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
    print(f"  {name:<24} {statistics.median(times):9.1f} ms median {max(times):9.1f} ms worst of {ROUNDS}")


def main() -> None:
    rewrite = sys.argv[1]
    aws = next((path for path in ("/usr/bin/aws",) if os.access(path, os.X_OK)), None) or shutil.which("aws")
    text = credentials()
    print(f"Rewriting one profile among {SECTIONS:,} ({len(text) / 1e6:.1f} MB):")
    measure("Latchkey", [rewrite, PROFILE, "KEY"], text, "ASIALATCHKEY00000")
    version = subprocess.run([aws, "--version"], capture_output=True, text=True, check=True).stdout.split()[0]
    measure(f"{version} configure set", [aws, "configure", "set", "aws_access_key_id", "KEY", "--profile", PROFILE], text, "ASIAAWSCLI0000000")


if __name__ == "__main__":
    main()
