"""The gateway's intake by push: the emulator's Pub/Sub pushes to it with tokens of its own, and others try to.

COLLIMATOR_PUSH_KILLS sets how often the gateway is killed (3).
"""

import base64
import hashlib
import hmac
import json
import os
import random
import secrets
import time

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from support.dicom import file_bytes, slice_of
from support.servers import Gateway
from test_events import ConfiguredGateway, wait_until

KILLS = int(os.environ.get("COLLIMATOR_PUSH_KILLS", "3"))
ACCOUNT = "push@local.iam.gserviceaccount.com"
AUDIENCE = "https://imaging.example.org/events/pubsub"
PROJECT = "projects/local"
STRANGER = rsa.generate_private_key(65537, 2048)


class PushedGateway(ConfiguredGateway):
    """A gateway that takes pushes of the emulator and pulls nothing."""

    def __init__(self, binary, folder, emulator, store):
        Gateway.__init__(self, binary, folder)
        self.emulator = emulator
        self.config = folder / "collimator.yaml"
        self.config.write_text(
            f"stores:\n  names: [radiology]\n  radiology:\n    resource: {store.path}\n"
            f"upstream:\n  credentials: {emulator.key_file}\n"
            f"endpoints:\n  healthcare: {emulator.host}\n  pubsub: {emulator.host}\n"
            f"events:\n  push:\n    audience: {AUDIENCE}\n    serviceAccount: {ACCOUNT}\n"
            f"    jwksURL: {emulator.host}/oauth2/v3/certs\n"
        )

    def claims(self, **changes):
        now = int(time.time())
        claims = {
            "aud": AUDIENCE, "azp": "1137", "email": ACCOUNT, "email_verified": True, "exp": now + 3600, "iat": now,
            "iss": "https://accounts.google.com", "sub": "1137",
        } | changes
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, key=None, algorithm="RS256", **changes):
        """A token as the emulator signs it, with its own key, changed."""
        file = json.loads(self.emulator.key_file.read_text())
        return jwt.encode(
            self.claims(**changes), key if key is not None else file["private_key"], algorithm=algorithm,
            headers={"kid": file["private_key_id"]},
        )

    def push(self, token, body, **headers):
        headers = ({} if token is None else {"Authorization": f"Bearer {token}"}) | headers
        return requests.post(f"{self.url}/events/pubsub", data=body, headers=headers, timeout=30)

    def rejections(self):
        answer = self.call("GET", "/api/v1/events/rejections", params={"limit": 200})
        assert answer.status_code == 200, answer.text
        return [item["reason"] for item in answer.json()["items"]]


class Studies:
    """Studies that grow behind the gateway's back, so that only messages tell of it."""

    def __init__(self, store):
        self.store = store
        self.seed = secrets.token_hex(8)
        self.expected = {}

    def put(self, number):
        dataset = slice_of("push", self.seed, number)
        dataset.StudyInstanceUID = f"1.2.826.0.1.3680043.10.1339.{int(self.seed[:8], 16)}.{number % 3}"
        dataset.SeriesInstanceUID = f"{dataset.StudyInstanceUID}.1"
        assert self.store.post(file_bytes(dataset)).status_code == 200
        self.expected[dataset.StudyInstanceUID] = self.expected.get(dataset.StudyInstanceUID, 0) + 1
        return dataset


def by_public_key(gateway) -> str:
    """The oldest trick: the public key as the secret of an HMAC."""
    file = json.loads(gateway.emulator.key_file.read_text())
    key = serialization.load_pem_private_key(file["private_key"].encode(), None).public_key()
    secret = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head = {"alg": "HS256", "typ": "JWT", "kid": file["private_key_id"]}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (head, gateway.claims())]
    code = hmac.new(secret, b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, base64.urlsafe_b64encode(code).rstrip(b"=")]).decode()


def wrapped(path: str, attributes=None) -> str:
    data = base64.b64encode(path.encode()).decode()
    message = {"data": data, "attributes": attributes or {}, "messageId": "1", "message_id": "1"}
    return json.dumps({"message": message, "subscription": f"{PROJECT}/subscriptions/s"})


