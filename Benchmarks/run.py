"""Measures the release executable beside Orthanc and writes a table. See README.md in this folder."""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import (
    beside_orthanc, catalog, catalog_table, decisions, gateway, growth, process, table, thumbnails, webhooks,
)
from bench.beside_orthanc import Files
from bench.catalog_servers import Filler
from bench.load import Load
from bench.servers import Emulator, Gateway

ROOT = Path(__file__).resolve().parents[1]
PARTS = ["orthanc", "gateway", "start", "large", "growth", "catalog", "thumbnails", "decisions", "webhooks"]
# The parts that have files of their own, or need none.
FILELESS = {"catalog", "decisions", "webhooks"}


def main():
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--collimator", type=Path, default=ROOT / ".build/release/collimator")
    words.add_argument("--filler", type=Path, default=ROOT / ".build/release/CatalogFilling")
    words.add_argument("--timer", type=Path, default=ROOT / ".build/release/DecisionTiming")
    words.add_argument("--parts", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    words.add_argument("--rounds", type=int, default=3, help="how often each server is measured; medians are shown")
    words.add_argument("--seconds", type=float, default=4, help="how long each search and retrieval is repeated")
    words.add_argument("--gigabytes", type=float, default=2, help="the size of the large study")
    words.add_argument("--instances", default="10000,100000,1000000", help="the sizes of the store for growth")
    words.add_argument("--studies", default="10000,100000,1000000", help="the sizes of the catalog, the last for the load")
    words.add_argument("--brief", action="store_true", help="short runs of the newer parts, which only show that they work")
    words.add_argument("--requests", type=int, help="requests for thumbnails whose memory is watched; 1,000,000")
    words.add_argument("--objects", type=int, help="different pictures that they are for; 100,000")
    words.add_argument("--kills", type=int, help="how often the service is killed under webhooks; 200, or 5 with --brief")
    words.add_argument("--events", type=int, help="events a second under webhooks; 1,000")
    words.add_argument("--webhooks", help="some of bare,steady,silent,burst,endpoints,backlog,kills; all without it")
    words.add_argument("--documents", action="store_true", help="put the catalog's figures into docs/performance.md")
    words.add_argument("--work", type=Path, help="a folder on the disk to measure on; removed afterwards")
    options = words.parse_args()

    Emulator.binary = Gateway.binary = options.collimator.resolve()
    Filler.binary = options.filler.resolve()
    decisions.Timer.binary = options.timer.resolve()
    work = Path(tempfile.mkdtemp(prefix="collimator-bench-", dir=options.work))
    try:
        result = measure(options, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    out = ROOT / ".build/bench"
    out.mkdir(parents=True, exist_ok=True)
    (out / "latest.json").write_text(json.dumps(result, indent=2) + "\n")
    (out / "latest.md").write_text(table.markdown(result))
    if "catalog" in result:
        picture = catalog_table.picture(result["catalog"]["growth"])
        (out / "performance-search.svg").write_text(picture)
        if options.documents:
            (ROOT / "docs/performance-search.svg").write_text(picture)
            document(ROOT / "docs/performance.md", catalog_table.markdown(result["catalog"]))
    print(table.markdown(result))
    print(f"written to {out.relative_to(ROOT)}/latest.md and latest.json")


def measure(options, work: Path) -> dict:
    load = Load(work)
    parts = options.parts.split(",")
    result = {
        "when": time.strftime("%Y-%m-%d"), "cores": os.cpu_count(), "kernel": platform.release(),
        "orthanc": orthanc_version(), "rounds": options.rounds,
    }
    if "catalog" in parts:
        sizes = [int(size) for size in options.studies.split(",")]
        result["catalog"] = catalog.measure(load, work, sizes, options.rounds, options.seconds, say)
    if "decisions" in parts:
        lengths = decisions.Lengths(options.brief, max(int(size) for size in options.studies.split(",")))
        result["access"] = decisions.measure(load, work, lengths, options.rounds, options.seconds, say)
    if "webhooks" in parts:
        lengths = webhooks.Lengths(options.brief, options.kills, options.events)
        result["webhooks"] = webhooks.measure(load, work, lengths, options.webhooks, say)
    if set(parts) <= FILELESS:
        return result
    say("writing the benchmark's files")
    subprocess.run(
        [Emulator.binary, "demo-data", work / "files", "--profile", "benchmark"], check=True, stdout=subprocess.DEVNULL
    )
    files = Files(work / "files", work / "bodies")
    result |= {"instances": len(files.instances), "studies": len(files.studies)}
    if "orthanc" in parts:
        result["beside"] = beside_orthanc.measure_all(load, files, work, options.rounds, options.seconds, say)
    if "gateway" in parts:
        result["gateway"] = gateway.measure_all(load, files, work, options.rounds, options.seconds, say)
    if "start" in parts:
        result["process"] = process.starts_and_idle_memory(load, files, work, say)
    if "large" in parts:
        result["large"] = process.large_study(files, work, options.gigabytes, say)
        result["large"] += gateway.large_study(files, work, options.gigabytes, say)
    if "thumbnails" in parts:
        result["thumbnails"] = thumbnails.measure(
            load, files, work, options.rounds, options.seconds,
            thumbnails.Lengths(options.brief, options.requests, options.objects), say,
        )
    if "growth" in parts:
        sizes = [int(size) for size in options.instances.split(",")]
        result["growth"] = growth.measure(load, work, sizes, options.seconds, say)
    return result


def document(page: Path, figures: str):
    """Replaces what stands between the two marks of the page."""
    before, rest = page.read_text().split("<!-- catalog: begin -->")
    _, after = rest.split("<!-- catalog: end -->")
    picture = "![Median duration of each kind of search by the number of studies](performance-search.svg)"
    page.write_text(f"{before}<!-- catalog: begin -->\n\n{picture}\n\n{figures}\n<!-- catalog: end -->{after}")


def orthanc_version() -> str:
    shown = subprocess.run(
        ["dpkg-query", "--show", "--showformat", "${Package} ${Version}  ", "orthanc", "orthanc-dicomweb"],
        capture_output=True, text=True,
    )
    return shown.stdout.strip()


def say(text: str):
    print(f"    {text}", file=sys.stderr, flush=True)


main()
