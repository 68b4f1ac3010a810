"""The gateway beside what stands in its place today: nginx for passing studies on, FastAPI for reading them."""

import statistics
import time
from pathlib import Path

from .beside_orthanc import Files
from .load import Load
from .peers import FastAPI, Nginx
from .process import download, new_study, Sampler, store_through, upload_large
from .servers import Gateway

CONNECTIONS = 8
AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'


class Direct:
    """The emulator inside the gateway's process, called without the gateway."""

    name = "emulator"

    def __init__(self, gateway: Gateway):
        self.gateway = gateway
        self.port = gateway.emulator_port

    def headers(self):
        return {"Authorization": f"Bearer {self.gateway.emulator_token()}"}

    @property
    def dicomweb(self):
        return Gateway.store_path


def measure_all(load: Load, files: Files, folder: Path, rounds: int, seconds: float, say) -> dict:
    with Gateway(folder / "gateway") as gateway:
        say("gateway: storing the studies")
        store_through(gateway, files, everything=True)
        peers = [Nginx(folder / "nginx", gateway), FastAPI(folder / "fastapi", gateway)]
        try:
            nginx, fastapi = [peer.start() for peer in peers]
            return {
                "studies": studies(load, files, gateway, nginx, rounds, seconds, say),
                "latency": latency(load, gateway, rounds, seconds, say),
                "reads": reads(load, files, gateway, fastapi, rounds, seconds, say),
            }
        finally:
            for peer in peers:
                peer.stop()


def studies(load: Load, files: Files, gateway, nginx, rounds, seconds, say) -> list[dict]:
    """Whole studies through each, and from the emulator itself, in turn."""
    rows = []
    for connections in (1, CONNECTIONS):
        taken = in_turn(rounds, [gateway, nginx, Direct(gateway)], lambda peer: load.run(
            peer, [f"GET {peer.dicomweb}/studies/{study}" for study in files.studies], {"Accept": AS_STORED},
            connections, seconds,
        ), lambda peer: say(f"gateway: studies over {connections} connections: {peer.name}"))
        rows.append({"connections": connections} | {
            name: statistics.median(result["received_mb"] for result in results) for name, results in taken.items()
        })
    return rows


def latency(load: Load, gateway, rounds, seconds, say) -> dict:
    """One small answer at a time: what the way through the gateway adds."""
    taken = in_turn(rounds, [gateway, Direct(gateway)], lambda peer: load.run(
        peer, [f"GET {peer.dicomweb}/studies?limit=1"], {"Accept": "application/dicom+json"}, 1, seconds
    ), lambda peer: say(f"gateway: latency of a small search: {peer.name}"))
    return {
        name: {key: statistics.median(result[key] for result in results) for key in ("p50", "p99")}
        for name, results in taken.items()
    }


def reads(load: Load, files: Files, gateway, fastapi, rounds, seconds, say) -> list[dict]:
    """The same JSON of studies, by requests per second."""
    root = "GET /api/v1/stores/radiology/studies"
    plans = {
        "one study": [f"{root}/{study}" for study in files.studies],
        "study search, all": [root],
        "study search, one patient": [f"{root}?patientId={patient}" for patient in files.patients],
    }
    rows = []
    for what, lines in plans.items():
        taken = in_turn(
            rounds, [gateway, fastapi],
            lambda peer: load.run(peer, lines, {"Accept": "application/json"}, CONNECTIONS, seconds),
            lambda peer: say(f"gateway: {what}: {peer.name}"),
        )
        rows.append({"what": what} | {
            name: {key: statistics.median(result[key] for result in results) for key in ("rate", "p50", "p99")}
            for name, results in taken.items()
        })
    return rows


def in_turn(rounds: int, peers: list, run, say) -> dict[str, list[dict]]:
    """Every peer in every round; who goes first changes."""
    taken: dict[str, list[dict]] = {peer.name: [] for peer in peers}
    for number in range(rounds):
        for peer in peers if number % 2 == 0 else reversed(peers):
            say(peer)
            taken[peer.name].append(run(peer))
    return taken


def large_study(files: Files, folder: Path, gigabytes: float, say) -> list[dict]:
    """A study of 2 GB up and down through the gateway; the memory is that of gateway and emulator together."""
    with Gateway(folder / "large-gateway") as peer:
        say(f"a study of {gigabytes} GB up and down: {peer.name}")
        time.sleep(1)
        before = peer.memory()
        study = new_study(files)
        with Sampler(peer) as up:
            began = time.monotonic()
            sent = upload_large(peer, study, gigabytes)
            up_seconds = time.monotonic() - began
        with Sampler(peer) as down:
            began = time.monotonic()
            received = download(peer, f"{peer.dicomweb}/studies/{study.uid}")
            down_seconds = time.monotonic() - began
        if received < sent:
            raise SystemExit(f"{peer.name}: {sent} bytes up, {received} down")
        return [{
            "what": "through the gateway", "bytes": sent, "before": before,
            "up_mb": sent / up_seconds / 1e6, "up_rss": up.peak("rss"), "up_anonymous": up.peak("anonymous"),
            "down_mb": received / down_seconds / 1e6, "down_rss": down.peak("rss"),
            "down_anonymous": down.peak("anonymous"),
        }]