def subscribe(emulator, gateway, topic, push=None, **more):
    """A push subscription of the topic that goes to the gateway."""
    name = f"{PROJECT}/subscriptions/p{secrets.token_hex(6)}"
    oidc = {"serviceAccountEmail": ACCOUNT, "audience": AUDIENCE}
    config = {"pushEndpoint": f"{gateway.url}/events/pubsub", "oidcToken": oidc} | (push or {})
    body = {"topic": topic, "pushConfig": config, "retryPolicy": {"minimumBackoff": "0s", "maximumBackoff": "1s"}}
    made = emulator.call("PUT", name, json=body | more)
    assert made.status_code == 200, made.text
    return name


def make_topic(emulator):
    topic = f"{PROJECT}/topics/p{secrets.token_hex(6)}"
    assert emulator.call("PUT", topic, json={}).status_code == 200
    return topic


def publish(emulator, topic, *texts):
    messages = [{"data": base64.b64encode(text.encode()).decode()} for text in texts]
    made = emulator.call("POST", f"{topic}:publish", json={"messages": messages})
    assert made.status_code == 200, made.text


@pytest.fixture
def topic(emulator):
    """A topic; its subscriptions go with the test."""
    topic = make_topic(emulator)
    yield topic
    listed = emulator.call("GET", f"{PROJECT}/subscriptions", params={"pageSize": 1000}).json()
    for subscription in listed.get("subscriptions", []):
        if subscription["topic"] == topic:
            emulator.call("DELETE", subscription["name"])


@pytest.fixture
def studies(store):
    studies = Studies(store)
    for number in range(3):
        studies.put(number)
    return studies


@pytest.fixture
def gateway(binary, tmp_path, emulator, store, studies):
    """A gateway that knows the studies: from then on only messages tell it that they grow."""
    folder = tmp_path / "data"
    folder.mkdir()
    with PushedGateway(binary, folder, emulator, store) as server:
        wait_until(lambda: server.counts() == studies.expected)
        yield server


@pytest.mark.parametrize(
    "push", [{}, {"noWrapper": {"writeMetadata": True}}, {"noWrapper": {}}], ids=["wrapped", "unwrapped", "bare"]
)
@pytest.mark.parametrize("form", ["notificationConfig", "notificationConfigs"])
def test_what_is_stored_behind_our_back_is_pushed_into_the_catalog(
    emulator, store, topic, studies, gateway, form, push
):
    config = {"pubsubTopic": topic}
    body = {form: [config] if form == "notificationConfigs" else config}
    patched = emulator.call("PATCH", store.path, params={"updateMask": form}, json=body)
    assert patched.status_code == 200, patched.text
    subscribe(emulator, gateway, topic, push)
    for number in range(3, 9):
        studies.put(number)
    wait_until(lambda: gateway.counts() == studies.expected)
    assert gateway.rejections() == []


