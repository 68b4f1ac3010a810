"""Thumbnails: out of memory beside proxies that serve the same bytes, off the disk, made anew, in a worklist, and made at all."""

import http.client
import json
import os
import random
import shutil
import statistics
import subprocess
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .beside_orthanc import BOUNDARY, Files
from .gateway import in_turn
from .growth import INSTANCES_PER_STUDY, PREFIX, TEMPLATE
from .load import Load
from .picture_peers import BelievingGateway, Envoy, Issuer, PictureNginx
from .process import store_through
from .servers import Gateway, Peer
from .webhook_servers import HookGateway

CONNECTIONS = 8
ROOT = "/api/v1/stores/radiology/studies"
WORKLIST = 50
SIZES = [64, 128, 256, 512, 1024]
FORMATS = ["jpeg", "png", "webp"]
MADE_SIZES = [64, 128, 256]


class Lengths:
    """How much: all of it, or as little as shows that it works."""

    def __init__(self, brief: bool, requests: int | None, objects: int | None):
        self.requests = requests or (10_000 if brief else 1_000_000)
        self.objects = objects or (1_500 if brief else 100_000)
        self.cold = 80 if brief else 320


class Way:
    """One way to the picture."""

    def __init__(self, name: str, peer: Peer, path: str, token: str):
        self.name, self.peer, self.port, self.path, self.token = name, peer, peer.port, path, token

    def headers(self):
        return {"Authorization": f"Bearer {self.token}"}


def measure(load: Load, files: Files, folder: Path, rounds: int, seconds: float, lengths: Lengths, say) -> dict:
    result = {}
    with Issuer() as issuer:
        home = folder / "thumbnail-gateway"
        with BelievingGateway(home, issuer) as gateway:
            say("thumbnails: storing the studies")
            store_through(gateway, files, everything=True)
            call(gateway, "POST", "/api/v1/access/rules", gateway.rule())
            path = f"{ROOT}/{files.studies[0]}/thumbnail?size=256&format=webp"
            result |= hot(load, gateway, issuer, path, folder, rounds, seconds, say)
            result["cold"] = cold(load, files, gateway, lengths, say)
            result["making"] = making(load, files, gateway, folder, rounds, say)
            result["worklist"] = worklist(load, files, gateway, folder, say)
        # Nothing is kept in memory: every hit is read from the disk.
        with BelievingGateway(home, issuer, memory_bytes=0) as gateway:
            say("thumbnails: off the disk")
            fetch(gateway, path)
            taken = load.run(Way("disk", gateway, path, gateway.token), [f"GET {path}"], {}, CONNECTIONS, seconds)
            result["disk"] = {key: taken[key] for key in ("rate", "p50", "p99")}
    result["memory"] = memory(load, folder, lengths, say)
    return result


def hot(load: Load, gateway, issuer: Issuer, path: str, folder: Path, rounds: int, seconds: float, say) -> dict:
    picture = fetch(gateway, path)
    token, missing, peers = gateway.token, [], []
    ways = [
        Way("Collimator serve, a signed token", gateway, path, token),
        Way("Collimator serve, the administrator key", gateway, path, Gateway.key),
    ]
    try:
        try:
            nginx = PictureNginx(folder / "thumbnail-nginx", picture, token).start()
            peers.append(nginx)
            ways += [
                Way("nginx, a file, nobody checked", nginx, "/pictures/picture.webp", token),
                Way("nginx, proxy_cache and auth_request", nginx, "/cached/picture.webp", token),
            ]
            envoy = Envoy(folder / "thumbnail-envoy", nginx, issuer).start()
            peers.append(envoy)
            ways.append(Way("Envoy, jwt_authn, in front of nginx", envoy, "/pictures/picture.webp", token))
        except (SystemExit, OSError, StopIteration, subprocess.SubprocessError) as error:
            say(f"thumbnails: a peer is missing: {error}")
            missing.append(str(error) or "a peer is not installed")
        taken = in_turn(
            rounds, ways, lambda way: load.run(way, [f"GET {way.path}"], {}, CONNECTIONS, seconds),
            lambda way: say(f"thumbnails: {way.name}"),
        )
    finally:
        for peer in reversed(peers):
            peer.stop()
    return {
        "bytes": len(picture), "missing": missing,
        "of": {
            name: {key: statistics.median(result[key] for result in results) for key in ("rate", "p50", "p99")}
            for name, results in taken.items()
        },
    }


