"""Events as webhooks: how soon they arrive, how fast a queue drains, what others cost, and what kills lose."""

import http.client
import json
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

from .catalog import at, instance
from .catalog_servers import HERE
from .growth import BOUNDARY, PREFIX, TEMPLATE
from .load import Load
from .process import Sampler
from .servers import Gateway
from .webhook_servers import Feed, HookGateway, QUIET_SECONDS, Receiver, write_events

# A study is created, each of its series is stored, and it comes to rest.
SERIES_PER_STUDY = 10
EVENTS_PER_STUDY = SERIES_PER_STUDY + 2
EVENTS_PER_SECOND = 1_000
BACKLOG_ENDPOINTS = 10
UPLOADS_PER_SECOND = 50
CONNECTIONS = 32
STUDIES_FROM = 5_000_000
FILES_PER_REQUEST = 10
UPLOAD = {"Accept": "application/json", "Content-Type": "application/dicom"}
STOW = {
    "Accept": "application/dicom+json",
    "Content-Type": f'multipart/related; type="application/dicom"; boundary={BOUNDARY}',
}
HEAD = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
TAIL = f"--{BOUNDARY}--\r\n".encode()
ALL_OF_A_STUDY = ["study.created", "series.stored", "study.stable"]
PATIENCE_SECONDS = 20
# How long the deliveries of a backlog may take to be written down.
BACKLOG_SECONDS = 900


class Lengths:
    """How long and how much: all of it, or as little as shows that it works."""

    def __init__(self, brief: bool, kills: int | None, events: int | None):
        self.events_per_second = events or EVENTS_PER_SECOND
        self.steady_seconds = 30 if brief else 300
        self.beside_seconds = 10 if brief else 30
        self.burst = 2_000 if brief else 20_000
        self.backlog = 20_000 if brief else 1_000_000
        self.endpoints = [1, 10, 100] if brief else [1, 10, 100, 1_000, 10_000]
        self.kills = kills if kills is not None else (5 if brief else 200)
        self.bare = 10_000 if brief else 50_000


class Bench:
    """What every measurement has: the load client, a receiver, and folders of its own."""

    def __init__(self, load: Load, folder: Path, lengths: Lengths, receiver: Receiver, say):
        self.load, self.folder, self.lengths, self.receiver, self.say = load, folder, lengths, receiver, say
        self.number = STUDIES_FROM

    def home(self, name: str) -> Path:
        return self.folder / f"webhooks-{name}"

    def uploads(self, gateway: HookGateway, rate: float, seconds: float, series=1) -> "Uploads":
        return Uploads(self, gateway, rate, seconds, series)


class Uploads:
    """Small new studies that are uploaded on schedule, each of so many series of one file, and what became of them."""

    def __init__(self, bench: Bench, gateway: HookGateway, rate: float, seconds: float, series: int):
        self.bench, self.gateway = bench, gateway
        self.bodies = bench.folder / "webhooks-bodies"
        self.bodies.mkdir(exist_ok=True)
        lines = []
        self.per_request = FILES_PER_REQUEST // series
        for _ in range(max(1, int(rate * seconds / self.per_request))):
            path = self.bodies / f"{bench.number}.multipart"
            numbers = range(bench.number, bench.number + self.per_request)
            files = (instance(number) if series == 1 else of_series(number, one) for number in numbers for one in range(series))
            path.write_bytes(b"".join(HEAD + file + b"\r\n" for file in files) + TAIL)
            bench.number += self.per_request
            lines.append(f"POST {Gateway.dicomweb}/studies {path}")
        self.began, self.processor = time.monotonic(), gateway.processor_seconds()
        self.begun = bench.load.begin(
            "uploads", gateway, lines, STOW, rate / self.per_request, CONNECTIONS, seconds
        )

    def finish(self) -> dict:
        rows = [row for row in self.bench.load.finish(self.begun) if row[0] != 0]
        seconds = time.monotonic() - self.began
        shutil.rmtree(self.bodies)
        took = sorted(row[1] for row in rows)
        stored = sum(status == 200 for status, *_ in rows) * self.per_request
        return {
            "studies": len(rows) * self.per_request, "stored": stored, "rate": stored / seconds, "seconds": seconds,
            "p50": at(took, 0.5), "p99": at(took, 0.99),
            "processor": (self.gateway.processor_seconds() - self.processor) / seconds,
        }


