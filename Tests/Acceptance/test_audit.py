"""The audit over the wire and from the shell, and IAM policies with Google's own client."""

import json
import sqlite3
import stat
import subprocess

import pytest
import requests
from google.oauth2.credentials import Credentials
from googleapiclient import discovery
from googleapiclient.errors import HttpError

from support.dicom import file_bytes, slice_of
from support.servers import Gateway

RESOURCE = "projects/local/locations/local/datasets/imaging/dicomStores/radiology"
SLICE = slice_of("audit", "look", PatientName="Secret^Name", PatientID="MRN-AUDIT")
STUDY = SLICE.StudyInstanceUID


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("audit")


@pytest.fixture(scope="module")
def server(binary, folder):
    with Gateway(binary, folder) as server:
        headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/dicom"}
        answer = requests.post(
            f"{server.url}/api/v1/stores/radiology/studies", headers=headers, data=file_bytes(SLICE), timeout=60
        )
        assert answer.status_code == 201
        yield server


def get(server, path):
    return requests.get(f"{server.url}{path}", headers={"Authorization": f"Bearer {server.key}"}, timeout=60)


def test_a_look_in_each_tree_is_written_down(server):
    paths = [
        f"/api/v1/stores/radiology/studies/{STUDY}",
        f"/dicomweb/radiology/studies/{STUDY}/metadata",
        f"/v1/{RESOURCE}/dicomWeb/studies/{STUDY}/metadata",
    ]
    identifiers = []
    for path in paths:
        answer = get(server, path)
        assert answer.status_code == 200
        identifiers.append(answer.headers["Request-Id"])
    items = get(server, f"/api/v1/audit?study={STUDY}&outcome=success").json()["items"]
    assert [item["requestId"] for item in items[:3]] == identifiers[::-1]
    assert all(item["patient"]["id"] == "MRN-AUDIT" for item in items[:3])
    assert get(server, "/api/v1/audit?patientId=MRN-AUDIT&limit=1").json()["nextCursor"]


def test_the_file_is_the_owners_and_names_nobody(server, folder):
    files = list(folder.rglob("audit.db"))
    assert len(files) == 1
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    with sqlite3.connect(f"file:{files[0]}?mode=ro", uri=True, timeout=10) as database:
        rows = str(database.execute("SELECT * FROM auditRecord").fetchall())
    database.close()
    assert "MRN-AUDIT" in rows and "Secret" not in rows and server.key not in rows


def test_the_shell_lists_and_verifies(server, binary):
    def run(*words):
        command = [binary, "audit", *words, "--url", server.url, "--key", server.key]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    listed = run("list", "--study", STUDY, "--json")
    assert listed.returncode == 0, listed.stderr
    assert all(json.loads(line)["study"] == STUDY for line in listed.stdout.splitlines())
    assert "MRN-AUDIT" in run("list", "--patient-id", "MRN-AUDIT").stdout
    verified = run("verify")
    assert verified.returncode == 0 and verified.stdout.startswith("The audit is whole: ")


def test_policies_with_googles_client(server):
    client = discovery.build(
        "healthcare", "v1", client_options={"api_endpoint": server.url}, cache_discovery=False, static_discovery=True,
        credentials=Credentials(token=server.key),
    )
    stores = client.projects().locations().datasets().dicomStores()
    policy = stores.getIamPolicy(resource=RESOURCE).execute()
    stale = dict(policy)
    policy["bindings"] = [{"role": "roles/healthcare.dicomViewer", "members": ["user:ann@example.org"]}]
    written = stores.setIamPolicy(resource=RESOURCE, body={"policy": policy}).execute()
    assert written["etag"] != stale["etag"]
    assert stores.getIamPolicy(resource=RESOURCE).execute()["bindings"] == policy["bindings"]
    with pytest.raises(HttpError) as refused:
        stores.setIamPolicy(resource=RESOURCE, body={"policy": stale}).execute()
    assert refused.value.resp.status == 409
    asked = ["healthcare.dicomStores.dicomWebRead", "healthcare.dicomStores.get"]
    held = stores.testIamPermissions(resource=RESOURCE, body={"permissions": asked}).execute()
    assert sorted(held["permissions"]) == asked
