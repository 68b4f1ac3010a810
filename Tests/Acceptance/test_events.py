"""Pub/Sub of the emulator by Google's own client, and the gateway's intake, killed again and again.

COLLIMATOR_EVENT_KILLS sets how often the gateway is killed (5).
"""

import base64
import http.server
import json
import os
import random
import secrets
import threading
import time

import pytest
import requests
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from support.dicom import file_bytes, slice_of
from support.servers import Gateway

KILLS = int(os.environ.get("COLLIMATOR_EVENT_KILLS", "5"))


@pytest.fixture
def pubsub(emulator):
    return build(
        "pubsub", "v1", credentials=emulator.credentials, static_discovery=True,
        client_options={"api_endpoint": emulator.host},
    ).projects()


@pytest.fixture
def names(pubsub):
    """A topic and a subscription of it."""
    word = "t" + secrets.token_hex(6)
    topic, subscription = f"projects/local/topics/{word}", f"projects/local/subscriptions/{word}"
    assert pubsub.topics().create(name=topic, body={}).execute()["name"] == topic
    made = pubsub.subscriptions().create(name=subscription, body={"topic": topic}).execute()
    assert made["topic"] == topic and made["ackDeadlineSeconds"] == 10
    return topic, subscription


def pull(pubsub, subscription, immediately=True, count=100):
    body = {"maxMessages": count, "returnImmediately": immediately}
    return pubsub.subscriptions().pull(subscription=subscription, body=body).execute().get("receivedMessages", [])


def acknowledge(pubsub, subscription, received):
    ids = [message["ackId"] for message in received]
    assert pubsub.subscriptions().acknowledge(subscription=subscription, body={"ackIds": ids}).execute() == {}


def test_google_client_publishes_and_pulls(pubsub, names):
    topic, subscription = names
    data = base64.b64encode(b"\x00\xff binary").decode()
    body = {"messages": [{"data": data, "attributes": {"a": "b"}}, {"attributes": {"only": "these"}}]}
    ids = pubsub.topics().publish(topic=topic, body=body).execute()["messageIds"]
    assert len(set(ids)) == 2
    received = pull(pubsub, subscription, immediately=False)
    assert [message["message"]["messageId"] for message in received] == ids
    assert received[0]["message"]["data"] == data and received[0]["message"]["attributes"] == {"a": "b"}
    assert pull(pubsub, subscription) == []
    given_back = {"ackIds": [received[0]["ackId"]], "ackDeadlineSeconds": 0}
    pubsub.subscriptions().modifyAckDeadline(subscription=subscription, body=given_back).execute()
    again = pull(pubsub, subscription)
    assert [message["message"]["messageId"] for message in again] == ids[:1]
    acknowledge(pubsub, subscription, again + received[1:])
    listed = pubsub.subscriptions().list(project="projects/local", pageSize=1000).execute()["subscriptions"]
    assert subscription in {item["name"] for item in listed}
    pubsub.topics().delete(topic=topic).execute()
    assert pubsub.subscriptions().get(subscription=subscription).execute()["topic"] == "_deleted-topic_"
    pubsub.subscriptions().delete(subscription=subscription).execute()
    with pytest.raises(HttpError) as refused:
        pubsub.subscriptions().get(subscription=subscription).execute()
    assert refused.value.status_code == 404


def test_the_store_tells_of_storing_and_deleting(emulator, store, pubsub, names):
    topic, subscription = names
    body = {"notificationConfigs": [{"pubsubTopic": topic}]}
    patched = emulator.call("PATCH", store.path, params={"updateMask": "notificationConfigs"}, json=body)
    assert patched.status_code == 200, patched.text
    dataset = slice_of("events", secrets.token_hex(8), 1)
    assert store.post(file_bytes(dataset)).status_code == 200
    path = store.instance_path(dataset)
    stored = pull(pubsub, subscription, immediately=False)
    assert [base64.b64decode(item["message"]["data"]).decode() for item in stored] == [f"{store.path}/dicomWeb/{path}"]
    attributes = stored[0]["message"]["attributes"]
    assert attributes["action"] == "StoreInstances" and attributes["storeName"] == store.path
    assert attributes["sopInstanceUID"] == dataset.SOPInstanceUID
    acknowledge(pubsub, subscription, stored)
    assert store.call("DELETE", path).status_code == 200
    deleted = pull(pubsub, subscription, immediately=False)
    assert [item["message"]["attributes"]["action"] for item in deleted] == ["DeleteInstances"]


