"""Abuse cases 11, 13, 20, 33, 36, 47 and 48 over every route that openapi.yaml describes, as callers of an issuer."""

import base64
import time
from functools import cache
from pathlib import Path

import pytest
import requests
import yaml

from support.dicom import file_bytes, new_uid, slice_of
from support.servers import Gateway
from support.tokens import OTHER, RSA, Issuer, token

ROOT = Path(__file__).resolve().parents[2]
STUDIES = "/api/v1/stores/radiology/studies"
METHODS = {"get", "put", "post", "delete", "patch"}
PATIENT = "Forbidden^Frieda"


@cache
def described() -> tuple[tuple[str, str], ...]:
    """Every operation that wants a caller."""
    document = yaml.safe_load((ROOT / "openapi.yaml").read_text())
    return tuple(
        (method.upper(), path)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS and operation.get("security", document["security"])
    )


class Configured(Gateway):
    issuer: Issuer

    def environment(self):
        return super().environment() | {
            "COLLIMATOR_IDENTITY_ISSUER_NAMES": "hospital",
            "COLLIMATOR_IDENTITY_HOSPITAL_ISSUER": self.issuer.url,
            "COLLIMATOR_IDENTITY_HOSPITAL_AUDIENCE": "collimator",
        }


class Service:
    """Two studies, and people of whom each may see what the name says."""

    def __init__(self, gateway: Configured, issuer: Issuer):
        self.gateway, self.issuer = gateway, issuer
        self.forbidden = self.store("forbidden", PatientName=PATIENT, StudyDescription="FORBIDDEN KNEE")
        self.permitted = self.store("permitted", PatientName="Permitted^Paul")
        self.rule("one", "user:hospital/one", f"stores/radiology/studies/{self.permitted.StudyInstanceUID}")
        self.rule("all", "user:hospital/all", "stores/radiology")
        self.rule("gone", "user:hospital/gone", "stores/radiology")

    def store(self, name: str, **attributes):
        dataset = slice_of(name, study=new_uid(name, "study"), series=new_uid(name, "series"), **attributes)
        stored = self.gateway.call(
            "POST", STUDIES, data=file_bytes(dataset), headers={"Content-Type": "application/dicom"}
        )
        assert stored.status_code == 201, stored.text
        return dataset

    def rule(self, name: str, principal: str, resource: str):
        body = {"id": name, "effect": "allow", "principal": principal, "role": "viewer", "resource": resource}
        added = self.gateway.call("POST", "/api/v1/access/rules", json=body)
        assert added.status_code == 201, added.text

    def token(self, who: str, key=RSA, **changes) -> str:
        return token(self.issuer, key, sub=who, **changes)

    def path(self, template: str, dataset=None) -> str:
        dataset = dataset or self.forbidden
        path = template
        for name, value in {
            "store": "radiology", "study": dataset.StudyInstanceUID, "series": dataset.SeriesInstanceUID,
            "instance": dataset.SOPInstanceUID, "frame": "1", "frames": "1", "bulkDataPath": "7FE00010",
            "rule": "one", "version": "1", "role": "viewer", "principal": encoded("user:hospital/all"),
            "operation": "radiology.4711", "format": "json",
        }.items():
            path = path.replace(f"{{{name}}}", str(value))
        return path.replace("{", "").replace("}", "")

    def send(self, method: str, template: str, text: str, dataset=None) -> tuple[int, bytes]:
        """The status and the beginning of the body: there are answers without an end."""
        with requests.request(
            method, self.gateway.url + self.path(template, dataset), headers={"Authorization": f"Bearer {text}"},
            timeout=60, stream=True, allow_redirects=False,
        ) as answer:
            is_endless = answer.headers.get("Content-Type", "").startswith("text/event-stream")
            return answer.status_code, b"" if is_endless else answer.content

    def study(self, text: str, dataset=None) -> int:
        return self.send("GET", f"{STUDIES}/{{study}}", text, dataset)[0]

    def state(self) -> list:
        """What none of the abuses may change."""
        call = self.gateway.call
        return [
            call("GET", f"{STUDIES}/{self.forbidden.StudyInstanceUID}").json()["instanceCount"],
            call("GET", "/api/v1/access/policy").json(), call("GET", "/api/v1/access/keys").json(),
            call("GET", "/api/v1/webhooks").json(),
        ]