def cold(load: Load, files: Files, gateway, lengths: Lengths, say) -> dict:
    """Every instance once with nothing kept: rendered by the emulator in the same process, scaled, encoded, kept."""
    say("thumbnails: made by the store")
    call(gateway, "POST", "/api/v1/thumbnails/purges")
    lines = [
        f"GET {ROOT}/{study}/series/{series}/instances/{instance}/thumbnail?size=256&format=webp"
        for study, series, instance, _ in files.instances[:lengths.cold]
    ]
    taken = load.run(Way("cold", gateway, "", gateway.token), lines, {}, CONNECTIONS)
    return {key: taken[key] for key in ("rate", "p50", "p99", "requests")}


def making(load: Load, files: Files, gateway, folder: Path, rounds: int, say) -> dict:
    """Small pictures of larger ones that are there: through the gateway, and by libvips' own program with the same files."""
    parts = [
        f"{ROOT}/{study}/series/{series}/instances/{instance}" for study, series, instance, _ in files.instances
    ]
    sources = folder / "thumbnail-sources"
    sources.mkdir()
    way = Way("making", gateway, "", gateway.token)
    rates: dict[str, list[float]] = {"Collimator serve": [], "vipsthumbnail": []}
    for _ in range(rounds):
        say("thumbnails: decoded, scaled and encoded")
        call(gateway, "POST", "/api/v1/thumbnails/purges")
        load.run(way, [f"GET {part}/thumbnail?size=1024&format=jpeg" for part in parts], {}, CONNECTIONS)
        if not any(sources.iterdir()):
            for number, part in enumerate(parts):
                (sources / f"{number}.jpg").write_bytes(fetch(gateway, f"{part}/thumbnail?size=1024&format=jpeg"))
        lines = [f"GET {part}/thumbnail?size={size}&format=jpeg" for size in MADE_SIZES for part in parts]
        rates["Collimator serve"].append(load.run(way, lines, {}, CONNECTIONS)["rate"])
        if shutil.which("vipsthumbnail"):
            rates["vipsthumbnail"].append(by_vips(sources))
    return {name: statistics.median(those) for name, those in rates.items() if those}


def by_vips(sources: Path) -> float:
    """Pictures a second with a process for each core, each of which does its share of the files one after the other."""
    paths = sorted(sources.glob("*.jpg"))
    cores = os.cpu_count() or 1

    def share(number: int):
        for size in MADE_SIZES:
            subprocess.run(
                ["vipsthumbnail", "--size", str(size), "-o", f"small-{size}-%s.jpg", *paths[number::cores]], check=True,
                env=os.environ | {"VIPS_CONCURRENCY": "1"},
            )

    began = time.monotonic()
    with ThreadPoolExecutor(cores) as workers:
        list(workers.map(share, range(cores)))
    seconds = time.monotonic() - began
    for path in sources.glob("small-*.jpg"):
        path.unlink()
    return len(paths) * len(MADE_SIZES) / seconds


def worklist(load: Load, files: Files, gateway, folder: Path, say) -> dict:
    """A list of 50 studies and their faces as a page loads them: over one connection, and over the six of a browser."""
    say("thumbnails: a worklist")
    bodies = folder / "worklist"
    bodies.mkdir()
    study, series, instance, body = files.instances[0]
    data = body.read_bytes()
    lines, paths = [], []
    for number in range(WORKLIST):
        # Of the same length, so that nothing else of the file changes.
        names = {uid: uid[:-4] + f"{7000 + number}" for uid in (study, series, instance)}
        copy = data
        for old, new in names.items():
            copy = copy.replace(old.encode(), new.encode())
        path = bodies / f"{number}.multipart"
        path.write_bytes(copy)
        lines.append(f"POST {Gateway.dicomweb}/studies {path}")
        paths.append(f"{ROOT}/{names[study]}/thumbnail?size=128&format=webp")
    stow = {
        "Content-Type": f'multipart/related; type="application/dicom"; boundary={BOUNDARY}',
        "Accept": "application/dicom+json",
    }
    load.run(gateway, lines, stow, CONNECTIONS)
    figures = {}
    for connections in (1, 6):
        call(gateway, "POST", "/api/v1/thumbnails/purges")
        for state in ("cold", "hot"):
            took = [page(gateway, paths, connections) for _ in range(1 if state == "cold" else 5)]
            figures[f"{connections} × HTTP/1.1, {state}"] = statistics.median(took)
    return {"milliseconds": figures, "http2": speaks_http2(gateway, paths[0])}


