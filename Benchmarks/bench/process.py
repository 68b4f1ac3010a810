"""What a process costs: time to ready, idle memory, and memory while 2 GB go through it."""

import http.client
import statistics
import threading
import time
from pathlib import Path

from .beside_orthanc import BOUNDARY, Files, store_all
from .load import Load
from .servers import Emulator, Gateway, Orthanc

STARTS = 9
IDLE_SECONDS = 8


def starts_and_idle_memory(load: Load, files: Files, folder: Path, say) -> list[dict]:
    rows = []
    for kind in (Gateway, Emulator, Orthanc):
        peer = kind(folder / f"start-{kind.__name__.lower()}")
        say(f"start and idle memory: {peer.name}")
        with peer:
            if kind is Gateway:
                store_through(peer, files)
            else:
                store_all(load, peer, files)
        times = []
        for _ in range(STARTS):
            with peer:
                times.append(peer.ready_seconds)
        with peer:
            time.sleep(IDLE_SECONDS)
            memory = peer.memory()
        rows.append({
            "what": f"{peer.name}, {len(files.instances)} instances", "ready_ms": statistics.median(times) * 1000,
            "ready_ms_all": [round(seconds * 1000) for seconds in times], "idle": memory,
        })
    return rows


def store_through(peer, files: Files, everything=False):
    """Files by the gateway's own way of uploading, one after the other."""
    connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=60)
    for *_, body in files.instances if everything else files.instances[:20]:
        data = body.read_bytes()
        data = data[data.index(b"\r\n\r\n") + 4: data.rindex(f"\r\n--{BOUNDARY}".encode())]
        connection.request(
            "POST", "/api/v1/stores/radiology/studies", data, peer.headers() | {"Content-Type": "application/dicom"}
        )
        answer = connection.getresponse()
        answer.read()
        if answer.status not in (200, 201):
            raise SystemExit(f"upload through the gateway: {answer.status}")


class Sampler:
    """The greatest memory of a process while something happens."""

    def __init__(self, peer):
        self.peer = peer
        self.samples: list[dict] = []
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.done.wait(0.1):
            self.samples.append(self.peer.memory())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()

    def peak(self, key: str) -> int:
        return max((sample[key] for sample in self.samples), default=0)


def large_study(files: Files, folder: Path, gigabytes: float, say) -> list[dict]:
    """A study of many slices up in one request and down in one, with the memory beside it."""
    rows = []
    for kind in (Emulator, Orthanc):
        peer = kind(folder / f"large-{kind.__name__.lower()}")
        say(f"a study of {gigabytes} GB up and down: {peer.name}")
        with peer:
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
            rows.append({
                "what": peer.name, "bytes": sent, "before": before,
                "up_mb": sent / up_seconds / 1e6, "up_rss": up.peak("rss"), "up_anonymous": up.peak("anonymous"),
                "down_mb": received / down_seconds / 1e6, "down_rss": down.peak("rss"),
                "down_anonymous": down.peak("anonymous"),
            })
    return rows


class Study:
    """Copies of one slice that differ in their instance UID only, which keeps its length."""

    def __init__(self, template: bytes, study: str, instance: str):
        self.template = template
        self.uid = study
        self.instance = instance.encode()

    def slice(self, number: int) -> bytes:
        uid = self.instance[:-6] + b"%06d" % (number + 100_000)
        return self.template.replace(self.instance, uid)


def new_study(files: Files) -> Study:
    study, _, instance, body = files.instances[0]
    data = body.read_bytes()
    start = data.index(b"\r\n\r\n") + 4
    return Study(data[start: data.rindex(f"\r\n--{BOUNDARY}".encode())], study, instance)


def upload_large(peer, study: Study, gigabytes: float) -> int:
    count = int(gigabytes * 1e9 / len(study.template))
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    tail = f"--{BOUNDARY}--\r\n".encode()
    connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=1200)
    connection.putrequest("POST", f"{peer.dicomweb}/studies")
    length = count * (len(head) + len(study.template) + 2) + len(tail)
    headers = peer.headers() | {
        "Content-Type": f'multipart/related; type="application/dicom"; boundary={BOUNDARY}',
        "Accept": "application/dicom+json", "Content-Length": str(length),
    }
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    for number in range(count):
        connection.send(head + study.slice(number) + b"\r\n")
    connection.send(tail)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise SystemExit(f"{peer.name}: upload of the large study: {answer.status}")
    return length


def download(peer, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=1200)
    accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
    connection.request("GET", path, headers=peer.headers() | {"Accept": accept})
    answer = connection.getresponse()
    if answer.status != 200:
        raise SystemExit(f"{peer.name}: download of the large study: {answer.status}")
    total = 0
    buffer = bytearray(1 << 20)
    while count := answer.readinto(buffer):
        total += count
    return total
