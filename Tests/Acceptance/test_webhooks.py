"""Webhooks of a running service, received and verified with the libraries that receivers use.

COLLIMATOR_WEBHOOK_KILLS sets how often the service is killed (5), COLLIMATOR_KILL_SEED makes a run repeatable (it is printed).
"""

import base64
import os
import random
import subprocess
import threading
import time

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from support.dicom import new_uid
from support.hooks import PATH, CallingGateway, allow, certificate, connect, eventually, make, of, upload
from support.receiver import Receiver

KILLS = int(os.environ.get("COLLIMATOR_WEBHOOK_KILLS", "5"))
SEED = int(os.environ.get("COLLIMATOR_KILL_SEED", str(random.SystemRandom().randrange(2**32))))


@pytest.fixture(scope="module")
def server(binary, tmp_path_factory):
    with CallingGateway(binary, tmp_path_factory.mktemp("hooks") / "data") as running:
        yield running


@pytest.fixture
def receiver():
    with Receiver() as running:
        yield running


def test_messages_are_verified_by_the_libraries_of_receivers(server, receiver):
    connect(server, receiver)
    study = upload(server)
    eventually(lambda: of(receiver, study, "study.stable"), "the study never came to rest")
    receiver.verify(receiver.challenges[0])
    assert of(receiver, study, "study.created") and of(receiver, study, "series.stored")
    for message in receiver.messages:
        receiver.verify(message)
        event = message["event"]
        assert message["headers"]["webhook-id"] == event["id"]
        assert message["headers"]["content-type"] == "application/cloudevents+json"
        assert event["specversion"] == "1.0" and event["source"] == "/api/v1/stores/radiology"
        assert "patient" not in event["data"] and "accessionNumber" not in event["data"]
    assert len(set(receiver.ids())) == len(receiver.ids())


def test_altered_forged_and_old_messages_are_not_believed(server, receiver):
    connect(server, receiver)
    upload(server)
    eventually(lambda: receiver.messages, "nothing came")
    message = receiver.messages[0]
    headers = message["headers"]
    receiver.verify(message)
    forgeries = [
        dict(body=message["body"] + b" "),
        dict(body=message["body"].replace(b"study", b"STUDY")),
        dict(headers=headers | {"webhook-id": headers["webhook-id"] + "0"}),
        dict(headers=headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}),
        dict(headers=headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 600)}),
        dict(headers=headers | {"webhook-signature": "v1," + "A" * 43 + "="}),
        dict(secret="whsec_" + "A" * 43 + "="),
    ]
    for forgery in forgeries:
        with pytest.raises(WebhookVerificationError):
            receiver.verify(message, **forgery)