class Receiver(http.server.BaseHTTPRequestHandler):
    """Refuses the first push and takes the second."""

    received: list = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.append((self.headers["Authorization"], body))
        self.send_response(204 if len(self.received) > 1 else 500)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_a_push_carries_a_token_that_the_published_keys_verify(emulator, pubsub, names):
    from google.auth import jwt as google_jwt
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    topic, subscription = names
    Receiver.received = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_port}/hook"
        push = {"pushEndpoint": address, "oidcToken": {"serviceAccountEmail": "push@local.iam.gserviceaccount.com"}}
        pubsub.subscriptions().modifyPushConfig(subscription=subscription, body={"pushConfig": push}).execute()
        message = {"data": base64.b64encode(b"hello").decode()}
        pubsub.topics().publish(topic=topic, body={"messages": [message]}).execute()
        wait_until(lambda: len(Receiver.received) >= 2)
    finally:
        server.shutdown()
    pubsub.subscriptions().delete(subscription=subscription).execute()
    authorization, body = Receiver.received[1]
    envelope = json.loads(body)
    assert base64.b64decode(envelope["message"]["data"]) == b"hello"
    assert envelope["subscription"] == subscription
    assert envelope["message"]["messageId"] == envelope["message"]["message_id"]
    keys = requests.get(f"{emulator.host}/oauth2/v3/certs", timeout=60).json()["keys"]

    def number(text):
        return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")

    pems = {
        key["kid"]: RSAPublicNumbers(number(key["e"]), number(key["n"])).public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        for key in keys
    }
    claims = google_jwt.decode(authorization.removeprefix("Bearer "), certs=pems, audience=address)
    assert claims["iss"] == "https://accounts.google.com"
    assert claims["email"] == "push@local.iam.gserviceaccount.com" and claims["email_verified"] is True


class ConfiguredGateway(Gateway):
    """A gateway in front of an emulator that is a process of its own, with a subscription to listen to."""

    def __init__(self, binary, folder, emulator, store, subscription, pubsub=None):
        super().__init__(binary, folder)
        self.config = folder / "collimator.yaml"
        self.config.write_text(
            f"stores:\n  names: [radiology]\n  radiology:\n    resource: {store.path}\n"
            f"upstream:\n  credentials: {emulator.key_file}\n"
            f"endpoints:\n  healthcare: {emulator.host}\n  pubsub: {pubsub or emulator.host}\n"
            f"events:\n  subscriptions: [{subscription}]\n"
        )

    def command(self):
        return ["serve", "--config", self.config, "--port", self.port, "--data-dir", self.folder]

    def counts(self):
        answer = self.call("GET", "/api/v1/stores/radiology/studies", params={"limit": 200})
        assert answer.status_code == 200, answer.text
        return {item["uid"]: item["instanceCount"] for item in answer.json()["items"]}


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_kills_of_the_gateway_lose_no_message(binary, tmp_path, emulator, store, pubsub, names):
    """Studies that the catalog has grow behind its back: their number stays, so that only messages tell of it."""
    topic, subscription = names
    body = {"notificationConfigs": [{"pubsubTopic": topic}]}
    emulator.call("PATCH", store.path, params={"updateMask": "notificationConfigs"}, json=body)
    seed = secrets.token_hex(8)
    expected = {}

    def put(number):
        dataset = slice_of("events", seed, number)
        dataset.StudyInstanceUID = f"1.2.826.0.1.3680043.10.1339.{int(seed[:8], 16)}.{number % 10}"
        dataset.SeriesInstanceUID = f"{dataset.StudyInstanceUID}.1"
        assert store.post(file_bytes(dataset)).status_code == 200
        expected[dataset.StudyInstanceUID] = expected.get(dataset.StudyInstanceUID, 0) + 1

    for number in range(10):
        put(number)
    folder = tmp_path / "data"
    folder.mkdir()
    gateway = ConfiguredGateway(binary, folder, emulator, store, subscription).start()
    chance = random.Random(seed)
    try:
        wait_until(lambda: gateway.counts() == expected)
        number = 10
        for _ in range(KILLS):
            until = time.monotonic() + chance.uniform(0.05, 1.0)
            while time.monotonic() < until:
                put(number)
                number += 1
            gateway.kill()
            gateway.start()
        wait_until(lambda: gateway.counts() == expected)
        # Nothing is left to be given out: what was acknowledged was taken in.
        assert pull(pubsub, subscription) == []
    finally:
        gateway.kill()
    print(f"seed {seed}: {number} instances in {len(expected)} studies, {KILLS} kills, none lost")


ACCOUNT = "push@local.example"


