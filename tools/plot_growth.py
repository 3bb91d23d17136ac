#!/usr/bin/env python3
"""Draws what `bench.py --growth` printed: CPU seconds over N, both logarithmic, one SVG for each order.

    python3 tools/bench.py --growth | tee growth.txt
    plot_growth.py growth.txt docs/pictures [--bytes 100]

Reads the Markdown tables (so docs/notes/performance.md will do as well); where a row comes twice, the later counts.
"""
import argparse
import math
import re
from pathlib import Path

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 400, 64, 110, 34, 44
COLOURS = {"restitch": "#c0392b", "gopacket": "#2980b9", "libtins": "#27ae60", "map": "#8e44ad", "array": "#7f8c8d"}
SECONDS = (1e-3, 10.0)  # the span of the y axis


def read_rows(text, size):
    """{order: {program: [(N, seconds)]}} of the rows for segments of `size` bytes."""
    rows, counts = {}, []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells[:3] == ["program", "order", "bytes"]:
            counts = [int(cell[4:].replace(",", "")) for cell in cells if cell.startswith("N = ")]
        elif counts and len(cells) > 3 + len(counts) and cells[2] == str(size):
            points = [(n, float(cell)) for n, cell in zip(counts, cells[3:]) if re.fullmatch(r"[\d.]+", cell)]
            rows.setdefault(cells[1], {})[cells[0]] = [point for point in points if point[1] >= SECONDS[0]]
    return rows


def draw(order, size, programs):
    counts = sorted({n for points in programs.values() for n, _ in points})
    left, right = math.log10(counts[0]), math.log10(counts[-1])
    low, high = map(math.log10, SECONDS)

    def x(n):
        return LEFT + (math.log10(n) - left) / (right - left) * (WIDTH - LEFT - RIGHT)

    def y(seconds):
        return HEIGHT - BOTTOM - (math.log10(seconds) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
           'font-size="12">', '<rect width="100%" height="100%" fill="white"/>',
           f'<text x="{LEFT}" y="20" font-size="14">CPU seconds to hold and deliver N segments of {size} '
           f'byte{"" if size == 1 else "s"}, order: {order}</text>']
    for exponent in range(int(low), int(high) + 1):
        at = y(10 ** exponent)
        out.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{10.0 ** exponent:g}</text>')
    for n in counts:
        out.append(f'<path d="M{x(n):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#eee"/>')
        out.append(f'<text x="{x(n):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{n:,}</text>')
    ends = []
    for name, points in sorted(programs.items(), key=lambda item: y(item[1][-1][1]) if item[1] else 0):
        if not points:
            continue
        colour = COLOURS.get(name, "black")
        path = " ".join(f"{x(n):.1f},{y(seconds):.1f}" for n, seconds in points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        label = y(points[-1][1]) + 4
        while any(abs(label - other) < 13 for other in ends):
            label += 1
        ends.append(label)
        out.append(f'<text x="{x(points[-1][0]) + 6:.1f}" y="{label:.1f}" fill="{colour}">{name}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bytes", type=int, default=100)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    for order, programs in read_rows(args.tables.read_text(), args.bytes).items():
        (args.folder / f"growth-{order}.svg").write_text(draw(order, args.bytes, programs))


if __name__ == "__main__":
    main()