def test_both_secrets_sign_while_one_replaces_the_other(server, receiver):
    endpoint = connect(server, receiver)
    old = receiver.secret
    answer = server.call("POST", f"{PATH}/{endpoint}/secret-rotations", json={"overlapSeconds": 3600})
    assert answer.status_code == 201, answer.text
    new = answer.json()["secret"]
    upload(server)
    eventually(lambda: receiver.messages, "nothing came")
    message = receiver.messages[0]
    assert len(message["headers"]["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        receiver.verify(message, secret=secret)
    server.call("POST", f"{PATH}/{endpoint}/secret-rotations", json={"overlapSeconds": 0})
    assert server.call("POST", f"{PATH}/{endpoint}/tests").json()["delivered"]
    last = receiver.messages[-1]
    for secret in (old, new):
        with pytest.raises(WebhookVerificationError):
            receiver.verify(last, secret=secret)


def test_an_endpoint_gets_what_rules_allow_and_nothing_else(server, receiver):
    endpoint = connect(server, receiver, may_read=False, dataPolicy="demographics", types=["study.created"])
    mark = new_uid()
    allow(server, endpoint, condition={"patients": [{"id": mark, "issuer": "HOSP"}]})
    hidden = upload(server, PatientID="other", IssuerOfPatientID="HOSP")
    shown = upload(server, PatientID=mark, IssuerOfPatientID="HOSP")
    eventually(lambda: of(receiver, shown), "the event never came")
    assert not of(receiver, hidden)
    # What is said of patients is a right of its own.
    assert mark not in receiver.messages[0]["body"].decode()


def test_who_does_not_answer_the_challenge_gets_nothing_else(server, receiver):
    made = make(server, receiver.url)
    allow(server, made["id"])
    receiver.answers_challenges = False
    answer = server.call("POST", f"{PATH}/{made['id']}/challenges")
    assert answer.status_code == 422 and answer.json()["code"] == "unprocessable"
    again = server.call("POST", f"{PATH}/{made['id']}/challenges")
    assert again.status_code == 429 and int(again.headers["Retry-After"]) > 0
    assert server.call("POST", f"{PATH}/{made['id']}/tests").status_code == 409
    upload(server)
    time.sleep(1)
    assert len(receiver.challenges) == 1 and not receiver.messages


HOSTILE = [
    "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "https://10.0.0.1/", "https://127.1/",
    "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://0/", "https://[::1]/",
    "https://[::ffff:169.254.169.254]/", "https://[64:ff9b::a9fe:a9fe]/", "https://[64:ff9b:1::1]/",
    "https://[2002:a9fe:a9fe::]/", "https://[fe80::1%25eth0]/", "https://169.254.169.254/latest/meta-data/",
    "https://metadata.google.internal/", "https://100.64.0.1/", "https://192.0.0.192/", "https://localhost/",
    "https://LOCALHOST./", "https://example.com:25/", "https://example.com:22/", "https://example.com:0/",
    "https://a@b.example/", "https://[example.com]/", "https://ex\u00e4mple.com/", "https://example.com/\r\nX: y",
    "https://example.com\\@10.0.0.1/", "https://example.com/#x", "x" * 3000, "",
]


@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_addresses_are_refused_when_they_are_registered(server, url):
    answer = server.call("POST", PATH, json={"name": "x", "url": url})
    assert answer.status_code == 400 and answer.json()["code"] == "invalid-input"
    assert len(url) < 8 or url not in answer.text


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(server, receiver, status):
    with Receiver() as inner:
        endpoint = connect(server, receiver, types=["study.created"])
        receiver.status, receiver.headers = status, {"Location": inner.url}
        test = server.call("POST", f"{PATH}/{endpoint}/tests").json()
        assert test == test | {"delivered": False, "status": status}
        assert not inner.messages and len(receiver.messages) == 1


def test_gone_ends_the_calls_and_is_told(server, receiver):
    endpoint = connect(server, receiver, types=["study.created"])
    receiver.status = 410
    upload(server)
    eventually(
        lambda: server.call("GET", f"{PATH}/{endpoint}").json()["state"] == "gone", "the endpoint is still called"
    )

    def told() -> list[str]:
        events = server.call("GET", "/api/v1/events", params={"type": "webhook.disabled", "limit": 1000}).json()["items"]
        return [event["subject"] for event in events]

    eventually(lambda: endpoint in told(), "the feed does not say so")
    count = len(receiver.messages)
    upload(server)
    time.sleep(1)
    assert len(receiver.messages) == count


def test_a_failure_is_tried_again_with_the_same_id_and_can_be_looked_at(server, receiver):
    endpoint = connect(server, receiver, types=["study.created"])
    receiver.status = 500
    study = upload(server)
    eventually(lambda: receiver.messages, "nothing came")
    receiver.status = 204
    eventually(lambda: len(receiver.messages) == 2, "it was not tried again")
    first, second = receiver.messages
    assert first["body"] == second["body"] and first["headers"]["webhook-id"] == second["headers"]["webhook-id"]
    assert second["at"] - first["at"] > 4
    delivery = f"{PATH}/{endpoint}/deliveries/{first['headers']['webhook-id']}"
    eventually(lambda: server.call("GET", delivery).json()["state"] == "delivered", "it does not count as delivered")
    assert server.call("GET", delivery).json()["study"] == study
    attempts = server.call("GET", f"{delivery}/attempts").json()["items"]
    assert [a["status"] for a in attempts] == [500, 204] and [a["number"] for a in attempts] == [1, 2]
    assert server.call("POST", f"{delivery}/redeliveries").status_code == 202
    eventually(lambda: len(receiver.messages) == 3, "it was not delivered again")
    receiver.verify(receiver.messages[2])


def test_what_was_missed_is_replayed(server, receiver):
    endpoint = connect(server, receiver, types=["study.created"])
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 2))
    got = upload(server)
    eventually(lambda: of(receiver, got), "nothing came")
    assert server.call("PUT", f"{PATH}/{endpoint}/suspension").json()["state"] == "suspended"
    missed = [upload(server) for _ in range(3)]
    time.sleep(1)
    assert not [s for s in missed if of(receiver, s)]
    eventually(lambda: server.call("POST", f"{PATH}/{endpoint}/challenges").status_code == 200, "it is not active again")
    answer = server.call("POST", f"{PATH}/{endpoint}/replays", json={"since": since})
    assert answer.status_code == 202, answer.text
    place = answer.headers["Location"]
    eventually(lambda: server.call("GET", place).json()["state"] == "finished", "the replay does not end")
    eventually(lambda: all(of(receiver, s) for s in missed), "something is still missing")
    replay = server.call("GET", place).json()
    assert replay["complete"] and replay["eventsDone"] == replay["events"] and replay["deliveries"] >= 3
    assert len(of(receiver, got)) == 1