def of_series(number: int, one: int) -> bytes:
    """The only instance of one of ten series of a study."""
    own = b"%07d" % (number * SERIES_PER_STUDY % 10_000_000 + one)
    return (
        TEMPLATE.study(number).replace(PREFIX.encode() + b"7777777", PREFIX.encode() + own)
        .replace(b"2.5555555", b"2." + own)
    )


def measure(load: Load, folder: Path, lengths: Lengths, some: str | None, say) -> dict:
    parts = {
        "bare": bare, "steady": steady, "silent": silent, "burst": burst, "endpoints": endpoints, "backlog": backlog,
        "kills": kills,
    }
    result = {}
    with Receiver(folder) as receiver:
        bench = Bench(load, folder, lengths, receiver, say)
        for name in some.split(",") if some else parts:
            say(f"webhooks: {name}")
            receiver.forget()
            try:
                result[name] = parts[name](bench)
            except (SystemExit, OSError, http.client.HTTPException, subprocess.SubprocessError) as error:
                # One that fails leaves the figures of the others.
                say(f"webhooks: {name} failed: {error}")
                result.setdefault("failed", {})[name] = str(error)
    return result


def ledger(bench: Bench, committed: list[dict], hooks: set[int]) -> dict:
    """What was committed against what arrived, by id, and how long each took from its commit to its first arrival."""
    arrived = [arrival for arrival in bench.receiver.ledger() if arrival.hook in hooks]
    first: dict[tuple[int, str], float] = {}
    for arrival in arrived:
        first.setdefault((arrival.hook, arrival.id), arrival.milliseconds)
    wanted = {(hook, event["id"]) for hook in hooks for event in committed}
    took = sorted(milliseconds for key, milliseconds in first.items() if key in wanted)
    return {
        "committed": len(wanted), "arrived": len(arrived), "lost": len(wanted - first.keys()),
        "foreign": len(first.keys() - wanted), "duplicates": len(arrived) - len(first),
        "p50": at(took, 0.5), "p95": at(took, 0.95), "p99": at(took, 0.99), "max": at(took, 1),
    }


def steady(bench: Bench) -> dict:
    """So many events a second, made by uploading new studies: each is created, has ten series stored, and comes to rest."""
    rate = bench.lengths.events_per_second / EVENTS_PER_STUDY
    with HookGateway(bench.home("steady")) as gateway:
        gateway.connect([bench.receiver.url(1)], ALL_OF_A_STUDY)
        feed = Feed(gateway)
        with Sampler(gateway) as sampler:
            uploads = bench.uploads(gateway, rate, bench.lengths.steady_seconds, SERIES_PER_STUDY).finish()
            ended = time.time()
            committed = settled(bench, feed, uploads["stored"])
        # Studies come to rest from then on, and no more are uploaded after the end.
        since = ended - uploads["seconds"] + 2 * QUIET_SECONDS
        meanwhile = sum(since <= arrival.at < ended for arrival in bench.receiver.ledger())
        return ledger(bench, committed, {1}) | {
            "uploads": uploads, "offered": bench.lengths.events_per_second,
            "delivered_rate": meanwhile / max(ended - since, 1e-9), "processor": uploads["processor"],
            "rss": sampler.peak("rss"), "anonymous": sampler.peak("anonymous"),
        }


def settled(bench: Bench, feed: Feed, studies: int) -> list[dict]:
    """All that was committed, once the last study has come to rest and everything has arrived."""
    committed, end = [], time.monotonic() + PATIENCE_SECONDS + QUIET_SECONDS
    while len(committed) < EVENTS_PER_STUDY * studies and time.monotonic() < end:
        time.sleep(1)
        committed += [event for event in feed.news() if event["type"] in ALL_OF_A_STUDY]
    bench.receiver.wait_for(len(committed), PATIENCE_SECONDS, 2 * bench.lengths.steady_seconds)
    return committed


