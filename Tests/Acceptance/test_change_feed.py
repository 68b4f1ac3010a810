"""The change feed of a running service: what is uploaded is told once, also when the service is killed.

COLLIMATOR_EVENT_KILLS sets how often the service is killed (5), COLLIMATOR_KILL_SEED makes a run repeatable (it is printed).
COLLIMATOR_BURST_INSTANCES sets how many instances of one study are uploaded within a minute (300; 2000 for the full figure).
"""

import json
import os
import random
import threading
import time

import requests

from support.dicom import file_bytes, new_uid, slice_of
from support.servers import Gateway

KILLS = int(os.environ.get("COLLIMATOR_EVENT_KILLS", "5"))
BURST = int(os.environ.get("COLLIMATOR_BURST_INSTANCES", "300"))
SEED = int(os.environ.get("COLLIMATOR_KILL_SEED", str(random.SystemRandom().randrange(2**32))))
PATIENCE_SECONDS = 60
PATH = "/api/v1/events"


class RestlessGateway(Gateway):
    """A gateway in which a study has come to rest after two seconds."""

    def __init__(self, binary, folder, **environment):
        folder.mkdir(exist_ok=True)
        super().__init__(binary, folder)
        self.more = environment

    def environment(self):
        settings = {"COLLIMATOR_EVENTS_QUIET_TIME": "2", "COLLIMATOR_CATALOG_SWEEP_INTERVAL": "1"}
        return super().environment() | settings | self.more

    def is_ready(self):
        return super().is_ready() and self.has_whole_catalog()


def upload(server, study, series, number) -> None:
    data = file_bytes(slice_of(study, series, number, study=study, series=series, InstanceNumber=number))
    answer = server.call(
        "POST", "/api/v1/stores/radiology/studies", data=data, headers={"Content-Type": "application/dicom"}
    )
    assert answer.status_code in (200, 201), answer.text


def read_all(server, after=None, **query) -> tuple[list[dict], str]:
    """Every event after the position, page by page, and where to go on."""
    found = []
    while True:
        params = query | {"limit": 7} | ({"after": after} if after else {})
        answer = server.call("GET", PATH, params=params)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if not page["items"] and page["nextCursor"] == after:
            return found, after
        after = page["nextCursor"]


def eventually(condition, what: str):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (answer := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.1)
    return answer


def of_study(events, study, kind=None) -> list[dict]:
    return [e for e in events if e["data"].get("study") == study and kind in (None, e["type"])]


def test_many_instances_are_one_study(binary, tmp_path):
    """However many instances come, the study is made once and comes to rest once; the rest is bounded."""
    with RestlessGateway(binary, tmp_path / "many") as server:
        study, series, count = new_uid(), new_uid(), 120
        for number in range(count):
            upload(server, study, series, number + 1)

        def has_rested() -> bool:
            rested = of_study(read_all(server)[0], study, "study.stable")
            return bool(rested) and rested[-1]["data"].get("instanceCount") == count

        eventually(has_rested, "the study never came to rest")
        events, _ = read_all(server)
        rested = of_study(events, study, "study.stable")
        assert [e["data"]["revision"] for e in rested] == list(range(1, len(rested) + 1))
        assert rested[-1]["data"]["instanceCount"] == count
        assert len(of_study(events, study, "study.created")) == 1
        assert len(of_study(events, study, "study.updated")) <= count / 4
        assert len({e["id"] for e in events}) == len(events)
        assert [e["sequence"] for e in events] == sorted(e["sequence"] for e in events)


