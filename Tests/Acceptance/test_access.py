"""Access rules with a running server: what a key sees follows them at once."""

import json
import shutil
import threading
import time

import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from requests import HTTPError, Session

from support.dicom import file_bytes, new_uid, slice_of
from support.servers import Gateway, multipart

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
        assert tried.returncode == 0 and "added: all" in tried.stdout and "may gain: client:portal" in tried.stdout
        assert "may lose" not in tried.stdout
        assert listed(gateway, key) == set()
        assert gateway.run("policy", "put", file, "--version", "1").returncode != 0
        assert gateway.run("policy", "put", file, "--version", "2").returncode == 0
        assert listed(gateway, key) == {study}
        file.write_text("{}")
        tried = gateway.run("policy", "put", file, "--dry-run")
        assert "removed: all" in tried.stdout and "may lose: client:portal" in tried.stdout
        assert "may gain" not in tried.stdout
        assert listed(gateway, key) == {study}


def test_a_hundred_thousand_rules_are_taken_and_one_more_leaves_those_in_force(binary, tmp_path):
    with Gateway(binary, tmp_path) as gateway:
        mine, other = store(gateway, "mine"), store(gateway, "other")
        key = make_key(gateway, "portal")

        def put(count: int) -> requests.Response:
            studies = [mine] + [f"1.2.{number}" for number in range(1, count)]
            rules = [
                rule(
                    f"r{number}", f"client:app-{number % 1000}" if number else "client:portal", "viewer",
                    resource=f"stores/radiology/studies/{one}",
                )
                for number, one in enumerate(studies)
            ]
            return gateway.call("PUT", f"{ROOT}/policy", json={"rules": rules}, headers={"If-Match": "*"}, timeout=300)

        taken = put(100_000)
        assert taken.status_code == 200, taken.text[:500]
        assert (taken.json()["version"], len(taken.json()["added"])) == (1, 100_000)
        assert listed(gateway, key) == {mine}
        assert gateway.call("GET", f"{STUDIES}/{mine}", key=key).status_code == 200
        assert gateway.call("GET", f"{STUDIES}/{other}", key=key).status_code == 404
        refused = put(100_001)
        assert refused.status_code == 422
        assert [fault["place"] for fault in refused.json()["errors"]] == ["rules"]
        assert gateway.call("GET", f"{ROOT}/policy-versions?limit=1").json()["items"][0]["version"] == 1
        assert gateway.call("GET", f"{STUDIES}/{mine}", key=key).status_code == 200


def eventually(condition, what: str, seconds=60):
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.1)
    return answer


def rule(name: str, principal: str, role: str, **more) -> dict:
    return {
        "id": name, "effect": "allow", "principal": principal, "role": role, "resource": "stores/radiology",
    } | more


def add_rule(gateway: Gateway, body: dict):
    added = gateway.call("POST", f"{ROOT}/rules", json=body)
    assert added.status_code == 201, added.text


def send(gateway: Gateway, key: str, *slices, path=STUDIES):
    body = multipart([file_bytes(one) for one in slices])
    kind = 'multipart/related; type="application/dicom"; boundary=an-acceptance-boundary'
    return gateway.call(
        "POST", path, key=key, data=body, headers={"Content-Type": kind, "Accept": "application/dicom+json, application/json"}
    )


def test_a_vendor_stores_into_its_own_studies_and_sees_what_it_stored(binary, tmp_path):
    with Gateway(binary, tmp_path) as gateway:
        other = store(gateway, "other")
        key = make_key(gateway, "scanner")
        add_rule(gateway, rule("store", "client:scanner", "uploader"))
        mine = new_uid("scanner", "study")
        series = new_uid("scanner", "series")
        slices = [slice_of("scanner", number, study=mine, series=series, InstanceNumber=number) for number in range(1, 6)]
        intruder = slice_of("intruder", study=other, series=new_uid("other", "series"))
        report = send(gateway, key, *slices[:3], intruder)
        assert report.status_code == 200, report.text
        assert [item["outcome"] for item in report.json()["items"]] == ["stored"] * 3 + ["refused"]
        assert report.json()["items"][3]["reason"] == "forbidden"
        # By DICOMweb too, with a client of the field's.
        session = Session()
        session.headers["Authorization"] = f"Bearer {key}"
        client = DICOMwebClient(url=f"{gateway.url}/dicomweb/radiology", session=session)
        stored = client.store_instances([slices[3]])
        assert [str(item.ReferencedSOPInstanceUID) for item in stored.ReferencedSOPSequence] == [slices[3].SOPInstanceUID]
        mixed = send(gateway, key, slices[4], intruder, path="/dicomweb/radiology/studies")
        assert mixed.status_code == 202, mixed.text
        assert [item["00081197"]["Value"] for item in mixed.json()["00081198"]["Value"]] == [[0x0124]]
        for path in (f"/dicomweb/radiology/studies/{other}",):
            assert send(gateway, key, intruder, path=path).status_code == 403
        path = f"/api/v1/stores/radiology/studies/{other}"
        assert gateway.call("GET", f"{path}?include=series,instances").text.count(str(intruder.SOPInstanceUID)) == 0
        # Storing is not seeing.
        assert listed(gateway, key) == set()
        assert gateway.call("GET", f"{STUDIES}/{mine}", key=key).status_code == 404
        add_rule(gateway, rule("own", "client:scanner", "viewer", condition={"ownUploads": True}))
        assert gateway.call("GET", f"{STUDIES}/{mine}", key=key).json()["instanceCount"] == 5
        eventually(lambda: listed(gateway, key) == {mine}, "the vendor's own study is not listed")
        assert gateway.call("GET", f"{STUDIES}/{other}", key=key).status_code == 404
        records = gateway.call("GET", f"/api/v1/audit?study={mine}&caller=client:scanner").json()["items"]
        assert {"allowed-by-rule:store@1", "allowed-by-rule:own@2"} <= {record["decision"] for record in records}
        refused = gateway.call("GET", f"/api/v1/audit?study={other}&outcome=refused").json()["items"]
        assert any((record["decision"] or "").startswith("study-of-others") for record in refused), refused
        # What others add makes it no longer the vendor's own.
        more = slice_of("scanner", "more", study=mine, series=series)
        assert gateway.call(
            "POST", STUDIES, data=file_bytes(more), headers={"Content-Type": "application/dicom"}
        ).status_code == 201
        assert gateway.call("GET", f"{STUDIES}/{mine}", key=key).status_code == 404
        assert listed(gateway, key) == set()


