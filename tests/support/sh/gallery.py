#!/usr/bin/env python3
"""Photographs the window's gallery: each state of ui/src/gallery/states.json in both themes.

Serves ui/dist-gallery on a loopback port of its own and lets headless Chromium take the pictures,
as many at once as there are cores. Usage: gallery.py [STATE...]
"""
import concurrent.futures
import functools
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILT = ROOT / "ui/dist-gallery"
PICTURES = ROOT / "screenshots/gallery"
SIZE = (1040, 720)
DEADLINE = 60


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def photograph(port: int, page: str, state: str, theme: str) -> str | None:
    """Writes one picture; answers what went wrong, if anything did."""
    picture = PICTURES / f"{state}-{theme}.png"
    query = urllib.parse.urlencode({"state": state, "theme": theme})
    with tempfile.TemporaryDirectory() as profile:
        command = [
            "chromium", "--headless=new", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1",
            "--no-first-run", "--disable-sync", "--disable-background-networking", "--virtual-time-budget=3000",
            f"--user-data-dir={profile}", f"--window-size={SIZE[0]},{SIZE[1]}", f"--screenshot={picture}",
            f"http://127.0.0.1:{port}/{page}?{query}",
        ]
        if os.geteuid() == 0:
            command.insert(1, "--no-sandbox")
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            return f"{picture.name}: Chromium took longer than {DEADLINE} s"
    if done.returncode or not picture.is_file():
        return f"{picture.name}: {done.stderr.strip().splitlines()[-1:]}"
    return None


def main() -> int:
    states = json.loads((ROOT / "ui/src/gallery/states.json").read_text())
    names = [state if isinstance(state, str) else state["name"] for state in states]
    wanted = sys.argv[1:] or names
    unknown = sorted(set(wanted) - set(names))
    if unknown:
        print(f"The gallery has no such state: {', '.join(unknown)}", file=sys.stderr)
        return 2
    page = next((name for name in ("gallery.html", "index.html") if (BUILT / name).is_file()), None)
    if page is None:
        print("ui/dist-gallery holds no page: build it with `npm run gallery` in ui/", file=sys.stderr)
        return 1
    if not sys.argv[1:]:
        shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True, exist_ok=True)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(BUILT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        jobs = [pool.submit(photograph, port, page, state, theme) for state in wanted for theme in ("light", "dark")]
        failures = [failure for job in jobs if (failure := job.result())]
    server.shutdown()
    for failure in failures:
        print(failure, file=sys.stderr)
    print(f"{len(jobs) - len(failures)} pictures in {PICTURES.relative_to(ROOT)}/")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
