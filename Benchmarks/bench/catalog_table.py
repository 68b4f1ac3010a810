"""The catalog's figures as Markdown, with the aims beside them, and as a picture."""

import math

AIM_P99 = 20
AIM_RATIO = 50
AIM_BACKFILL = 2_000


def markdown(result) -> str:
    parts = [summary(result), kinds(result["load"]), pages(result["pages"]), growth(result["growth"])]
    return "\n".join(parts)


def summary(result) -> str:
    load, wild, backfill, memory = result["load"], result["wildcards"], result["backfill"], result["load"]["memory"]
    rate = backfill["studies"] / backfill["seconds"]
    ratio = min(row["`/api/v1`"]["rate"] / row["Orthanc"]["rate"] for row in result["pages"])
    refused = f", {sum(wild['other'].values())} of {wild['requests']} refused" if wild["other"] else ""
    growth = memory["late_anonymous"] - memory["early_anonymous"]
    rows = [
        [
            "mixed searches at 200/s while 50 studies/s arrive, p99", f"{load['all']['p99']:.1f} ms",
            f"< {AIM_P99} ms", reached(load["all"]["p99"] < AIM_P99 and not load["all"]["other"]),
        ],
        ["the same, p50 / p95 / longest", " / ".join(f"{load['all'][key]:.1f}" for key in ("p50", "p95", "max")) + " ms", "", ""],
        [
            "arrivals that the store took and the catalog has",
            f"{load['stored']:,}, the last one {'found' if load['last_arrival_found'] else '**not found**'}", "", "",
        ],
        ["an arrival, upload to answer, p50 / p99", f"{load['arrivals']['p50']:.1f} / {load['arrivals']['p99']:.1f} ms", "", ""],
        ["leading wildcards alone, p50 / p99 / longest", f"{wild['p50']:.0f} / {wild['p99']:.0f} / {wild['max']:.0f} ms{refused}", "bounded", ""],
        [
            "a page of 20, beside Orthanc's QIDO of its 1,000 studies", f"{ratio:.0f}× at least", f"≥ {AIM_RATIO}×",
            reached(ratio >= AIM_RATIO),
        ],
        [
            "anonymous memory, first and last quarter of the load",
            f"{mb(memory['early_anonymous'])}, {mb(memory['late_anonymous'])}", "flat", reached(growth < 8e6),
        ],
        ["resident memory, the same", f"{mb(memory['early_rss'])}, {mb(memory['late_rss'])}", "", ""],
        ["the catalog on the disk", f"{result['bytes'] / result['studies'] / 1e3:.1f} kB a study, {result['bytes'] / 1e9:.2f} GB", "", ""],
        ["filling it, in process", f"{result['filling']:,.0f} studies/s" if result["filling"] else "earlier", "", ""],
        [
            f"first backfill of {backfill['studies']:,} studies from the emulator", f"{rate:,.0f} studies/s",
            f"≥ {AIM_BACKFILL:,}/s", reached(rate >= AIM_BACKFILL),
        ],
    ]
    notes = []
    if load["walks"]:
        notes.append(f"The gateway asked the store for {load['walks']} whole pages during the load.")
    if load["all"]["other"] or load["arrivals"]["other"]:
        notes.append(f"Answers that were not wanted, by status: {load['all']['other'] | load['arrivals']['other']}.")
    notes.append(f"The client sent 99 % of the searches within {load['all']['late_p99']:.1f} ms of when they were due.")
    return grid([f"{result['studies']:,} studies", "figure", "aim", "reached"], rows) + "\n" + " ".join(notes) + "\n"


def kinds(load) -> str:
    return grid(
        ["mixed searches, ms since due", "requests", "p50", "p95", "p99", "longest"],
        [
            [kind, f"{row['requests']:,}"] + [f"{row[key]:.1f}" for key in ("p50", "p95", "p99", "max")]
            for kind, row in load["kinds"].items()
        ],
    )