def test_a_right_by_modality_takes_along_what_refers_to_its_series(binary, tmp_path, demo_folder):
    with Gateway(binary, shutil.copytree(demo_folder, tmp_path / "data"), "--demo") as gateway:

        def series_of(study, key=""):
            answer = gateway.call("GET", f"{STUDIES}/{study}/series", key=key)
            return {item["uid"]: item["modality"] for item in answer.json()["items"]} if answer.ok else {}

        def segmented():
            found = gateway.call("GET", f"{STUDIES}?modality=SEG").json()["items"]
            return found[0]["uid"] if found else None

        study = eventually(segmented, "there is no segmentation")
        every = eventually(lambda: "CT" in (all := series_of(study)).values() and all, "the CT is not there")
        with_derived, without = make_key(gateway, "trial"), make_key(gateway, "bare")
        condition = {"modality": ["CT"]}
        add_rule(gateway, rule("ct", "client:trial", "viewer", condition=condition))
        add_rule(gateway, rule("ct-only", "client:bare", "viewer", condition=condition, includeDerived=False))
        eventually(lambda: "SEG" in series_of(study, with_derived).values(), "the segmentation is not shown")
        seen = series_of(study, with_derived)
        assert seen.items() <= every.items() and {"CT", "SEG"} <= set(seen.values())
        assert set(series_of(study, without).values()) == {"CT"}
        segmentation = next(uid for uid, modality in every.items() if modality == "SEG")
        path = f"{STUDIES}/{study}/series/{segmentation}"
        assert gateway.call("GET", path, key=with_derived).status_code == 200
        assert gateway.call("GET", path, key=without).status_code == 404
        # What refers to series of other kinds alone stays hidden.
        for other in listed(gateway, with_derived):
            assert "CT" in series_of(other, with_derived).values()


@pytest.mark.alone
def test_a_stream_and_a_download_end_with_the_right_to_call(binary, tmp_path):
    """Case 42: what was under way when the key was revoked or its holder suspended goes no further."""
    with Gateway(binary, tmp_path) as gateway:
        study, series = new_uid("large", "study"), new_uid("large", "series")
        for number in range(1, 7):
            data = file_bytes(slice_of("large", number, study=study, series=series, size=2048, InstanceNumber=number))
            stored = gateway.call("POST", STUDIES, data=data, headers={"Content-Type": "application/dicom"})
            assert stored.status_code == 201
        policy = gateway.call("GET", f"{ROOT}/policy").json()
        policy["roles"] = [{"name": "listener", "summary": "hears", "permissions": ["collimator.events.read"]}]
        for name in ("first", "second"):
            policy["rules"] += [
                rule(f"{name}-{role}", f"client:{name}", role, resource="*") for role in ("viewer", "listener")
            ]
        put = gateway.call("PUT", f"{ROOT}/policy", json=policy, headers={"If-Match": "*"})
        assert put.status_code == 200, put.text

        def follow(path: str, key: str) -> tuple[float, int]:
            """How long it takes to end after the first bytes and the signal, and how much came."""
            headers = {"Authorization": f"Bearer {key}"}
            with requests.get(gateway.url + path, headers=headers, stream=True, timeout=60) as answer:
                assert answer.status_code == 200
                pieces = answer.iter_content(4096)
                count = len(next(pieces))
                begun.release()
                ended.wait(60)
                start = time.monotonic()
                try:
                    for piece in pieces:
                        count += len(piece)
                        if path != "/api/v1/events/stream":
                            time.sleep(0.001)
                except requests.exceptions.RequestException:
                    pass
                return time.monotonic() - start, count

        acts = {
            "first": ("DELETE", f"{ROOT}/keys/first"),
            "second": ("PUT", f"{ROOT}/principals/Y2xpZW50OnNlY29uZA/suspension"),
        }
        for name, (method, act) in acts.items():
            key = make_key(gateway, name)
            begun, ended = threading.Semaphore(0), threading.Event()
            results = {}
            paths = ["/api/v1/events/stream", f"/dicomweb/radiology/studies/{study}"]
            threads = [
                threading.Thread(target=lambda path=path: results.update({path: follow(path, key)})) for path in paths
            ]
            for thread in threads:
                thread.start()
            for _ in threads:
                assert begun.acquire(timeout=60)
            assert gateway.call(method, act).status_code in (200, 204)
            time.sleep(2)
            ended.set()
            for thread in threads:
                thread.join(60)
            assert results[paths[0]][0] < 5, results
            assert results[paths[1]][1] < 6 * 2048 * 2048 * 2, results
            assert gateway.call("GET", paths[1], key=key).status_code == 401