def encoded(principal: str) -> str:
    return base64.urlsafe_b64encode(principal.encode()).decode().rstrip("=")


@pytest.fixture(scope="module")
def service(binary, tmp_path_factory):
    issuer = Issuer()
    issuer.keys = {"r": RSA}
    gateway = Configured(binary, tmp_path_factory.mktemp("every-route"))
    gateway.issuer = issuer
    with gateway:
        yield Service(gateway, issuer)
    issuer.server.shutdown()


def test_the_callers_are_who_they_are_meant_to_be(service):
    """Else what follows would say nothing."""
    assert service.study(service.token("all")) == 200
    assert service.study(service.token("one"), service.permitted) == 200
    assert service.study(service.token("one")) == service.study(service.token("none")) == 404
    assert len(described()) > 100


def hostile(service: Service, kind: str) -> str:
    now = int(time.time())
    return {
        "expired": lambda: service.token("all", iat=now - 900, exp=now - 600),
        "forged": lambda: service.token("all", OTHER),
        "of another issuer": lambda: service.token("all", iss="https://elsewhere.example"),
        "cut off": lambda: service.token("all").rsplit(".", 1)[0] + ".",
    }[kind]()


@pytest.mark.parametrize("kind", ["expired", "forged", "of another issuer", "cut off"])
def test_cases_11_13_and_20_a_hostile_token_opens_no_route(service, kind):
    before, text = service.state(), hostile(service, kind)
    opened = {}
    for method, path in described():
        status, body = service.send(method, path, text)
        if status != 401 or PATIENT.encode() in body:
            opened[f"{method} {path}"] = status
    assert opened == {}
    assert service.state() == before


def test_cases_20_and_47_a_token_of_a_suspended_caller_opens_no_route(service):
    text = service.token("gone")
    assert service.study(text) == 200
    suspension = f"/api/v1/access/principals/{encoded('user:hospital/gone')}/suspension"
    assert service.gateway.call("PUT", suspension).status_code == 200
    before = service.state()
    opened = {}
    # A token that is made after the suspension is of the same caller.
    for one in (text, service.token("gone", jti="later")):
        for method, path in described():
            status, body = service.send(method, path, one)
            if status != 401 or PATIENT.encode() in body:
                opened[f"{method} {path}"] = status
    assert opened == {}
    assert service.state() == before


@pytest.mark.parametrize("who", ["none", "one"])
def test_cases_33_36_and_48_without_the_right_no_route_tells_or_changes_anything(service, who):
    before, text = service.state(), service.token(who)
    wrong = {}
    for method, path in described():
        status, body = service.send(method, path, text)
        is_list = method == "GET" and "{study}" not in path and status in (200, 204)
        is_empty_search = method == "GET" and path.startswith(("/dicomweb/", "/v1/")) and status == 204
        is_refused = 400 <= status < 500 and status != 401
        tells = PATIENT.encode() in body or b"FORBIDDEN KNEE" in body
        if tells or not (is_list or is_empty_search or is_refused):
            wrong[f"{method} {path}"] = (status, body[:200])
    assert wrong == {}
    assert service.state() == before


def test_case_33_what_is_forbidden_and_what_is_not_there_are_answered_for_alike(service):
    class Absent:
        StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID = "1.2.9", "1.2.9.1", "1.2.9.1.1"

    text, told = service.token("one"), {}
    for method, path in described():
        if "{study}" in path:
            forbidden, absent = service.send(method, path, text)[0], service.send(method, path, text, Absent)[0]
            if forbidden != absent:
                told[f"{method} {path}"] = (forbidden, absent)
    assert told == {}