class PushedGateway(Gateway):
    """A gateway that hears of changes by pushes of the emulator's Pub/Sub alone."""

    def __init__(self, binary, folder, emulator, store):
        super().__init__(binary, folder)
        self.audience = f"{self.url}/events/pubsub"
        self.config = folder / "collimator.yaml"
        self.config.write_text(
            f"stores:\n  names: [radiology]\n  radiology:\n    resource: {store.path}\n"
            f"    credentials: {emulator.key_file}\nendpoints:\n  healthcare: {emulator.host}\n"
            f"events:\n  push:\n    audience: {self.audience}\n    serviceAccount: {ACCOUNT}\n"
            f"    jwksURL: {emulator.host}/oauth2/v3/certs\n"
        )

    command = ConfiguredGateway.command
    counts = ConfiguredGateway.counts

    def rejections(self):
        return self.call("GET", "/api/v1/events/rejections").json()["items"]


@pytest.mark.parametrize("wrapping", [{}, {"noWrapper": {"writeMetadata": True}}], ids=["wrapped", "unwrapped"])
def test_changes_are_taken_in_by_push(binary, tmp_path, emulator, store, pubsub, wrapping):
    folder = tmp_path / "data"
    folder.mkdir()
    word = "t" + secrets.token_hex(6)
    topic, subscription = f"projects/local/topics/{word}", f"projects/local/subscriptions/{word}"
    pubsub.topics().create(name=topic, body={}).execute()
    emulator.call("PATCH", store.path, params={"updateMask": "notificationConfigs"},
                  json={"notificationConfigs": [{"pubsubTopic": topic}]})
    with PushedGateway(binary, folder, emulator, store) as gateway:
        # The first walk is over before anything is stored: only a push tells of what comes then.
        wait_until(lambda: gateway.call("GET", "/api/v1/stores/radiology").json()["catalog"]["complete"])
        push = {"pushEndpoint": gateway.audience,
                "oidcToken": {"serviceAccountEmail": ACCOUNT, "audience": gateway.audience}, **wrapping}
        pubsub.subscriptions().create(name=subscription, body={"topic": topic, "pushConfig": push}).execute()
        dataset = slice_of("pushed", word)
        assert store.post(file_bytes(dataset)).status_code == 200
        wait_until(lambda: gateway.counts() == {dataset.StudyInstanceUID: 1})
        assert gateway.rejections() == []
        # What says nothing that can be used is set aside and does not come again.
        data = base64.b64encode(b"no path").decode()
        pubsub.topics().publish(topic=topic, body={"messages": [{"data": data}]}).execute()
        wait_until(lambda: [item["reason"] for item in gateway.rejections()] == ["not-a-notification"])


def push_tokens(pubsub, names, identities):
    """What the emulator shows where it pushes for each of these accounts and audiences."""
    topic, subscription = names
    tokens = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        for email, audience in identities:
            Receiver.received = []
            push = {"pushEndpoint": f"http://127.0.0.1:{server.server_port}/hook",
                    "oidcToken": {"serviceAccountEmail": email, "audience": audience}}
            pubsub.subscriptions().modifyPushConfig(subscription=subscription, body={"pushConfig": push}).execute()
            data = base64.b64encode(b"anything").decode()
            pubsub.topics().publish(topic=topic, body={"messages": [{"data": data}]}).execute()
            wait_until(lambda: len(Receiver.received) >= 2)
            tokens.append(Receiver.received[1][0].removeprefix("Bearer "))
    finally:
        server.shutdown()
    pubsub.subscriptions().delete(subscription=subscription).execute()
    return tokens


def test_a_push_for_another_audience_or_by_another_account_is_refused(
    binary, tmp_path, emulator, store, pubsub, names
):
    folder = tmp_path / "data"
    folder.mkdir()
    with PushedGateway(binary, folder, emulator, store) as gateway:
        def push(token):
            headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
            return requests.post(gateway.audience, data=b'{"message": {"data": "bm8="}}', headers=headers, timeout=60)

        good, elsewhere, other = push_tokens(pubsub, names, [
            (ACCOUNT, gateway.audience), (ACCOUNT, "https://elsewhere.example"), ("other@local.example", gateway.audience),
        ])
        altered = good[:-8] + ("A" * 8 if good[-8:] != "A" * 8 else "B" * 8)
        for token in (None, gateway.key, emulator.credentials.token, elsewhere, other, altered):
            answer = push(token)
            assert answer.status_code == 401 and answer.json()["code"] == "unauthenticated"
        assert gateway.rejections() == []
        # The very same message by who may push is taken, and set aside because it says nothing.
        assert push(good).status_code == 204
        assert [item["reason"] for item in gateway.rejections()] == ["not-a-notification"]
        # What lets a push in lets nobody in elsewhere.
        assert gateway.call("GET", "/api/v1/stores", key=good).status_code == 401