@pytest.mark.alone
def test_an_endpoint_that_never_answers_does_not_slow_the_others(binary, tmp_path):
    with CallingGateway(binary, tmp_path / "fair") as server, Receiver() as receiver:
        connect(server, receiver, types=["study.created"])
        with Receiver() as stand_in:
            # It answers its challenge and falls silent then.
            stuck = connect(server, stand_in, types=["study.created"])
            stand_in.take = lambda *_: time.sleep(30)
            studies, began = [], time.monotonic()
            for _ in range(12):
                studies.append(upload(server))
            uploaded = time.monotonic()
            eventually(lambda: all(of(receiver, s) for s in studies), "the other endpoint was held up", 20)
            waited = time.monotonic() - uploaded
            print(f"12 studies in {uploaded - began:.1f} s, the last of them delivered {waited:.2f} s later")
            assert waited < 10
            states = server.call("GET", f"{PATH}/{stuck}/deliveries").json()["items"]
            assert states and not [d for d in states if d["state"] == "delivered"]


def test_nothing_is_lost_when_the_service_is_killed(binary, tmp_path):
    """Every study that was acknowledged arrives, by its id, however often the service is killed."""
    print(f"COLLIMATOR_KILL_SEED={SEED}")
    chance = random.Random(SEED)
    with CallingGateway(binary, tmp_path / "killed") as server, Receiver() as receiver:
        connect(server, receiver, types=["study.created"])
        acknowledged: list[str] = []
        stop = threading.Event()

        def feed():
            while not stop.is_set():
                try:
                    acknowledged.append(upload(server))
                except Exception:  # the service is not there for a moment
                    time.sleep(0.05)

        feeding = threading.Thread(target=feed)
        feeding.start()
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.3, 1.5))
            server.kill()
            server.start()
        stop.set()
        feeding.join()
        assert len(acknowledged) > KILLS
        eventually(lambda: all(of(receiver, s) for s in acknowledged), "an acknowledged study never arrived", 120)
        for message in receiver.messages:
            receiver.verify(message) if time.time() - int(message["headers"]["webhook-timestamp"]) < 240 else None
        ids = receiver.ids()
        told = [s for s in acknowledged for _ in set(e["id"] for e in of(receiver, s))]
        assert sorted(told) == sorted(acknowledged), "a study was told of under two ids"
        print(f"{len(acknowledged)} acknowledged, 0 lost, {len(ids) - len(set(ids))} duplicates in {KILLS} kills")


def test_encrypted_calls_go_to_whom_the_configured_authorities_vouch_for(binary, tmp_path):
    files = certificate(tmp_path)
    trusting = {"COLLIMATOR_WEBHOOKS_TRUSTED_CERTIFICATES": str(files[0])}
    with Receiver(files) as receiver:
        with CallingGateway(binary, tmp_path / "trusting", **trusting) as server:
            endpoint = connect(server, receiver)
            assert server.call("POST", f"{PATH}/{endpoint}/tests").json()["delivered"]
            receiver.verify(receiver.messages[0])
        with CallingGateway(binary, tmp_path / "wary") as server:
            made = make(server, receiver.url)
            assert server.call("POST", f"{PATH}/{made['id']}/challenges").status_code == 422
            assert len(receiver.challenges) == 1