def test_a_forged_push_is_refused_and_keeps_nothing(emulator, gateway):
    now = int(time.time())
    unsigned = jwt.encode(gateway.claims(), None, algorithm="none")
    later = jwt.encode(gateway.claims(sub="1138"), None, algorithm="none")
    good = gateway.token()
    forged = {
        "no token": None,
        "another key": gateway.token(key=STRANGER),
        "the public key as a secret": by_public_key(gateway),
        "no signature": unsigned,
        "a cut signature": good[:-8],
        "other claims under the signature": ".".join([good.split(".")[0], later.split(".")[1], good.split(".")[2]]),
        "another audience": gateway.token(aud="https://imaging.example.org/"),
        "two audiences": gateway.token(aud=[AUDIENCE, "https://other.example"]),
        "no audience": gateway.token(aud=None),
        "another account": gateway.token(email="other@local.iam.gserviceaccount.com"),
        "an address that is not verified": gateway.token(email_verified=False),
        "no address": gateway.token(email=None),
        "another issuer": gateway.token(iss="https://accounts.example.com"),
        "ended": gateway.token(iat=now - 7200, exp=now - 120),
        "not begun": gateway.token(iat=now + 600, exp=now + 1200),
        "no end": gateway.token(exp=None),
        "two days long": gateway.token(exp=now + 172_800),
        "the emulator's access token": emulator.credentials.token,
        "the administrator's key": gateway.key,
    }
    for what, token in forged.items():
        answer = gateway.push(token, wrapped("poison"))
        assert answer.status_code == 401, f"{what}: {answer.status_code} {answer.text}"
        assert answer.json()["code"] == "unauthenticated", what
    two = requests.post(
        f"{gateway.url}/events/pubsub?token={good}", data=wrapped("poison"), headers={"X-Goog-Iap-Jwt-Assertion": good},
        timeout=30,
    )
    assert two.status_code == 401
    assert gateway.rejections() == []
    assert gateway.push(good, wrapped("poison")).status_code == 204
    assert gateway.rejections() == ["not-a-notification"]


def test_a_pushes_token_opens_nothing_else(gateway):
    for path in ("/api/v1/me", "/api/v1/stores", "/api/v1/events/rejections"):
        assert gateway.call("GET", path, key=gateway.token()).status_code == 401, path


def test_pushes_that_come_again_are_harmless(store, studies, gateway):
    dataset = studies.put(3)
    path = f"{store.path}/dicomWeb/{store.instance_path(dataset)}"
    token = gateway.token()
    newer = wrapped(path, {"action": "StoreInstances", "storeName": store.path})
    for body in (wrapped(path), path, newer, wrapped(path)):
        for _ in range(5):
            answer = gateway.push(token, body)
            assert answer.status_code == 204 and answer.content == b""
    wait_until(lambda: gateway.counts() == studies.expected)
    assert gateway.rejections() == []


def test_poison_is_set_aside_once_and_holds_up_nothing(emulator, store, topic, studies, gateway):
    subscribe(emulator, gateway, topic)
    poison = ["hello", "a/b/c", f"{store.path}/dicomWeb/studies/evil", "x" * 20_000]
    other = "projects/p/locations/l/datasets/d/dicomStores/other/dicomWeb/studies/1.2.3"
    publish(emulator, topic, *poison, other)
    dataset = studies.put(3)
    publish(emulator, topic, f"{store.path}/dicomWeb/{store.instance_path(dataset)}")
    wait_until(lambda: len(gateway.rejections()) >= 5 and gateway.counts() == studies.expected)
    reasons = ["not-a-notification"] * 3 + ["too-large", "unknown-store"]
    assert sorted(gateway.rejections()) == reasons
    # A second round of good messages passes, and nothing of the poison has come again by then.
    dataset = studies.put(4)
    publish(emulator, topic, f"{store.path}/dicomWeb/{store.instance_path(dataset)}")
    wait_until(lambda: gateway.counts() == studies.expected)
    assert sorted(gateway.rejections()) == reasons
    assert gateway.push(gateway.token(), "x" * (14 * 1024 * 1024 + 1)).status_code == 413
    listed = gateway.call("GET", "/api/v1/events/rejections").text
    assert "hello" not in listed and "evil" not in listed


def test_kills_of_the_gateway_lose_no_push(emulator, store, topic, studies, gateway):
    body = {"notificationConfigs": [{"pubsubTopic": topic}]}
    emulator.call("PATCH", store.path, params={"updateMask": "notificationConfigs"}, json=body)
    subscribe(emulator, gateway, topic)
    chance = random.Random(studies.seed)
    number = 3
    for _ in range(KILLS):
        until = time.monotonic() + chance.uniform(0.2, 1.0)
        while time.monotonic() < until:
            studies.put(number)
            number += 1
        gateway.kill()
        for _ in range(5):
            studies.put(number)
            number += 1
        gateway.start()
    wait_until(lambda: gateway.counts() == studies.expected, seconds=60)
    assert gateway.rejections() == []