def silent(bench: Bench) -> dict:
    """The same events for one endpoint alone, and then beside one that never answers."""
    figures = {}
    with HookGateway(bench.home("silent")) as gateway:
        gateway.connect([bench.receiver.url(1)], ["study.created"])
        for name in ("alone", "beside one that never answers"):
            if name != "alone":
                gateway.connect([bench.receiver.url(2, "silent")], ["study.created"])
            bench.receiver.forget()
            feed = Feed(gateway)
            uploads = bench.uploads(gateway, UPLOADS_PER_SECOND, bench.lengths.beside_seconds).finish()
            bench.receiver.wait_for(uploads["stored"], PATIENCE_SECONDS)
            created = [event for event in feed.news() if event["type"] == "study.created"]
            figures[name] = ledger(bench, created, {1}) | {"unanswered": bench.receiver.counts()["silent"]}
    return figures


def burst(bench: Bench) -> list[dict]:
    """Events that wait when the gateway starts, as after an outage: how fast they are delivered, to one and to twenty."""
    rows = []
    for count in (1, 20):
        gateway = HookGateway(bench.home(f"burst-{count}"))
        bench.receiver.forget()
        with gateway:
            gateway.connect([bench.receiver.url(number) for number in range(count)], ["study.created"])
            bench.uploads(gateway, UPLOADS_PER_SECOND, 4).finish()
            bench.receiver.wait_for(count * UPLOADS_PER_SECOND * 4, PATIENCE_SECONDS)
        write_events(gateway.folder, "study.created", bench.lengths.burst // count)
        bench.receiver.forget()
        began = time.time()
        with gateway, Sampler(gateway) as sampler:
            processor = gateway.processor_seconds()
            counts = bench.receiver.wait_for(bench.lengths.burst, PATIENCE_SECONDS)
            processor = gateway.processor_seconds() - processor
        arrived = bench.receiver.ledger()
        seconds = (counts["last"] - counts["first"]) / 1e6
        rows.append({
            "endpoints": count, "deliveries": bench.lengths.burst, "arrived": counts["arrived"],
            "different": len({(arrival.hook, arrival.id) for arrival in arrived}),
            "rate": counts["arrived"] / max(seconds, 1e-9), "seconds": seconds,
            "since_start": counts["last"] / 1e6 - began, "processor_ms": processor * 1000 / max(1, counts["arrived"]),
            "rss": sampler.peak("rss"),
        })
    return rows


def endpoints(bench: Bench) -> list[dict]:
    """The same events for one endpoint while others want none of them, and one study that all of them want."""
    rows = []
    with HookGateway(bench.home("endpoints")) as gateway:
        there = 0
        for count in bench.lengths.endpoints:
            bench.say(f"webhooks: {count:,} endpoints")
            urls = [bench.receiver.url(number) for number in range(there, count)]
            # The first wants what is created, the others do not; what is deleted all want.
            if there == 0:
                gateway.connect(urls[:1], ["study.created", "study.deleted"])
                urls = urls[1:]
            if urls:
                gateway.connect(urls, ["study.deleted"])
            there = count
            bench.receiver.forget()
            feed = Feed(gateway)
            uploads = bench.uploads(gateway, UPLOADS_PER_SECOND, bench.lengths.beside_seconds).finish()
            bench.receiver.wait_for(uploads["stored"], PATIENCE_SECONDS)
            created = [event for event in feed.news() if event["type"] == "study.created"]
            one = ledger(bench, created, {0})
            bench.receiver.forget()
            gateway.call("DELETE", f"/api/v1/stores/radiology/studies/{created[0]['data']['study']}")
            bench.receiver.wait_for(count, PATIENCE_SECONDS)
            took = sorted(arrival.milliseconds for arrival in bench.receiver.ledger())
            rows.append({
                "endpoints": count, "one": one, "processor": uploads["processor"], "deleted": len(took),
                "deleted_p50": at(took, 0.5), "deleted_max": at(took, 1), "memory": gateway.memory(),
            })
    return rows


def backlog(bench: Bench) -> dict:
    """Deliveries that wait for receivers that are down: what uploads and another endpoint notice of them."""
    figures = {}
    gateway = HookGateway(bench.home("backlog"))
    with gateway:
        gateway.connect([bench.receiver.url(1)], ["study.created"])
        with Receiver(bench.folder) as down:
            gateway.connect([down.url(number) for number in range(BACKLOG_ENDPOINTS)], ["series.stored"])
        figures["before"] = beside(bench, gateway)
    write_events(gateway.folder, "series.stored", bench.lengths.backlog // BACKLOG_ENDPOINTS)
    before = gateway.deliveries()
    bench.say(f"webhooks: a backlog of {bench.lengths.backlog:,} deliveries")
    with gateway, Sampler(gateway) as sampler:
        began = time.monotonic()
        figures["while it grows"] = beside(bench, gateway)
        while gateway.deliveries() - before < bench.lengths.backlog and time.monotonic() < began + BACKLOG_SECONDS:
            time.sleep(0.5)
        figures["written"] = gateway.deliveries() - before
        figures["seconds"] = time.monotonic() - began
        figures["with it"] = beside(bench, gateway)
        figures["rss"], figures["anonymous"] = sampler.peak("rss"), sampler.peak("anonymous")
    figures["bytes"] = (gateway.folder / "webhooks.db").stat().st_size
    return figures


def beside(bench: Bench, gateway: HookGateway) -> dict:
    """Uploads, and the endpoint that takes what it is sent."""
    bench.receiver.forget()
    feed = Feed(gateway)
    uploads = bench.uploads(gateway, UPLOADS_PER_SECOND, bench.lengths.beside_seconds).finish()
    bench.receiver.wait_for(uploads["stored"], PATIENCE_SECONDS)
    created = [event for event in feed.news() if event["type"] == "study.created"]
    return {"uploads": uploads, "delivered": ledger(bench, created, {1})}


def kills(bench: Bench) -> dict:
    """Studies are uploaded to a gateway with its own store, which is killed and started again, over and over."""
    chance = random.Random(11)
    gateway = HookGateway(bench.home("kills"))
    with gateway:
        gateway.connect([bench.receiver.url(1)], ["study.created"])
        acknowledged, stop = [], threading.Event()
        feeding = threading.Thread(target=feed_until, args=(bench, gateway, acknowledged, stop))
        feeding.start()
        for number in range(bench.lengths.kills):
            time.sleep(chance.uniform(0.2, 1.2))
            gateway.kill()
            gateway.start()
            if number % 20 == 19:
                bench.say(f"webhooks: {number + 1} kills, {len(acknowledged):,} studies acknowledged")
        stop.set()
        feeding.join()
        end = time.monotonic() + 120
        while (missing := set(acknowledged) - {arrival.study for arrival in bench.receiver.ledger()}):
            if time.monotonic() > end:
                break
            time.sleep(1)
        # What came twice may still come.
        time.sleep(2)
        arrived = bench.receiver.ledger()
        told: dict[str, set[str]] = {}
        for arrival in arrived:
            told.setdefault(arrival.study, set()).add(arrival.id)
        return {
            "kills": bench.lengths.kills, "acknowledged": len(acknowledged), "lost": len(missing),
            "arrived": len(arrived), "duplicates": len(arrived) - len({arrival.id for arrival in arrived}),
            "two_ids": sum(len(ids) > 1 for ids in told.values()),
        }


def feed_until(bench: Bench, gateway: HookGateway, acknowledged: list[str], stop: threading.Event):
    connection = None
    while not stop.is_set():
        bench.number += 1
        try:
            connection = connection or http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
            connection.request(
                "POST", "/api/v1/stores/radiology/studies", instance(bench.number), gateway.headers() | UPLOAD
            )
            answer = connection.getresponse()
            answer.read()
            if answer.status in (200, 201):
                acknowledged.append(f"{PREFIX}1.{bench.number + 1_000_000:07}")
        except (OSError, http.client.HTTPException):  # it is not there for a moment
            connection = None
            time.sleep(0.02)


def bare(bench: Bench) -> dict:
    """The limit: a loop in Python that signs and sends, with nothing behind it."""
    done = subprocess.run(
        [sys.executable, HERE / "peers/bare_sender.py", str(bench.receiver.port), str(bench.lengths.bare), "64"],
        check=True, stdout=subprocess.PIPE, text=True,
    )
    return json.loads(done.stdout)
