"""Every GET of JSON that openapi.yaml describes has an entity tag, and is 304 for a client that holds what it names.

The paths are walked as the document has them: one that is new is asked for without being named here, and fails where a
part of it is not known below.
"""

import re
import time

import pytest
import requests
import yaml

from conftest import ROOT
from support.dicom import file_bytes, new_uid, slice_of
from support.hooks import PATH, CallingGateway, connect, eventually
from support.receiver import Receiver

# What tells how the service is now and is kept by nobody.
KEPT_BY_NOBODY = {"/healthz", "/readyz"}
# What the request itself changes: the record of it, and when somebody was last there.
CHANGED_BY_ASKING = {"/api/v1/audit", "/api/v1/audit/verification", "/api/v1/access/principals",
                     "/api/v1/access/principals/{principal}"}
# What a store cannot match at the level of instances is matched here: another way to an answer.
COMPLETED = "?Rows=64&PatientID=TAG-1"
CLOUD = "/v1/projects/{project}/locations/{location}/datasets/{dataset}"
TRIES = 20


def reading() -> list[tuple[str, dict]]:
    document = yaml.safe_load((ROOT / "openapi.yaml").read_text())
    found = []
    for path, item in document["paths"].items():
        answers = item.get("get", {}).get("responses", {})
        media = answers.get("200", {}).get("content", {})
        if any(kind.split("/")[1] in ("json", "dicom+json") for kind in media) and path not in KEPT_BY_NOBODY:
            found.append((path, answers))
    return found


READING = reading()


@pytest.fixture(scope="module")
def known(binary, tmp_path_factory):
    """A gateway that has one of everything, and what stands for each part of a path."""
    folder = tmp_path_factory.mktemp("tags") / "data"
    with Receiver() as receiver, CallingGateway(binary, folder) as server:
        slices = [
            slice_of("tags", number, study=new_uid("tags"), series=new_uid("tags", "series"), InstanceNumber=number,
                     PatientID="TAG-1", PatientName="Tag^Ann")
            for number in (1, 2)
        ]
        names = {
            "project": "local", "location": "local", "dataset": "imaging", "store": "radiology", "version": "0",
            "study": slices[0].StudyInstanceUID, "series": slices[0].SeriesInstanceUID,
            "instance": slices[0].SOPInstanceUID, "key": "tagged", "rule": "tagged", "role": "viewer", "group": "tagged",
        }
        made_of = {
            "/api/v1/access/keys": {"id": "tagged", "name": "An app"},
            "/api/v1/access/rules": {
                "id": "tagged", "effect": "allow", "principal": "client:tagged", "role": "viewer",
                "resource": "stores/radiology",
            },
        }
        for path, body in made_of.items():
            answer = server.call("POST", path, json=body)
            assert answer.status_code == 201, answer.text
        answer = server.call("PUT", "/api/v1/access/groups/tagged", json={"members": ["client:tagged"]},
                             headers={"If-None-Match": "*"})
        assert answer.status_code in (200, 201), answer.text
        names["webhook"] = connect(server, receiver)
        for dataset in slices:
            store(server, dataset)
        eventually(lambda: receiver.messages, "no event came")
        names["event"] = receiver.messages[0]["event"]["id"]
        answer = server.call("POST", f"{PATH}/{names['webhook']}/replays", json={"since": "2026-01-01T00:00:00Z"})
        assert answer.status_code in (201, 202), answer.text
        names["replay"] = answer.json()["id"]
        principals = server.call("GET", "/api/v1/access/principals").json()["items"]
        names["principal"] = principals[0]["id"]
        gone = slice_of("tags", "gone", PatientID="TAG-2")
        store(server, gone)
        begun = server.call("DELETE", f"/api/v1/stores/radiology/studies/{gone.StudyInstanceUID}")
        assert begun.status_code == 202, begun.text
        names["operation"] = begun.json()["id"]
        operations = server.call("GET", CLOUD.format(**names) + "/operations").json()["operations"]
        yield server, names, operations[0]["name"].split("/")[-1]


def store(server, dataset):
    answer = server.call("POST", "/api/v1/stores/radiology/studies", data=file_bytes(dataset),
                         headers={"Content-Type": "application/dicom"})
    assert answer.status_code == 201, answer.text


def url(known, path) -> str:
    _, names, operation = known
    return re.sub(r"\{(\w+)\}", lambda part: (names | ({"operation": operation} if path.startswith("/v1/") else {}))[part[1]],
                  path)


def test_there_is_a_walk():
    trees = {path.split("/")[1] for path, _ in READING}
    assert {"api", "dicomweb", "v1", "auth"} <= trees and len(READING) > 70


@pytest.mark.parametrize(("path", "answers"), READING, ids=[path for path, _ in READING])
def test_what_is_read_has_a_tag_and_304(known, path, answers):
    server = known[0]
    target = url(known, path)
    assert "304" in answers, "it is not described"
    queries = ["", COMPLETED] if path.endswith("/instances") and not path.startswith("/api/") else [""]
    for query in queries:
        for _ in range(TRIES):
            first = server.call("GET", target + query)
            assert first.status_code == 200, first.text
            assert "json" in first.headers["Content-Type"] and first.headers["ETag"]
            if not path.startswith(("/auth/", "/api/v1/audit")):
                assert first.headers["Cache-Control"] == "private, no-cache" and "Authorization" in first.headers["Vary"]
            again = server.call("GET", target + query, headers={"If-None-Match": f'"other", {first.headers["ETag"]}'})
            # Operations go on, and deliveries are made, while it is looked at.
            if again.status_code == 304 or path in CHANGED_BY_ASKING:
                break
            time.sleep(0.5)
        assert again.status_code == 304 or path in CHANGED_BY_ASKING, "it is sent again though nothing has changed"
        held = server.call("GET", target + query, headers={"If-None-Match": "*"})
        for unchanged in [held] + [again] * (again.status_code == 304):
            assert unchanged.status_code == 304 and not unchanged.content and "Content-Type" not in unchanged.headers
            assert unchanged.headers["ETag"]
        other = server.call("GET", target + query, headers={"If-None-Match": '"other"'})
        assert other.status_code == 200 and other.content


@pytest.mark.parametrize("path", [path for path, _ in READING if "/auth/" not in path])
def test_a_tag_opens_nothing(known, path):
    server = known[0]
    for held in ("*", server.call("GET", url(known, path)).headers["ETag"]):
        refused = requests.get(server.url + url(known, path), headers={"If-None-Match": held}, timeout=60)
        assert refused.status_code == 401 and "ETag" not in refused.headers
