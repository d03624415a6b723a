#!/usr/bin/env python3
"""Draws every icon of Latchkey: `icons/draw.py` writes the PNG, ICO and ICNS files beside it.

Needs rsvg-convert (Debian: librsvg2-bin). One glyph, a latch with a keyhole, on a 16 by 16 grid;
a state of the tray changes its shape, and colour only repeats what the shape says.
"""
import pathlib
import struct
import subprocess

HERE = pathlib.Path(__file__).resolve().parent

# Ink on a light and on a dark panel, and the other tone, which rims the coloured badges so that
# they stand out on both.
INK = {"light": "#1F242C", "dark": "#F4F6F9"}
# Okabe and Ito's colours, which colour-blind people can tell apart.
TOUCH, NEEDS_YOU, EXPIRING, SANDBOX = "#56B4E9", "#D55E00", "#E69F00", "#CC79A7"

BODY = '<rect x="2.75" y="6.75" width="10.5" height="8.5" rx="1.75" {stroke}/>'
HOOP = '<path d="M5 6.75V4A2.25 2.25 0 0 1 7.25 1.75h1.5A2.25 2.25 0 0 1 11 4v2.75" {stroke}/>'
# Swung open on its right leg, far enough to change the outline at 16 px.
HOOP_OPEN = '<path d="M11 6.75V3.5A2.25 2.25 0 0 0 8.75 1.25h-5.5A2.25 2.25 0 0 0 1 3.5V4.5" {stroke}/>'
KEYHOLE = '<path d="M8 8.7a1.6 1.6 0 0 1 .8 3V13.3H7.2V11.7A1.6 1.6 0 0 1 8 8.7Z" fill="{ink}"/>'
KEYHOLE_OUTLINE = '<circle cx="8" cy="11" r="1.5" fill="none" stroke="{ink}" stroke-width="1"/>'

# A badge is what is cut out of the glyph around it, and what is drawn in the gap. It fills the
# lower right quarter, which is what makes the states differ at 16 px.
TRIANGLE = (
    '<path d="M11.5 5.6 16.9 16.9H6.1Z" stroke="#000" stroke-width="1.2" stroke-linejoin="round"/>',
    '<path d="M11.5 7.4 15.5 15.5H7.5Z" fill="{badge}" stroke="{ink}" stroke-width="1" stroke-linejoin="round"/>'
    '<path d="M11.5 9.6v3M11.5 13.4v1.2" stroke="{ink}" stroke-width="1.2"/>',
)
CLOCK = (
    '<circle cx="11.5" cy="11.5" r="5.5"/>',
    '<circle cx="11.5" cy="11.5" r="3.9" fill="none" stroke="{ink}" stroke-width="1.1"/>'
    '<path d="M11.5 11.5V7.6A3.9 3.9 0 0 1 15.4 11.5Z" fill="{badge}" stroke="{ink}" stroke-width="1"/>',
)
BARS = (
    '<rect x="8" y="6" width="9" height="11"/>',
    '<path d="M10.5 8v8M14.5 8v8" stroke="{ink}" stroke-width="2"/>',
)
ARROW = (
    '<circle cx="11.5" cy="11.5" r="5.5"/>',
    '<path d="M14.6 13.2A3.5 3.5 0 1 1 14.3 9.4" fill="none" stroke="{ink}" stroke-width="1.3"/>'
    '<path d="M15.9 6.8V10.9H11.8Z" fill="{ink}"/>',
)
RING = (
    '<circle cx="8" cy="10.5" r="6.2"/>',
    '<circle cx="8" cy="10.5" r="4.5" fill="none" stroke="{ink}" stroke-width="2"/>'
    '<circle cx="8" cy="10.5" r="4.5" fill="none" stroke="{badge}" stroke-width="1"/>'
    '<circle cx="8" cy="10.5" r="1.6" fill="{ink}"/>',
)
SLASH = (
    '<path d="M1 15.5 15.5 1" stroke="#000" stroke-width="4.4"/>',
    '<path d="M1.2 15.3 15.3 1.2" stroke="{ink}" stroke-width="1.7" stroke-linecap="round"/>',
)

