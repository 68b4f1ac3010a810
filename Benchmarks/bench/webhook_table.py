"""The figures of webhooks as Markdown."""

DELIVERED_MS = 250
DRAINED = 3_000


def grid(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def markdown(result: dict) -> str:
    makers = {
        "steady": steady, "burst": burst, "silent": silent, "endpoints": endpoints, "backlog": backlog, "kills": kills,
    }
    texts = [make(result[name], result) for name, make in makers.items() if name in result]
    if "bare" in result and "burst" not in result:
        texts.append(f"{bare(result['bare'])}\n")
    texts += [f"Not measured: {name}: {why}\n" for name, why in result.get("failed", {}).items()]
    return "\n".join(texts)


def steady(row, _) -> str:
    uploads = row["uploads"]
    return grid(
        ["events as webhooks, one receiver", "figure", "aim", "reached"],
        [
            [
                f"delivered while {row['offered']:,} events/s were to be made", f"{row['delivered_rate']:,.0f}/s",
                f"{row['offered']:,}/s", reached(row["delivered_rate"] >= row["offered"] * 0.98),
            ],
            ["studies of ten series stored a second, twelve events each", f"{uploads['rate']:,.0f}/s", "", ""],
            ["from commit to delivered, p95", ms(row["p95"]), f"< {DELIVERED_MS} ms", reached(row["p95"] < DELIVERED_MS)],
            ["the same, p50 / p99 / longest", f"{ms(row['p50'])} / {ms(row['p99'])} / {ms(row['max'])}", "", ""],
            ["committed, and not arrived when the run ended", f"{row['committed']:,}, {row['lost']:,}", "0", reached(row["lost"] == 0)],
            ["arrived twice; arrived and not committed", f"{row['duplicates']:,}; {row['foreign']:,}", "", ""],
            ["processor, gateway and store together", f"{row['processor']:.2f} cores", "", ""],
            ["peak memory, resident (anonymous)", f"{mb(row['rss'])} ({mb(row['anonymous'])})", "", ""],
        ],
    )


def burst(rows, result) -> str:
    shown = [
        [
            f"{row['deliveries']:,} to {row['endpoints']} endpoint(s)", f"{row['rate']:,.0f}/s", f"≥ {DRAINED:,}/s",
            reached(row["rate"] >= DRAINED and row["different"] >= row["deliveries"]),
            f"{row['since_start']:.1f} s", f"{row['processor_ms']:.2f} ms", mb(row["rss"]),
        ]
        for row in rows
    ]
    if "bare" in result:
        shown.append(["a bare loop in Python, 64 connections", f"{result['bare']['rate']:,.0f}/s", "", "", "", "", ""])
    head = ["deliveries that wait at the start", "drained", "aim", "reached", "all since the start", "processor each", "peak RSS"]
    return grid(head, shown)


def bare(row) -> str:
    return f"A bare loop in Python over 64 connections: {row['rate']:,.0f} messages/s, p50 {ms(row['p50'])}, p99 {ms(row['p99'])}."


def silent(rows, _) -> str:
    alone = rows["alone"]["p95"]
    return grid(
        ["one endpoint, 50 events/s", "p50", "p95", "p99", "lost", "times the p95 alone", "left unanswered"],
        [
            [
                name, ms(row["p50"]), ms(row["p95"]), ms(row["p99"]), f"{row['lost']:,}",
                f"{row['p95'] / max(alone, 1e-9):.2f}×", f"{row['unanswered']:,}",
            ]
            for name, row in rows.items()
        ],
    )


def endpoints(rows, _) -> str:
    return grid(
        [
            "endpoints", "for one of them, 50 events/s: p50 / p95", "lost", "processor meanwhile",
            "one event for all: p50 / last", "arrived", "RSS",
        ],
        [
            [
                f"{row['endpoints']:,}", f"{ms(row['one']['p50'])} / {ms(row['one']['p95'])}", f"{row['one']['lost']:,}",
                f"{row['processor']:.2f} cores", f"{ms(row['deleted_p50'])} / {ms(row['deleted_max'])}",
                f"{row['deleted']:,}", mb(row["memory"]["rss"]),
            ]
            for row in rows
        ],
    )


def backlog(result, _) -> str:
    text = grid(
        ["a backlog of deliveries", "uploads of 10 studies, p50 / p99", "studies stored", "another endpoint, p50 / p95", "lost"],
        [
            [
                name, f"{ms(row['uploads']['p50'])} / {ms(row['uploads']['p99'])}", f"{row['uploads']['rate']:,.0f}/s",
                f"{ms(row['delivered']['p50'])} / {ms(row['delivered']['p95'])}", f"{row['delivered']['lost']:,}",
            ]
            for name, row in result.items() if isinstance(row, dict)
        ],
    )
    return text + (
        f"\n{result['written']:,} deliveries waited, written down in {result['seconds']:.0f} s; {mb(result['bytes'])} on the "
        f"disk, {mb(result['rss'])} resident ({mb(result['anonymous'])} anonymous) at the most.\n"
    )


def kills(row, _) -> str:
    return grid(
        ["killed while studies arrive", "studies acknowledged", "lost", "aim", "reached", "arrived twice", "under two ids"],
        [[
            f"{row['kills']} times", f"{row['acknowledged']:,}", f"{row['lost']:,}", "0", reached(row["lost"] == 0),
            f"{row['duplicates']:,} of {row['arrived']:,}", f"{row['two_ids']:,}",
        ]],
    )


def reached(is_reached: bool) -> str:
    return "yes" if is_reached else "**no**"


def ms(milliseconds: float) -> str:
    return f"{milliseconds:,.0f} ms"


def mb(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"
