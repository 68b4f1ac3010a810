"""Searches over a million studies: under a mixed load while studies arrive, beside Orthanc, and as the catalog grows."""

import statistics
import time
from pathlib import Path

from .catalog_queries import GROWING, Sample, WEIGHTS
from .catalog_servers import CatalogGateway, Filler, StandIn
from .growth import BOUNDARY, PREFIX, TEMPLATE
from .load import Load
from .process import Sampler
from .servers import Emulator, Orthanc

SEARCHES_PER_SECOND = 200
ARRIVALS_PER_SECOND = 50
WARMING_SECONDS = 5
LOAD_SECONDS = 60
WILDCARD_SECONDS = 15
WILDCARDS_PER_SECOND = 10
ORTHANC_STUDIES = 1_000
BACKFILL_STUDIES = 20_000
CONNECTIONS = 8
JSON = {"Accept": "application/json"}
DICOM_JSON = {"Accept": "application/dicom+json"}
# Numbers of studies that arrive; others than those of the part growth.
ARRIVING_FROM = 5_000_000


def measure(load: Load, folder: Path, sizes: list[int], rounds: int, seconds: float, say) -> dict:
    sizes = sorted(sizes)
    # First, because it needs no filling: what fails should fail early.
    backfilled = backfill(load, folder, say)
    filled = {size: Filler.fill(size, say) for size in sizes}
    largest = sizes[-1]
    result = {
        "studies": largest, "bytes": filled[largest]["bytes"], "filling": filled[largest]["rate"], "growth": [],
        "backfill": backfilled,
    }
    with StandIn(folder) as stand_in:
        for size in sizes:
            home = folder / f"catalog-{size}"
            # Marked as current once more: a catalog that was compared long ago would be compared with the stand-in.
            Filler.fill(size, lambda _: None)
            Filler.copy(size, home)
            sample = Sample(filled[size]["folder"], size)
            with CatalogGateway.before(stand_in, home) as gateway:
                gateway.wait_until_complete(30)
                result["growth"].append({"studies": size, "figures": cost(load, gateway, sample, seconds, say)})
                if size == largest:
                    result["load"] = under_load(load, gateway, stand_in, sample, folder, say)
                    result["wildcards"] = wildcards(load, gateway, sample, say)
                    result["pages"] = pages(load, gateway, sample, folder, rounds, seconds, say)
    return result


def cost(load: Load, gateway, sample: Sample, seconds: float, say) -> dict:
    """What a search takes, one at a time, with nothing else going on."""
    figures = {}
    for kind in GROWING:
        say(f"catalog: {len(sample.studies):,} of the studies sampled: {kind}")
        lines = [f"GET {sample.line(kind)}" for _ in range(400)]
        load.run(gateway, lines[:50], JSON, 1)
        taken = load.run(gateway, lines, JSON, 1, min(seconds, 1.5))
        figures[kind] = {key: taken[key] for key in ("rate", "p50", "p99", "requests")}
    return figures


def under_load(load: Load, gateway, stand_in: StandIn, sample: Sample, folder: Path, say) -> dict:
    """So many searches and arrivals a second, both on schedule whatever the gateway does."""
    say("catalog: preparing the mixed searches and what arrives")
    duration = WARMING_SECONDS + LOAD_SECONDS
    mixed = sample.mixed(SEARCHES_PER_SECOND * duration, sample.pages(gateway.get))
    files = arriving(folder, ARRIVALS_PER_SECOND * duration)
    before = stand_in.counts()
    say(f"catalog: {SEARCHES_PER_SECOND} searches and {ARRIVALS_PER_SECOND} arrivals a second for {duration} s")
    with Sampler(gateway) as sampler:
        arrivals = load.begin(
            "arrivals", gateway, [f"POST /api/v1/stores/radiology/studies {path}" for path in files],
            JSON | {"Content-Type": "application/dicom"}, ARRIVALS_PER_SECOND,
        )
        searches = load.begin("searches", gateway, [f"GET {path}" for _, path in mixed], JSON, SEARCHES_PER_SECOND)
        searched, arrived = load.finish(searches), load.finish(arrivals)
    after = stand_in.counts()
    skipped = WARMING_SECONDS * SEARCHES_PER_SECOND
    kinds = [kind for kind, _ in mixed][skipped:]
    searched = searched[skipped:]
    newest = gateway.get(f"/api/v1/studies?patientId=PID{ARRIVING_FROM + len(files) - 1:07}")
    return {
        "all": percentiles(searched),
        "kinds": {
            kind: percentiles([row for row, its in zip(searched, kinds) if its == kind]) for kind in WEIGHTS
        },
        "arrivals": percentiles(arrived[WARMING_SECONDS * ARRIVALS_PER_SECOND:]),
        "stored": after["stored"] - before["stored"], "walks": after["walks"] - before["walks"],
        "last_arrival_found": len(newest["items"]) == 1,
        "memory": memory(sampler.samples),
    }


def arriving(folder: Path, count: int) -> list[Path]:
    """Files of new studies, one instance each."""
    bodies = folder / "arriving"
    bodies.mkdir(exist_ok=True)
    paths = []
    for number in range(ARRIVING_FROM, ARRIVING_FROM + count):
        path = bodies / f"{number}.dcm"
        path.write_bytes(instance(number))
        paths.append(path)
    return paths