# In order of urgency, as the tray picks them.
STATES = {
    "touch": (HOOP, "", RING, TOUCH),
    "needs-you": (HOOP, KEYHOLE, TRIANGLE, NEEDS_YOU),
    "expiring": (HOOP, KEYHOLE, CLOCK, EXPIRING),
    "paused": (HOOP, "", BARS, None),
    "offline": (HOOP, KEYHOLE, SLASH, None),
    "signed-out": (HOOP_OPEN, KEYHOLE_OUTLINE, None, None),
    "refreshing": (HOOP, KEYHOLE, ARROW, None),
    "all-well": (HOOP, KEYHOLE, None, None),
}

# Folder, pixels and the part of the grid shown: panels expect air around the glyph, and whole
# pixels. The app gives the tray the 44 px one, which panels halve to their usual 22.
SIZES = [("16", 16, (0, 16)), ("22", 22, (-3, 22)), ("24", 24, (-4, 24)), ("32", 32, (-3, 22)), (".", 44, (-3, 22))]


def tray_svg(state: str, panel: str, sandbox: bool, view: tuple[float, float]) -> str:
    hoop, keyhole, badge, colour = STATES[state]
    ink = INK[panel]
    stroke = f'fill="none" stroke="{ink}" stroke-width="1.5"'
    glyph = (BODY + hoop + keyhole).format(stroke=stroke, ink=ink)
    drawn = ""
    mask = ""
    if badge:
        cut, shape = badge
        mask = f'<mask id="m"><rect x="-4" y="-4" width="24" height="24" fill="#fff"/><g fill="#000">{cut}</g></mask>'
        drawn = shape.format(ink=ink, badge=colour or ink)
    frame = ""
    if sandbox:
        # Dots of 2 by 2, every 4: whole pixels at 22, 24 and 44.
        frame = (
            f'<rect x="-2" y="-2" width="20" height="20" fill="none" stroke="{SANDBOX}" stroke-width="2" '
            'stroke-dasharray="2 2" stroke-dashoffset="1"/>'
        )
    origin, extent = view
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{origin} {origin} {extent} {extent}">'
        f'{mask}<g{" mask=" + chr(34) + "url(#m)" + chr(34) if mask else ""}>{glyph}</g>{drawn}{frame}</svg>'
    )


def render(svg: str, pixels: int) -> bytes:
    command = ["rsvg-convert", "--width", str(pixels), "--height", str(pixels), "--format", "png"]
    return subprocess.run(command, input=svg.encode(), stdout=subprocess.PIPE, check=True).stdout


def ico(pictures: dict[int, bytes]) -> bytes:
    offset = 6 + 16 * len(pictures)
    head, body = struct.pack("<HHH", 0, 1, len(pictures)), b""
    for pixels, png in pictures.items():
        side = pixels % 256
        head += struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, len(png), offset + len(body))
        body += png
    return head + body


def icns(pictures: dict[str, bytes]) -> bytes:
    body = b"".join(kind.encode() + struct.pack(">I", 8 + len(png)) + png for kind, png in pictures.items())
    return b"icns" + struct.pack(">I", 8 + len(body)) + body


def main() -> None:
    app = (HERE / "latchkey.svg").read_text()
    for name, pixels in {"32x32": 32, "64x64": 64, "128x128": 128, "128x128@2x": 256, "icon": 512}.items():
        (HERE / f"{name}.png").write_bytes(render(app, pixels))
    (HERE / "icon.ico").write_bytes(ico({n: render(app, n) for n in (16, 20, 24, 32, 40, 48, 64, 256)}))
    kinds = {"ic11": 32, "ic12": 64, "ic07": 128, "ic08": 256, "ic09": 512, "ic10": 1024}
    (HERE / "icon.icns").write_bytes(icns({kind: render(app, n) for kind, n in kinds.items()}))
    for name, pixels, view in SIZES:
        folder = HERE / "tray" / name
        folder.mkdir(parents=True, exist_ok=True)
        for state in STATES:
            for panel in INK:
                for sandbox in (False, True):
                    # The frame needs the margin that 16 px has no room for.
                    shown = (-3, 22) if sandbox and pixels == 16 else view
                    file = f"{state}-{panel}{'-sandbox' if sandbox else ''}.png"
                    (folder / file).write_bytes(render(tray_svg(state, panel, sandbox, shown), pixels))


if __name__ == "__main__":
    main()
