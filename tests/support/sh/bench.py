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
OURS_EACH = 3
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


class Program:
    """One way to write the key, with a file of its own."""

    def __init__(self, name: str, command: list[str], key: str, text: str, where: str) -> None:
        self.name, self.command, self.key, self.text = name, command, key, text
        self.times: list[float] = []
        self.folder = tempfile.TemporaryDirectory(dir=where)
        self.file = pathlib.Path(self.folder.name, "credentials")
        self.file.write_text(text)
        self.file.chmod(0o600)
        self.environment = {
            **os.environ, "HOME": self.folder.name, "AWS_SHARED_CREDENTIALS_FILE": str(self.file),
            "AWS_CONFIG_FILE": str(pathlib.Path(self.folder.name, "config")),
        }

    def round(self, number: int) -> None:
        value = f"{self.key}{number:03}"
        self.times.append(timed([part.replace("KEY", value) for part in self.command], self.environment))
        now = self.file.read_text()
        if value not in now:
            sys.exit(f"{self.name} did not write {value}")
        if lines_elsewhere(now) != lines_elsewhere(self.text):
            sys.exit(f"{self.name} changed lines of other profiles")

    def report(self) -> float:
        """The median time in seconds."""
        median = statistics.median(self.times)
        print(
            f"    {self.name:<28} {1000 * median:8.1f} ms median {1000 * min(self.times):8.1f} ms best"
            f" {1000 * max(self.times):8.1f} ms worst of {len(self.times)}"
        )
        self.folder.cleanup()
        return median


def medians(rewrite: str, aws: str, version: str, text: str, where: str) -> tuple[float, float]:
    """Latchkey's time and the other's. The programs take turns, so that a busy moment meets both."""
    ours = Program("Latchkey", [rewrite, PROFILE, "KEY"], "ASIALATCHKEY00000", text, where)
    configure = [aws, "configure", "set", "aws_access_key_id", "KEY", "--profile", PROFILE]
    theirs = Program(f"{version} configure set", configure, "ASIAAWSCLI0000000", text, where)
    for number in range(ROUNDS):
        theirs.round(number)
        for turn in range(OURS_EACH):
            ours.round(OURS_EACH * number + turn)
    ours_median, theirs_median = ours.report(), theirs.report()
    print(f"    {theirs_median / ours_median:.1f} times faster")
    return ours_median, theirs_median


def report(where: str, ours: float, theirs: float, gates: bool) -> None:
    """Adds a line to the figures that `make bench` prints."""
    times = theirs / ours
    met = ("met" if times >= TIMES_FASTER else "NOT MET") if gates else "reported"
    needed = f", at least {TIMES_FASTER}" if gates else ""
    line = [
        f"rewriting one profile among {SECTIONS:,}, {where}", f"{1000 * ours:.1f} ms",
        f"{1000 * theirs:.0f} ms aws configure set", f"{times:.0f} times faster{needed}", met,
    ]
    if path := os.environ.get("LATCHKEY_FIGURES"):
        with open(path, "a") as file:
            print(*line, sep="\t", file=file)


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
    for name, where in (("tmpfs", MEMORY), ("disk", DISK)):
        print(f"  on {name} ({where}, {file_system(where)}):")
        ours, theirs = medians(rewrite, aws, version, text, where)
        report(name, ours, theirs, gates=name == "tmpfs")


if __name__ == "__main__":
    main()
