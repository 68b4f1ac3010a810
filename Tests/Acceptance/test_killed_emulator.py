"""kill -9 during uploads: what was answered 200 is there and whole, and nothing else is.

COLLIMATOR_KILLS sets how often (100), COLLIMATOR_KILL_SEED makes a run repeatable (it is printed).
"""

import hashlib
import os
import random
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
import requests

from support.dicom import file_bytes, slice_of
from support.servers import Emulator

KILLS = int(os.environ.get("COLLIMATOR_KILLS", "100"))
SEED = int(os.environ.get("COLLIMATOR_KILL_SEED", str(random.SystemRandom().randrange(2**32))))
CLIENTS = 4
LIFE_SECONDS = (0.02, 0.6)


class Uploads:
    """What was sent, and what became of it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.number = 0
        self.sent: dict[str, str] = {}
        self.answered: set[str] = set()
        self.paths: dict[str, str] = {}
        # What was there whole after a kill. The end of the test looks at everything once more.
        self.seen_whole: set[str] = set()

    def next(self):
        with self.lock:
            self.number += 1
            number = self.number
        # Few studies, so that most uploads join one that exists; sizes on both sides of a page and of a read.
        dataset = slice_of("kill", SEED, number, size=16 << (number % 5), InstanceNumber=number)
        dataset.StudyInstanceUID = f"1.2.826.0.1.3680043.10.1338.{SEED}.{number % 7}"
        dataset.SeriesInstanceUID = f"{dataset.StudyInstanceUID}.1"
        data = file_bytes(dataset)
        uid = str(dataset.SOPInstanceUID)
        with self.lock:
            self.sent[uid] = hashlib.sha256(data).hexdigest()
            self.paths[uid] = f"studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}/instances/{uid}"
        return uid, data

    def run(self, url: str, headers: dict, stopped: threading.Event):
        with requests.Session() as session:
            while not stopped.is_set():
                uid, data = self.next()
                try:
                    answer = session.post(url, data=data, headers=headers, timeout=30)
                except requests.RequestException:
                    return
                assert answer.status_code == 200, answer.text
                with self.lock:
                    self.answered.add(uid)


@pytest.mark.timeout(900)
def test_nothing_that_was_answered_is_lost(binary, tmp_path, record_property):
    print(f"seed {SEED}, {KILLS} kills")
    chance = random.Random(SEED)
    folder = tmp_path / "data"
    folder.mkdir()
    uploads = Uploads()
    server = Emulator(binary, folder).start()
    store = server.make_store("killed")
    try:
        for _ in range(KILLS):
            before = set(uploads.answered)
            upload_until_killed(server, store, uploads, chance.uniform(*LIFE_SECONDS))
            server.start()
            check(store, uploads, uploads.answered - before)
        uploads.seen_whole.clear()
        check(store, uploads, uploads.answered)
        check_folder(server, store, uploads, folder)
    finally:
        server.kill()
    record_property("uploads", len(uploads.sent))
    print(f"{len(uploads.sent)} sent, {len(uploads.answered)} answered")
    assert len(uploads.answered) > KILLS, "too few uploads between kills to say anything"


def upload_until_killed(server, store, uploads, seconds):
    stopped = threading.Event()
    headers = server.headers(Content_Type="application/dicom", Accept="application/dicom+json")
    threads = [
        threading.Thread(target=uploads.run, args=(f"{store.url}/studies", headers, stopped)) for _ in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    server.kill()
    stopped.set()
    for thread in threads:
        thread.join()


def check(store, uploads, answered):
    """Each of `answered` is there and whole, and the index, the counts and what was sent agree."""
    found = {}
    offset = 0
    while True:
        page = store.call("GET", "instances", params={"limit": 10000, "offset": offset})
        items = page.json() if page.status_code == 200 else []
        found |= {item["00080018"]["Value"][0]: item for item in items}
        offset += len(items)
        if len(items) < 10000:
            break
    assert uploads.answered <= found.keys(), "an answered instance is gone"
    assert found.keys() <= uploads.sent.keys(), "there is an instance that nobody sent"
    assert len(found) == store.instance_count()
    # An upload whose answer the kill cut off may be there, but then it is there whole.
    unanswered = found.keys() - uploads.answered
    for uid in sorted((answered | unanswered) - uploads.seen_whole):
        content = store.as_stored(uploads.paths[uid])
        assert content.status_code == 200, content.text
        assert hashlib.sha256(content.content).hexdigest() == uploads.sent[uid], "an instance is not whole"
        uploads.seen_whole.add(uid)


def check_folder(server, store, uploads, folder: Path):
    """After an orderly end the files on disk are those of the index, once each, and no spool file is left."""
    count = store.instance_count()
    # What a kill left behind is swept away in the background of the next start.
    for _ in range(200):
        if files_on_disk(folder).total() == count:
            break
        time.sleep(0.05)
    assert server.stop() == 0
    on_disk = files_on_disk(folder)
    assert on_disk.total() == count
    assert on_disk.keys() <= set(uploads.sent.values())
    assert max(on_disk.values(), default=1) == 1


def files_on_disk(folder: Path) -> Counter:
    """How often each DICOM file is below the folder, by its digest, wherever and under whatever name."""
    return Counter(
        hashlib.sha256(data).hexdigest()
        for path in folder.rglob("*") if path.is_file() and (data := read_if_there(path))[128:132] == b"DICM"
    )


def read_if_there(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
