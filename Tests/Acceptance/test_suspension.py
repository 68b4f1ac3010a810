"""Cases 20, 42 and 47: within five seconds of a suspension nothing works any more that its caller holds."""

import base64
import time

import pytest
import requests
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from support.dicom import file_bytes, new_uid, slice_of
from support.servers import SCOPE, Gateway

STUDIES = "/api/v1/stores/radiology/studies"
SECONDS_MAX = 5


class Held:
    """What an app holds: a key and a token, and the links that it has asked for with each."""

    def __init__(self, gateway: Gateway, instance: str, key: str, token: str):
        self.gateway = gateway
        self.bearers = {"key": key, "token": token}
        self.links = {}
        for name, bearer in self.bearers.items():
            answer = gateway.call("GET", f"{instance}?links=signed", key=bearer)
            assert answer.status_code == 200, answer.text
            self.links[f"link by {name}"] = answer.json()["links"]["rendered"]

    def statuses(self) -> dict[str, int]:
        found = {name: self.gateway.call("GET", STUDIES, key=bearer).status_code for name, bearer in self.bearers.items()}
        for name, link in self.links.items():
            found[name] = requests.get(self.gateway.url + link, timeout=30).status_code
        return found


@pytest.fixture
def gateway(binary, tmp_path):
    with Gateway(binary, tmp_path) as server:
        yield server


def allow(gateway: Gateway, principal: str):
    body = {
        "id": principal.replace("client:", "see-"), "effect": "allow", "principal": principal, "role": "viewer",
        "resource": "stores/radiology",
    }
    assert gateway.call("POST", "/api/v1/access/rules", json=body).status_code == 201


def credentials(path):
    made = service_account.Credentials.from_service_account_file(path, scopes=[SCOPE])
    made.refresh(Request())
    return made


@pytest.mark.alone
@pytest.mark.parametrize("suspended", ["portal", "script"])
def test_a_suspension_ends_keys_tokens_and_links_of_its_caller_and_of_no_other(gateway, tmp_path, suspended):
    study, series = new_uid("suspension", "study"), new_uid("suspension", "series")
    dataset = slice_of("suspension", study=study, series=series)
    stored = gateway.call("POST", STUDIES, data=file_bytes(dataset), headers={"Content-Type": "application/dicom"})
    assert stored.status_code == 201
    instance = f"{STUDIES}/{study}/series/{series}/instances/{dataset.SOPInstanceUID}"
    allow(gateway, "client:portal")
    allow(gateway, "client:script")
    key = gateway.call("POST", "/api/v1/access/keys", json={"id": "portal", "name": "An app"}).json()["key"]
    file = tmp_path / "script.json"
    made = gateway.run("keys", "create", "--name", "A script", "--id", "script", "--service-account-file", file)
    assert made.returncode == 0, made.stderr
    script = credentials(file)
    held = Held(gateway, instance, key, script.token)
    assert set(held.statuses().values()) == {200}

    principal = base64.urlsafe_b64encode(f"client:{suspended}".encode()).decode().rstrip("=")
    assert gateway.call("PUT", f"/api/v1/access/principals/{principal}/suspension").status_code == 200
    start = time.monotonic()
    theirs = {"key", "link by key"} if suspended == "portal" else {"token", "link by token"}
    expected = {name: 401 if name in theirs else 200 for name in [*held.bearers, *held.links]}
    while (found := held.statuses()) != expected:
        assert time.monotonic() - start < SECONDS_MAX, found
        time.sleep(0.1)
    # Nor does the suspended app get itself another token.
    if suspended == "script":
        with pytest.raises(RefreshError):
            script.refresh(Request())
    else:
        script.refresh(Request())
    assert gateway.call("DELETE", f"/api/v1/access/principals/{principal}/suspension").status_code == 204
    name, bearer = ("key", key) if suspended == "portal" else ("token", credentials(file).token)
    assert gateway.call("GET", STUDIES, key=bearer).status_code == 200, name
