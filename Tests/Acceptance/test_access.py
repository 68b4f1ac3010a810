"""Access rules with a running server: what a key sees follows them at once."""

import json

import pytest
from dicomweb_client.api import DICOMwebClient
from requests import HTTPError, Session

from support.dicom import file_bytes, new_uid, slice_of
from support.servers import Gateway

STUDIES = "/api/v1/stores/radiology/studies"
ROOT = "/api/v1/access"


def store(gateway: Gateway, name: str) -> str:
    study = new_uid(name, "study")
    stored = gateway.call(
        "POST", STUDIES, data=file_bytes(slice_of(name, study=study, series=new_uid(name, "series"))),
        headers={"Content-Type": "application/dicom"},
    )
    assert stored.status_code == 201, stored.text
    return study


def make_key(gateway: Gateway, name: str) -> str:
    made = gateway.call("POST", f"{ROOT}/keys", json={"id": name, "name": "An app"})
    assert made.status_code == 201, made.text
    return made.json()["key"]


def listed(gateway: Gateway, key: str) -> set[str]:
    return {study["uid"] for study in gateway.call("GET", STUDIES, key=key).json().get("items", [])}


def test_a_key_sees_what_a_rule_gives_it_and_no_longer_than_the_rule_is_there(binary, tmp_path):
    gateway = Gateway(binary, tmp_path)
    with gateway:
        mine, other = store(gateway, "mine"), store(gateway, "other")
        key = make_key(gateway, "portal")
        session = Session()
        session.headers["Authorization"] = f"Bearer {key}"
        rule = {
            "id": "one", "effect": "allow", "principal": "client:portal", "role": "viewer",
            "resource": f"stores/radiology/studies/{mine}",
        }
        assert gateway.call("POST", f"{ROOT}/rules", json=rule).status_code == 201
        assert listed(gateway, key) == {mine}
        assert gateway.call("GET", f"{STUDIES}/{mine}", key=key).status_code == 200
        assert gateway.call("GET", f"{STUDIES}/{other}", key=key).status_code == 404
        client = DICOMwebClient(url=f"{gateway.url}/dicomweb/radiology", session=session)
        assert [found["0020000D"]["Value"] for found in client.search_for_studies()] == [[mine]]
        assert [str(found.StudyInstanceUID) for found in client.retrieve_study(mine)] == [mine]
        with pytest.raises(HTTPError):
            client.retrieve_study(other)
        question = {
            "principal": "client:portal", "permission": "healthcare.dicomStores.dicomWebRead", "store": "radiology",
        }
        for study, outcome, deciding in ((mine, "allowed", "one"), (other, "hidden", None)):
            explained = gateway.call("POST", f"{ROOT}/explanations", json=question | {"study": study}).json()
            assert (explained["outcome"], explained["rule"]) == (outcome, deciding)
    # The rules outlive a restart, in a file that nobody else may read.
    with gateway:
        assert gateway.call("GET", f"{STUDIES}/{mine}", key=key).status_code == 200
        assert gateway.call("GET", f"{STUDIES}/{other}", key=key).status_code == 404
        files = [path for path in tmp_path.rglob("access.db*") if path.is_file()]
        assert files and all(path.stat().st_mode & 0o077 == 0 for path in files)
        assert gateway.call("DELETE", f"{ROOT}/rules/one", headers={"If-Match": "*"}).status_code == 204
        assert listed(gateway, key) == set()
        assert gateway.call("GET", f"{STUDIES}/{mine}", key=key).status_code == 404


def test_rules_and_the_policy_from_the_command_line(binary, tmp_path):
    (tmp_path / "data").mkdir()
    with Gateway(binary, tmp_path / "data") as gateway:
        study = store(gateway, "mine")
        key = make_key(gateway, "portal")
        rule = {
            "id": "all", "effect": "allow", "principal": "client:portal", "role": "viewer", "resource": "stores/radiology",
        }
        file = tmp_path / "rule.json"
        file.write_text(json.dumps(rule))
        assert gateway.run("rules", "add", file).returncode == 0
        assert listed(gateway, key) == {study}
        assert "client:portal" in gateway.run("rules", "list").stdout
        policy = json.loads(gateway.run("policy", "get").stdout)
        assert policy["rules"] == [rule]
        assert gateway.run("rules", "remove", "all").returncode == 0
        assert gateway.run("rules", "remove", "all").returncode != 0
        assert listed(gateway, key) == set()
        file.write_text(json.dumps(policy))
        tried = gateway.run("policy", "put", file, "--dry-run")
        assert tried.returncode == 0 and "all" in tried.stdout
        assert listed(gateway, key) == set()
        assert gateway.run("policy", "put", file, "--version", "1").returncode != 0
        assert gateway.run("policy", "put", file, "--version", "2").returncode == 0
        assert listed(gateway, key) == {study}
