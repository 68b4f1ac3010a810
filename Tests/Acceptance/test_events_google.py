"""The gateway's pull against Google's own emulator of Pub/Sub, which nobody here has written.

COLLIMATOR_EVENT_KILLS sets how often the gateway is killed (5). It runs where Google's emulator is installed, or where
COLLIMATOR_PUBSUB_EMULATOR names its executable.
"""

import base64
import os
import random
import secrets
import time

import pytest

from support.dicom import file_bytes, slice_of
from support.pubsub import GooglePubSub, is_installed
from test_events import ConfiguredGateway

KILLS = int(os.environ.get("COLLIMATOR_EVENT_KILLS", "5"))
TOPIC, SUBSCRIPTION = "projects/hospital/topics/dicom", "projects/hospital/subscriptions/gateway"

pytestmark = pytest.mark.skipif(not is_installed(), reason="Google's emulator of Pub/Sub is not installed")


@pytest.fixture
def google(tmp_path):
    folder = tmp_path / "pubsub"
    folder.mkdir()
    with GooglePubSub(folder) as server:
        server.call("PUT", TOPIC, {})
        server.call("PUT", SUBSCRIPTION, {"topic": TOPIC, "ackDeadlineSeconds": 10})
        yield server


class PullingGateway(ConfiguredGateway):
    """A gateway in front of an emulator that tells it nothing: only Google's Pub/Sub does."""

    def __init__(self, binary, folder, emulator, store, google):
        folder.mkdir()
        super().__init__(binary, folder, emulator, store, SUBSCRIPTION, pubsub=google.url)

    def rejections(self):
        return self.call("GET", "/api/v1/events/rejections").json()["items"]


def eventually(condition, what: str, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def publish(google, *messages):
    body = {
        "messages": [
            {"data": base64.b64encode(data.encode()).decode()} | ({"attributes": attributes} if attributes else {})
            for data, attributes in messages
        ]
    }
    assert len(google.call("POST", f"{TOPIC}:publish", body)["messageIds"]) == len(messages)


def left(google) -> list:
    body = {"maxMessages": 100, "returnImmediately": True}
    return google.call("POST", f"{SUBSCRIPTION}:pull", body).get("receivedMessages", [])


def test_messages_of_googles_pubsub_are_taken_in_and_acknowledged(binary, tmp_path, emulator, store, google):
    """Studies grow behind the gateway's back, and it is killed; messages come in both forms, twice and in any order."""
    seed = secrets.token_hex(8)
    chance = random.Random(seed)
    expected: dict[str, int] = {}

    def put(number):
        dataset = slice_of("events", seed, number)
        dataset.StudyInstanceUID = f"1.2.826.0.1.3680043.10.1339.{int(seed[:8], 16)}.{number % 5}"
        dataset.SeriesInstanceUID = f"{dataset.StudyInstanceUID}.1"
        assert store.post(file_bytes(dataset)).status_code == 200
        expected[dataset.StudyInstanceUID] = expected.get(dataset.StudyInstanceUID, 0) + 1
        path = f"{store.path}/dicomWeb/{store.instance_path(dataset)}"
        attributes = {
            "action": "StoreInstances", "storeName": store.path, "studyInstanceUID": dataset.StudyInstanceUID,
            "seriesInstanceUID": dataset.SeriesInstanceUID, "sopInstanceUID": dataset.SOPInstanceUID,
        }
        messages = [(path, attributes if number % 2 else None)] * chance.choice([1, 1, 2])
        publish(google, *messages)

    for number in range(5):
        put(number)
    gateway = PullingGateway(binary, tmp_path / "data", emulator, store, google).start()
    try:
        eventually(lambda: gateway.counts() == expected, "what was there before is not known")
        number = 5
        for _ in range(KILLS):
            until = time.monotonic() + chance.uniform(0.05, 1.0)
            while time.monotonic() < until:
                put(number)
                number += 1
            gateway.kill()
            gateway.start()
        eventually(lambda: gateway.counts() == expected, f"a message was lost (seed {seed})")
        # What cannot be used is set aside with its reason, acknowledged, and does not come again.
        publish(google, ("projects/p/locations/l/datasets/d/dicomStores/other/dicomWeb/studies/1.2.3", None), ("?", None))
        eventually(lambda: len(gateway.rejections()) == 2, "what cannot be used is not shown")
        assert {item["reason"] for item in gateway.rejections()} == {"unknown-store", "not-a-notification"}
        # A deadline that ran out during a kill gives a message out again: none is left after it.
        time.sleep(11)
        assert left(google) == [] and len(gateway.rejections()) == 2
    finally:
        gateway.kill()
    print(f"seed {seed}: {number} instances in {len(expected)} studies, {KILLS} kills, none lost")