def instance(number: int) -> bytes:
    """The only instance of a study."""
    return (
        TEMPLATE.study(number).replace(PREFIX.encode() + b"7777777", PREFIX.encode() + b"%07d" % number)
        .replace(b"2.5555555", b"2.%07d" % number)
    )


def wildcards(load: Load, gateway, sample: Sample, say) -> dict:
    """Patterns that begin with a star, which no index helps; a refusal (422) in bounded time is an answer too."""
    say("catalog: leading wildcards")
    lines = [f"GET {sample.line('leading wildcard')}" for _ in range(WILDCARDS_PER_SECOND * WILDCARD_SECONDS)]
    return percentiles(load.finish(load.begin("wildcards", gateway, lines, JSON, WILDCARDS_PER_SECOND)))


def pages(load: Load, gateway, sample: Sample, folder: Path, rounds: int, seconds: float, say) -> list[dict]:
    """Pages of 20 studies as fast as they come, ours of a million and Orthanc's of a thousand."""
    with Orthanc(folder / "catalog-orthanc") as orthanc:
        say(f"catalog: storing {ORTHANC_STUDIES:,} studies in Orthanc")
        store(load, orthanc, folder, range(ORTHANC_STUDIES))
        names = sample.common
        plans = {
            "the newest 20": [
                ("`/api/v1`", gateway, ["GET /api/v1/studies?limit=20"], JSON),
                ("QIDO-RS", gateway, [f"GET {gateway.dicomweb}/studies?limit=20"], DICOM_JSON),
                ("Orthanc", orthanc, [f"GET {orthanc.dicomweb}/studies?limit=20"], DICOM_JSON),
            ],
            "20 of one name": [
                ("`/api/v1`", gateway, [f"GET /api/v1/studies?limit=20&patientName={name}" for name in names], JSON),
                (
                    "QIDO-RS", gateway,
                    [f"GET {gateway.dicomweb}/studies?limit=20&PatientName={name}*" for name in names], DICOM_JSON,
                ),
                ("Orthanc", orthanc, [f"GET {orthanc.dicomweb}/studies?limit=20&PatientName=Larsen*"], DICOM_JSON),
            ],
        }
        return [page(load, what, ways, rounds, seconds, say) for what, ways in plans.items()]


def page(load: Load, what: str, ways: list, rounds: int, seconds: float, say) -> dict:
    taken: dict[str, list[dict]] = {name: [] for name, *_ in ways}
    for number in range(rounds):
        for name, peer, lines, headers in ways if number % 2 == 0 else reversed(ways):
            say(f"catalog: {what}: {name}")
            taken[name].append(load.run(peer, lines, headers, CONNECTIONS, min(seconds, 2), {"200", "204"}))
    return {"what": what} | {
        name: {key: statistics.median(result[key] for result in results) for key in ("rate", "p50", "p99")}
        for name, results in taken.items()
    }


def backfill(load: Load, folder: Path, say) -> dict:
    """How long a gateway with an empty catalog takes to know all studies of an emulator that is another process."""
    with Emulator(folder / "backfill-emulator") as emulator:
        say(f"catalog: storing {BACKFILL_STUDIES:,} studies in the emulator")
        store(load, emulator, folder, range(BACKFILL_STUDIES))
        say("catalog: first backfill")
        began = time.monotonic()
        with CatalogGateway.before_emulator(emulator, folder / "backfill") as gateway, Sampler(gateway) as sampler:
            seconds = gateway.wait_until_complete(300) - began
            total = gateway.get("/api/v1/stores/radiology/studies?limit=1").get("total")
        return {
            "studies": BACKFILL_STUDIES, "seconds": seconds, "total": total,
            "peak_anonymous": sampler.peak("anonymous"),
        }


def store(load: Load, peer, folder: Path, numbers: range):
    """Stores studies of one instance each, a hundred in a request."""
    lines, paths = [], []
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    for first in range(numbers.start, numbers.stop, 100):
        path = folder / f"studies-{first}.multipart"
        parts = [head + instance(number) + b"\r\n" for number in range(first, min(first + 100, numbers.stop))]
        path.write_bytes(b"".join(parts) + f"--{BOUNDARY}--\r\n".encode())
        paths.append(path)
        lines.append(f"POST {peer.dicomweb}/studies {path}")
    headers = DICOM_JSON | {"Content-Type": f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'}
    load.run(peer, lines, headers, CONNECTIONS)
    for path in paths:
        path.unlink()


def percentiles(rows: list[tuple[int, float, float]]) -> dict:
    """Of the milliseconds since each was due; `other` counts answers that were not 200 or 201, by status."""
    took = sorted(row[1] for row in rows)
    other: dict[str, int] = {}
    for status, _, _ in rows:
        if status not in (200, 201):
            other[str(status)] = other.get(str(status), 0) + 1
    late = sorted(row[2] for row in rows)
    return {
        "requests": len(rows), "p50": at(took, 0.5), "p95": at(took, 0.95), "p99": at(took, 0.99), "max": at(took, 1),
        "late_p99": at(late, 0.99), "other": other,
    }


def at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def memory(samples: list[dict]) -> dict:
    """The greatest in the first and in the last quarter of the run: flat is when they are alike."""
    quarter = max(1, len(samples) // 4)
    return {
        f"{name}_{key}": max(sample[key] for sample in part)
        for key in ("anonymous", "rss") for name, part in (("early", samples[:quarter]), ("late", samples[-quarter:]))
    }
