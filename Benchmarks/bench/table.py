"""The figures as Markdown."""

from . import catalog_table, webhook_table
from .decisions import AIM, COST, SEARCH_MS

# Requests a second, as a multiple of Envoy's.
THUMBNAIL_AIM = 1.5


def markdown(result: dict) -> str:
    text = (
        f"Measured {result['when']} on {result['cores']} cores (Linux {result['kernel']}), client and server on one "
        f"machine; beside {result['orthanc']}; medians of {result['rounds']} alternating rounds.\n"
    )
    if "instances" in result:
        text += f"The files: {result['instances']} CT slices of 512×512 in {result['studies']} studies.\n"
    for part, make in (
        ("beside", beside), ("gateway", gateway), ("process", process), ("large", large), ("growth", growth),
        ("thumbnails", thumbnails), ("catalog", catalog_table.markdown),
        ("access", access), ("webhooks", webhook_table.markdown),
    ):
        if part in result:
            text += "\n" + make(result[part])
    return text


def grid(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def beside(rows) -> str:
    shown = []
    for row in rows:
        ours, theirs = row["of"]["Collimator"], row["of"]["Orthanc"]
        shown.append([
            row["what"], f"{ours['figure']:,.1f} {row['unit']}", f"{theirs['figure']:,.1f} {row['unit']}",
            f"{row['ratio']:.1f}×", f"≥ {row['aim']:g}×", "yes" if row["ratio"] >= row["aim"] else "**no**",
            f"{ours['p99']:.1f} / {theirs['p99']:.1f}",
        ])
    return grid(["8 connections", "Collimator", "Orthanc", "ratio", "aim", "reached", "p99 ms (ours / theirs)"], shown)


def gateway(result) -> str:
    text = grid(
        ["studies of 42 MB through", "Collimator serve", "nginx", "ratio", "aim", "reached", "the emulator itself"],
        [
            [
                f"{row['connections']} connection(s)", f"{row['Collimator serve']:,.0f} MB/s", f"{row['nginx']:,.0f} MB/s",
                *against(row["Collimator serve"] / row["nginx"], 1.2), f"{row['emulator']:,.0f} MB/s",
            ]
            for row in result["studies"]
        ],
    )
    through, direct = result["latency"]["Collimator serve"], result["latency"]["emulator"]
    text += "\n" + grid(
        ["a small search, one at a time", "through the gateway", "the emulator itself", "added"],
        [
            [key, f"{through[key]:.2f} ms", f"{direct[key]:.2f} ms", f"{through[key] - direct[key]:.2f} ms"]
            for key in ("p50", "p99")
        ],
    )
    return text + "\n" + grid(
        ["`/api/v1`, 8 connections", "Collimator serve", "FastAPI", "ratio", "p99 ms (ours / theirs)"],
        [
            [
                row["what"], f"{row['Collimator serve']['rate']:,.0f}/s", f"{row['FastAPI']['rate']:,.0f}/s",
                f"{row['Collimator serve']['rate'] / row['FastAPI']['rate']:.1f}×",
                f"{row['Collimator serve']['p99']:.1f} / {row['FastAPI']['p99']:.1f}",
            ]
            for row in result["reads"]
        ],
    )


def against(ratio: float, aim: float) -> list[str]:
    return [f"{ratio:.2f}×", f"≥ {aim:g}×", "yes" if ratio >= aim else "**no**"]


def process(rows) -> str:
    return grid(
        ["process, existing data", "start to ready", "idle anonymous", "idle RSS"],
        [
            [row["what"], f"{row['ready_ms']:.0f} ms", mb(row["idle"]["anonymous"]), mb(row["idle"]["rss"])]
            for row in rows
        ],
    )


def large(rows) -> str:
    return grid(
        ["one large study", "before: RSS", "up", "peak RSS (anonymous)", "down", "peak RSS (anonymous)"],
        [
            [
                f"{row['what']}, {row['bytes'] / 1e9:.1f} GB", mb(row["before"]["rss"]), f"{row['up_mb']:,.0f} MB/s",
                f"{mb(row['up_rss'])} ({mb(row['up_anonymous'])})", f"{row['down_mb']:,.0f} MB/s",
                f"{mb(row['down_rss'])} ({mb(row['down_anonymous'])})",
            ]
            for row in rows
        ],
    )


def growth(rows) -> str:
    head = ["as the store grows", "stored"] + [name for name in rows[0]["figures"]]
    return grid(
        head,
        [
            [f"{row['server']}, {row['instances']:,} instances", f"{row['stored_per_second']:,.0f}/s"]
            + [f"{figure['rate']:,.0f}/s (p99 {figure['p99']:.1f} ms)" for figure in row["figures"].values()]
            for row in rows
        ],
    )


def thumbnails(result) -> str:
    """One table of every figure that was asked for."""
    ours = result["of"]["Collimator serve, a signed token"]
    rows = []
    for name, row in result["of"].items():
        ratio = ours["rate"] / row["rate"]
        # The aim is of Envoy, which verifies the token as well.
        held = ratio >= THUMBNAIL_AIM and ours["p99"] < row["p99"]
        aim = [f"≥ {THUMBNAIL_AIM:g}× and a lower p99", "yes" if held else "**no**"] if name.startswith("Envoy") else ["", ""]
        rows.append([f"hot: {name}", *rate(row), f"{ratio:.2f}×", *aim])
    rows.append(["Collimator serve, off the disk", *rate(result["disk"]), "", "", ""])
    rows.append([f"cold: {result['cold']['requests']} that nobody has asked for", *rate(result["cold"]), "", "", ""])
    for name, made in result["making"].items():
        ratio = result["making"]["Collimator serve"] / made
        rows.append([f"made of larger ones: {name}", f"{made:,.0f}/s", "", "", f"{ratio:.2f}×", "", ""])
    for name, took in result["worklist"]["milliseconds"].items():
        rows.append([f"a list of 50 studies with their pictures: {name}", f"{took:,.0f} ms", "", "", "", "", ""])
    kept = result["memory"]["rows"]
    # Each picture has been made once by the second; what comes then asks for nothing new.
    named = {"before": kept[0], "each once": kept[1], "at the end": kept[-1]}
    for name, row in named.items():
        rows.append([
            f"memory, {name}: {row['requests']:,} requests over {result['memory']['objects']:,} pictures",
            f"{mb(row['rss'])}, {mb(row['anonymous'])} anonymous", "", "", "", "", "",
        ])
    head = f"thumbnails; the hot one has {result['bytes']:,} bytes, 8 connections"
    text = grid([head, "figure", "p50 ms", "p99 ms", "ours / it", "aim", "reached"], rows)
    text += "".join(f"\nNot measured: {why}\n" for why in result["missing"])
    if "vipsthumbnail" not in result["making"]:
        text += "\nNot measured: vipsthumbnail is not installed\n"
    if not result["worklist"]["http2"]:
        text += "\nHTTP/2 is not spoken by the gateway: one connection is one of HTTP/1.1.\n"
    return text


def rate(row) -> list[str]:
    return [f"{row['rate']:,.0f}/s", f"{row['p50']:.2f}", f"{row['p99']:.2f}"]


def access(result) -> str:
    makers = {
        "decisions": decided, "tokens": verified, "requests": asked, "access": compared, "searches": searched,
    }
    texts = [make(result[name]) for name, make in makers.items() if name in result]
    return "\n".join(texts + [f"Not measured: {name}: {why}\n" for name, why in result.get("failed", {}).items()])


def verified(result) -> str:
    first, again = result["seen for the first time"], result["remembered"]
    text = grid(
        ["tokens signed with RS256, 8 connections", "requests/s", "p50 ms", "p99 ms", "processor each"],
        [
            [name, f"{row['rate']:,.0f}", f"{row['p50']:.2f}", f"{row['p99']:.2f}", f"{row['processor'] * 1e6:,.0f} µs"]
            for name, row in result.items()
        ],
    )
    return text + f"\nVerifying takes {max(0.0, first['processor'] - again['processor']) * 1e6:,.0f} µs of a core by that.\n"


def asked(result) -> str:
    least = next(iter(result.values()))
    return grid(
        ["a small JSON, 8 connections", "requests/s", "p50 ms", "p99 ms", "processor each", "more than the first"],
        [
            [
                name, f"{row['rate']:,.0f}", f"{row['p50']:.2f}", f"{row['p99']:.2f}", f"{row['processor'] * 1e6:,.0f} µs",
                f"{row['processor'] / least['processor'] - 1:+.0%}",
            ]
            for name, row in result.items()
        ],
    )


def compared(result) -> str:
    return grid(
        ["the JSON of a study, 8 connections", "requests/s", "p50 ms", "p99 ms", "processor each", "fewer", f"≤ {COST:.0%}"],
        [
            [
                name, f"{row['rate']:,.0f}", f"{row['p50']:.2f}", f"{row['p99']:.2f}", f"{row['processor'] * 1e6:,.0f} µs",
                f"{1 - row['ratio']:.1%}", "–" if number == 0 else "yes" if 1 - row["ratio"] <= COST else "**no**",
            ]
            for number, (name, row) in enumerate(result.items())
        ],
    )


def searched(result) -> str:
    text = grid(
        [
            f"searches of {result['studies']:,} studies, one at a time", "studies of the caller", "p50 ms", "p99 ms",
            f"p99 < {SEARCH_MS:g} ms", "refused",
        ],
        [
            [
                name, f"{row['total'] or 0:,}" if row["complete"] else "not worked out", f"{row['p50']:.2f}",
                f"{row['p99']:.2f}", "yes" if row["p99"] < SEARCH_MS else "**no**", f"{row['statuses'].get('422', 0):,}",
            ]
            for name, row in result["of"].items()
        ],
    )
    return text + f"\nThe rows of the rules were worked out in {result['rows_seconds']:.0f} s.\n"


def decided(rows) -> str:
    def reached(row, figure):
        if row["rules"] != AIM[0]:
            return "–"
        return "yes" if figure["p99Microseconds"] < AIM[1] else "**no**"

    return grid(
        ["one decision", "rules", "p50 µs", "p99 µs", f"p99 < {AIM[1]:g} µs at {AIM[0]:,}", "allowed", "compiled in"],
        [
            [
                what, f"{row['rules']:,}", f"{figure['p50Microseconds']:.2f}", f"{figure['p99Microseconds']:.2f}",
                reached(row, figure), f"{figure['allowed']:.0%}", f"{row['compileMilliseconds']:,.0f} ms",
            ]
            for row in rows for what, figure in sorted(row["decisions"].items())
        ],
    )


def mb(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"