def pages(rows) -> str:
    return grid(
        ["pages of 20, 8 connections", "`/api/v1`", "QIDO-RS", "Orthanc, 1,000 studies", "ratios", "p99 ms"],
        [
            [row["what"]] + [f"{row[name]['rate']:,.0f}/s" for name in ("`/api/v1`", "QIDO-RS", "Orthanc")] + [
                " / ".join(f"{row[name]['rate'] / row['Orthanc']['rate']:.0f}×" for name in ("`/api/v1`", "QIDO-RS")),
                " / ".join(f"{row[name]['p99']:.1f}" for name in ("`/api/v1`", "QIDO-RS", "Orthanc")),
            ]
            for row in rows
        ],
    )


def growth(rows) -> str:
    return grid(
        ["one search at a time, p50 / p99 ms"] + [f"{row['studies']:,} studies" for row in rows],
        [
            [kind] + [f"{row['figures'][kind]['p50']:.2f} / {row['figures'][kind]['p99']:.2f}" for row in rows]
            for kind in rows[0]["figures"]
        ],
    )


def grid(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def reached(yes: bool) -> str:
    return "yes" if yes else "**no**"


def mb(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"


# Colours that can be told apart on white and on black, by people who see colours differently too (Okabe and Ito).
COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#9A8700", "#7F7F7F"]
LEFT, RIGHT, TOP, BOTTOM, WIDTH, HEIGHT = 62, 226, 44, 52, 760, 420


class Scale:
    """Logarithms of a range as places on the picture."""

    def __init__(self, values: list[float], first: float, last: float):
        self.low = 10 ** math.floor(math.log10(max(min(values), 1e-3)))
        self.high = 10 ** math.ceil(math.log10(max(max(values), self.low * 10)))
        self.first, self.last = first, last

    def at(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.first + share * (self.last - self.first)

    def decades(self) -> list[float]:
        count = round(math.log10(self.high / self.low))
        return [self.low * 10**number for number in range(count + 1)]


def picture(rows) -> str:
    """Medians by the size of the catalog, both logarithmic, as SVG that follows the reader's light or dark page."""
    kinds = list(rows[0]["figures"])
    medians = [max(row["figures"][kind]["p50"], 1e-3) for row in rows for kind in kinds]
    across = Scale([row["studies"] for row in rows], LEFT, WIDTH - RIGHT)
    up = Scale(medians, HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-label="Median duration of a search by the number of studies in the catalog">',
        "<style>text{font:13px system-ui,sans-serif;fill:#1f2328}.g{stroke:#1f2328;stroke-opacity:.2}"
        ".l{fill:none;stroke-width:2.2}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.g{stroke:#e6edf3}}</style>",
        f'<text x="{LEFT}" y="22">Median of one search at a time through HTTP, in milliseconds</text>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 12}" text-anchor="middle">studies in the catalog</text>',
    ]
    for value in up.decades():
        y = up.at(value)
        parts.append(f'<line class="g" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
    for value in across.decades():
        x = across.at(value)
        parts.append(f'<line class="g" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{value:,.0f}</text>')
    # Labels stand beside the last point of their line, moved apart where lines end close together.
    ends = sorted(range(len(kinds)), key=lambda index: up.at(max(rows[-1]["figures"][kinds[index]]["p50"], 1e-3)))
    label = TOP - 20.0
    for index in ends:
        kind, colour = kinds[index], COLOURS[index % len(COLOURS)]
        points = [(across.at(row["studies"]), up.at(max(row["figures"][kind]["p50"], 1e-3))) for row in rows]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline class="l" stroke="{colour}" points="{line}"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points]
        label = max(label + 17, points[-1][1])
        x = WIDTH - RIGHT + 14
        parts.append(f'<line stroke="{colour}" x1="{points[-1][0]:.1f}" y1="{points[-1][1]:.1f}" x2="{x}" y2="{label:.1f}"/>')
        parts.append(f'<circle cx="{x + 5}" cy="{label:.1f}" r="4" fill="{colour}"/>')
        median = rows[-1]["figures"][kind]["p50"]
        parts.append(f'<text x="{x + 15}" y="{label + 4:.1f}">{kind}, {median:.2f}</text>')
    return "\n".join(parts + ["</svg>"]) + "\n"