def page(gateway, paths: list[str], connections: int) -> float:
    """Milliseconds from asking for the list to the last byte of the last picture."""
    headers = {"Authorization": f"Bearer {gateway.token}"}

    def load_some(some: list[str]):
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)
        for path in some:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"a picture of the worklist: status {answer.status}")
        connection.close()

    began = time.monotonic()
    first = [f"/api/v1/studies?limit={WORKLIST}"]
    if connections == 1:
        load_some(first + paths)
    else:
        load_some(first)
        with ThreadPoolExecutor(connections) as workers:
            list(workers.map(load_some, [paths[number::connections] for number in range(connections)]))
    return (time.monotonic() - began) * 1000


def speaks_http2(gateway, path: str) -> bool:
    if not shutil.which("curl"):
        return False
    asked = subprocess.run(
        [
            "curl", "--silent", "--http2-prior-knowledge", "--max-time", "5", "--output", "/dev/null", "--write-out",
            "%{http_version}", f"http://127.0.0.1:{gateway.port}{path}",
        ],
        capture_output=True, text=True,
    )
    return asked.returncode == 0 and asked.stdout.startswith("2")


def memory(load: Load, folder: Path, lengths: Lengths, say) -> dict:
    """What the process holds after so many requests over so many pictures, most of them seen for the first time."""
    with HookGateway(folder / "thumbnail-memory") as gateway:
        kinds = len(SIZES) * len(FORMATS)
        studies = -(-lengths.objects // (kinds * INSTANCES_PER_STUDY))
        say(f"thumbnails: storing {studies * INSTANCES_PER_STUDY:,} small instances")
        parts = store_small(load, gateway, folder, studies)
        objects = [
            f"GET {part}/thumbnail?size={size}&format={kind}" for part in parts for size in SIZES for kind in FORMATS
        ][:lengths.objects]
        rows = [{"requests": 0} | gateway.memory()]
        chance = random.Random(5)
        asked, began = 0, time.monotonic()
        while asked < lengths.requests:
            chance.shuffle(objects)
            load.run(gateway, objects[:lengths.requests - asked], {}, CONNECTIONS)
            asked += len(objects[:lengths.requests - asked])
            rows.append({"requests": asked} | gateway.memory())
            say(f"thumbnails: {asked:,} requests over {len(objects):,} pictures: {rows[-1]['rss'] / 1e6:.0f} MB")
        return {
            "objects": len(objects), "rows": rows, "rate": asked / (time.monotonic() - began),
            "statistics": json.loads(fetch(gateway, "/api/v1/thumbnails/stats")),
        }


def store_small(load: Load, gateway, folder: Path, studies: int) -> list[str]:
    """Paths of the instances."""
    headers = {
        "Content-Type": f'multipart/related; type="application/dicom"; boundary={BOUNDARY}',
        "Accept": "application/dicom+json",
    }
    lines, parts, bodies = [], [], []
    for number in range(studies):
        path = folder / f"small-{number}.multipart"
        path.write_bytes(TEMPLATE.body(number))
        bodies.append(path)
        lines.append(f"POST {Gateway.dicomweb}/studies {path}")
        for index in range(INSTANCES_PER_STUDY):
            instance = number * INSTANCES_PER_STUDY + index + 1_000_000
            series = number * 2 + index % 2 + 1_000_000
            parts.append(
                f"{ROOT}/{PREFIX}1.{number + 1_000_000:07}/series/{PREFIX}2.{series:07}/instances/{PREFIX}{instance:07}"
            )
    load.run(gateway, lines, headers, CONNECTIONS)
    for path in bodies:
        path.unlink()
    return parts


def fetch(gateway, path: str) -> bytes:
    request = urllib.request.Request(f"http://127.0.0.1:{gateway.port}{path}", headers=gateway.headers())
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def call(gateway, method: str, path: str, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = gateway.headers() | ({} if body is None else {"Content-Type": "application/json"})
    request = urllib.request.Request(f"http://127.0.0.1:{gateway.port}{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