def test_a_burst_comes_to_rest_once(binary, tmp_path):
    """What several senders upload of one study within a minute: one study.created, one study.stable, few in between."""
    senders, study = 4, new_uid()
    with RestlessGateway(binary, tmp_path / "burst", COLLIMATOR_EVENTS_QUIET_TIME="10") as server:
        faults: list[BaseException] = []

        def send(first: int):
            # A series for each, in one connection: the time goes into storing, and not into asking.
            series = new_uid()
            try:
                with requests.Session() as session:
                    session.headers["Authorization"] = f"Bearer {server.key}"
                    session.headers["Content-Type"] = "application/dicom"
                    for number in range(first, BURST + 1, senders):
                        data = file_bytes(
                            slice_of(study, series, number, study=study, series=series, InstanceNumber=number)
                        )
                        url = f"{server.url}/api/v1/stores/radiology/studies"
                        assert session.post(url, data=data, timeout=60).status_code in (200, 201)
            except BaseException as fault:
                faults.append(fault)

        began = time.monotonic()
        sending = [threading.Thread(target=send, args=(first,)) for first in range(1, senders + 1)]
        for one in sending:
            one.start()
        for one in sending:
            one.join()
        seconds = time.monotonic() - began
        assert not faults, faults
        eventually(lambda: of_study(read_all(server)[0], study, "study.stable"), "the study never came to rest")
        time.sleep(3)
        events = of_study(read_all(server)[0], study)
        kinds = [e["type"] for e in events]
        print(f"{BURST} instances in {seconds:.1f} s: {({k: kinds.count(k) for k in sorted(set(kinds))})}")
        assert kinds.count("study.created") == 1 and kinds.count("study.stable") == 1
        assert events[-1]["type"] == "study.stable" and events[-1]["data"]["instanceCount"] == BURST
        # Changes are gathered for two seconds: what a burst costs depends on its time, and not on its size.
        assert kinds.count("study.updated") <= seconds + 5
        assert kinds.count("series.stored") <= senders * (seconds + 5)


def test_a_deletion_is_told(binary, tmp_path):
    with RestlessGateway(binary, tmp_path / "deleted") as server:
        study, series = new_uid(), new_uid()
        upload(server, study, series, 1)
        eventually(lambda: of_study(read_all(server)[0], study, "study.created"), "the study was never told of")
        _, place = read_all(server)
        answer = server.call("DELETE", f"/api/v1/stores/radiology/studies/{study}")
        assert answer.status_code in (200, 202, 204), answer.text
        events = eventually(
            lambda: of_study(read_all(server, place)[0], study, "study.deleted"), "the deletion was never told of"
        )
        assert len(events) == 1


def test_a_stream_goes_on_where_it_was(binary, tmp_path):
    with RestlessGateway(binary, tmp_path / "stream") as server:
        studies = [new_uid() for _ in range(4)]
        upload(server, studies[0], new_uid(), 1)
        eventually(lambda: of_study(read_all(server)[0], studies[0]), "the study was never told of")
        _, place = read_all(server)

        def follow(position, wanted) -> list[tuple[str, dict]]:
            headers = {"Authorization": f"Bearer {server.key}", "Last-Event-ID": position}
            found, current = [], None
            with requests.get(
                f"{server.url}{PATH}/stream", params={"type": "study.created"}, headers=headers, stream=True, timeout=30
            ) as answer:
                assert answer.status_code == 200
                assert answer.headers["Content-Type"] == "text/event-stream"
                for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
                    if line.startswith("id: "):
                        current = line[4:]
                    if line.startswith("data: "):
                        found.append((current, json.loads(line[6:])))
                        if len(found) == wanted:
                            return found
            raise AssertionError("the stream ended")

        sender = threading.Thread(target=lambda: [upload(server, study, new_uid(), 1) for study in studies[1:3]])
        sender.start()
        first = follow(place, 2)
        sender.join()
        assert [e["data"]["study"] for _, e in first] == studies[1:3]
        upload(server, studies[3], new_uid(), 1)
        second = follow(first[-1][0], 1)
        assert [e["data"]["study"] for _, e in second] == studies[3:]
        again = follow(first[0][0], 2)
        assert [e["id"] for _, e in again] == [first[1][1]["id"], second[0][1]["id"]]


def test_kills_lose_no_event(binary, tmp_path):
    """Each study whose upload was answered is told of; nobody who reads on misses one or gets one twice."""
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    server = RestlessGateway(binary, tmp_path / "killed").start()
    try:
        answered, read, place = [], [], None
        for _ in range(KILLS):
            ending = threading.Timer(chance.uniform(0.3, 2.5), server.kill)
            ending.start()
            try:
                while True:
                    study = new_uid()
                    upload(server, study, new_uid(), 1)
                    answered.append(study)
            except requests.RequestException:
                pass
            ending.join()
            server.start()
            events, place = read_all(server, place)
            read += events

        def is_told() -> bool:
            nonlocal place
            events, place = read_all(server, place)
            read.extend(events)
            return set(answered) <= {e["data"].get("study") for e in read if e["type"] == "study.created"}

        eventually(is_told, "a study that was uploaded was never told of")
        assert len({e["id"] for e in read}) == len(read)
        everything, _ = read_all(server)
        assert [e["id"] for e in everything[: len(read)]] == [e["id"] for e in read]
        print(f"{len(answered)} uploads answered, {KILLS} kills, {len(read)} events, none lost, none twice")
    finally:
        server.kill()