def test_no_network_is_called_that_is_not_allowed(binary, tmp_path):
    none = {"COLLIMATOR_WEBHOOKS_ALLOWED_PRIVATE_NETWORKS": "192.168.7.0/24"}
    with Receiver() as receiver, CallingGateway(binary, tmp_path / "closed", **none) as server:
        for url in (receiver.url, receiver.url.replace("http:", "https:")):
            assert server.call("POST", PATH, json={"name": "x", "url": url}).status_code == 400
    # What was allowed when the endpoint was made need not be any more.
    folder = tmp_path / "narrowed"
    with Receiver() as receiver:
        with CallingGateway(binary, folder) as server:
            endpoint = connect(server, receiver)
            key = server.key
        server = CallingGateway(binary, folder, **none)
        server.key = key
        with server:
            test = server.call("POST", f"{PATH}/{endpoint}/tests").json()
            assert test["failure"] == "address-refused" and not receiver.messages


def test_bad_configuration_is_refused_with_every_fault(binary, tmp_path):
    bad = {
        "COLLIMATOR_WEBHOOKS_ALLOWED_PRIVATE_NETWORKS": "10/8,169.254.0.0/16",
        "COLLIMATOR_WEBHOOKS_TRUSTED_CERTIFICATES": "/nowhere.pem",
        "COLLIMATOR_WEBHOOKS_CALLS_MAX": "0",
        "COLLIMATOR_WEBHOOKS_RETENTION": "1",
    }
    server = CallingGateway(binary, tmp_path / "bad", **bad)
    ended = subprocess.run(
        [str(w) for w in (binary, *server.command())], env=server.environment(), capture_output=True, text=True, timeout=60
    )
    assert ended.returncode != 0
    for key in ("allowedPrivateNetworks", "trustedCertificates", "callsMax", "retention"):
        assert f"webhooks.{key}" in ended.stderr, ended.stderr
    assert "169.254.169.254" in ended.stderr


def test_the_secret_is_nowhere_but_in_the_answer(server, receiver):
    connect(server, receiver)
    upload(server)
    eventually(lambda: receiver.messages, "nothing came")
    text = receiver.secret.removeprefix("whsec_").encode()
    key = base64.b64decode(text)
    for path in server.folder.rglob("*"):
        if path.is_file() and path.stat().st_size < 50_000_000:
            data = path.read_bytes()
            assert text not in data and key not in data, path
    log = server.log.read_bytes()
    assert text not in log and receiver.url.encode() not in log
    for name in ("webhooks.db", "webhook-secret"):
        assert (server.folder / name).stat().st_mode & 0o077 == 0


def test_the_command_line_does_what_the_interface_does(server, receiver):
    made = server.run("webhooks", "create", "--name", "by hand", "--type", "study.created", receiver.url)
    assert made.returncode == 0, made.stderr
    receiver.secret = made.stdout.strip()
    assert receiver.secret.startswith("whsec_")
    listed = server.run("webhooks", "list")
    endpoint = next(line.split()[0] for line in listed.stdout.splitlines() if "by hand" in line)
    assert "unverified" in listed.stdout and receiver.secret not in listed.stdout
    assert server.run("webhooks", "verify", endpoint).returncode == 0
    receiver.verify(receiver.challenges[0])
    allow(server, endpoint)
    assert server.run("webhooks", "test", endpoint).returncode == 0
    study = upload(server)
    event = eventually(lambda: of(receiver, study), "nothing came")[0]["id"]
    eventually(
        lambda: study in server.run("webhooks", "deliveries", endpoint, "--state", "delivered").stdout, "it is not listed"
    )
    assert "200" in server.run("webhooks", "attempts", endpoint, event).stdout
    assert server.run("webhooks", "redeliver", endpoint, event).returncode == 0
    eventually(lambda: len(of(receiver, study)) == 2, "it was not delivered again")
    replay = server.run("webhooks", "replay", endpoint, "--since", "2020-01-01T00:00:00Z")
    assert replay.returncode == 0 and "finished" in replay.stdout, replay.stderr
    rotated = server.run("webhooks", "rotate", endpoint)
    assert rotated.stdout.strip().startswith("whsec_")
    assert server.run("webhooks", "suspend", endpoint).returncode == 0
    assert server.run("webhooks", "test", endpoint).returncode != 0
    assert server.run("webhooks", "remove", endpoint).returncode == 0
    assert endpoint not in server.run("webhooks", "list").stdout
    assert server.run("webhooks", "remove", "../stores").returncode != 0
