"""What tests of webhooks share: a gateway that may call this machine, endpoints, and studies that are uploaded."""

import subprocess
import time

from support.dicom import file_bytes, new_uid, slice_of
from support.servers import Gateway

PATIENCE_SECONDS = 60
PATH = "/api/v1/webhooks"


class CallingGateway(Gateway):
    """A gateway that may call receivers on this machine."""

    def __init__(self, binary, folder, **environment):
        folder.mkdir(exist_ok=True)
        super().__init__(binary, folder)
        self.more = environment

    def environment(self):
        return super().environment() | {
            "COLLIMATOR_WEBHOOKS_ALLOWED_PRIVATE_NETWORKS": "127.0.0.0/8",
            "COLLIMATOR_EVENTS_QUIET_TIME": "2",
            "COLLIMATOR_CATALOG_SWEEP_INTERVAL": "1",
        } | self.more

    def is_ready(self):
        return super().is_ready() and self.has_whole_catalog()


def eventually(condition, what: str, seconds=PATIENCE_SECONDS):
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
    return answer


def upload(server, study=None, **attributes) -> str:
    study, series = study or new_uid(), new_uid()
    data = file_bytes(slice_of(study, series, 1, study=study, series=series, InstanceNumber=1, **attributes))
    answer = server.call(
        "POST", "/api/v1/stores/radiology/studies", data=data, headers={"Content-Type": "application/dicom"}
    )
    assert answer.status_code in (200, 201), answer.text
    return study


def allow(server, endpoint: str, role="viewer", **more):
    rule = {
        "id": endpoint.lower().replace("_", "-") + "-" + role, "effect": "allow", "principal": f"client:{endpoint}",
        "role": role, "resource": "stores/radiology",
    } | more
    answer = server.call("POST", "/api/v1/access/rules", json=rule)
    assert answer.status_code == 201, answer.text


def make(server, url: str, **settings) -> dict:
    answer = server.call("POST", PATH, json={"name": "a receiver", "url": url} | settings)
    assert answer.status_code == 201, answer.text
    return answer.json()


def connect(server, receiver, may_read=True, **settings) -> str:
    """An endpoint that has answered its challenge; gives its id."""
    made = make(server, receiver.url, **settings)
    receiver.secret = made["secret"]
    answer = server.call("POST", f"{PATH}/{made['id']}/challenges")
    assert answer.status_code == 200 and answer.json()["state"] == "active", answer.text
    if may_read:
        allow(server, made["id"])
    return made["id"]


def of(receiver, study, kind=None) -> list[dict]:
    return [e for e in receiver.events(kind) if e.get("data", {}).get("study") == study]


def certificate(folder, name="certificate"):
    """A certificate of loopback, and its key."""
    names = (folder / f"{name}.pem", folder / f"{name}.key")
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=receiver",
            "-addext", "subjectAltName=IP:127.0.0.1", "-out", names[0], "-keyout", names[1],
        ],
        check=True, capture_output=True,
    )
    return names
