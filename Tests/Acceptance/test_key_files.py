"""Key files of our own in Google's form: the guide's scripts with another host and another key file, and nothing else."""

import json
import stat

import pytest
import requests
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2 import service_account
from googleapiclient import discovery

from support.dicom import file_bytes, slice_of
from support.servers import SCOPE, Gateway

STORE = "projects/local/locations/local/datasets/imaging/dicomStores/radiology"
SMITH = slice_of("key-files", "smith", PatientName="Smith^John", PatientID="MRN-1", StudyDate="20260105")


@pytest.fixture(scope="module")
def service(binary, tmp_path_factory):
    with Gateway(binary, tmp_path_factory.mktemp("key-files")) as server:
        yield server


def make(service, folder, id: str, *words):
    path = folder / f"{id}.json"
    made = service.run("keys", "create", "--name", "A script", "--id", id, "--service-account-file", path, *words)
    assert made.returncode == 0, made.stderr
    return path


def allow(service, id: str, role: str):
    answer = service.call(
        "POST", "/api/v1/access/rules",
        json={
            "id": f"{id}-{role}", "effect": "allow", "principal": f"client:{id}", "role": role,
            "resource": "stores/radiology",
        },
    )
    assert answer.status_code == 201, answer.text


@pytest.fixture(scope="module")
def key_file(service, tmp_path_factory):
    path = make(service, tmp_path_factory.mktemp("files"), "import")
    for role in ("viewer", "uploader", "store-viewer"):
        allow(service, "import", role)
    return path


# From here on the guide, with the host and the key file changed.

def get_auth_token(key_file):
    credentials = service_account.Credentials.from_service_account_file(key_file, scopes=[SCOPE])
    credentials.refresh(Request())
    return credentials.token


def upload_dicom_file(service, key_file, dicom_data):
    token = get_auth_token(key_file)
    url = f"{service.url}/v1/{STORE}/dicomWeb/studies"
    headers = {
        "Authorization": f"Bearer {token}", "Content-Type": "application/dicom", "Accept": "application/dicom+json",
    }
    return requests.post(url, headers=headers, data=dicom_data, timeout=60)


def search_studies(service, key_file, **filters):
    token = get_auth_token(key_file)
    url = f"{service.url}/v1/{STORE}/dicomWeb/studies"
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/dicom+json"}
    return requests.get(url, headers=headers, params=filters, timeout=60)


def get_client(service, key_file):
    credentials = service_account.Credentials.from_service_account_file(key_file, scopes=[SCOPE])
    return discovery.build(
        "healthcare", "v1", credentials=credentials, client_options={"api_endpoint": service.url},
        cache_discovery=False, static_discovery=True,
    )


def test_the_guide_uploads_and_searches(service, key_file):
    stored = upload_dicom_file(service, key_file, file_bytes(SMITH))
    assert stored.status_code == 200, stored.text
    found = search_studies(service, key_file, PatientName="Smith^John")
    assert [study["0020000D"]["Value"] for study in found.json()] == [[SMITH.StudyInstanceUID]]


def test_the_guide_s_client_library_gets_the_store(service, key_file):
    stores = get_client(service, key_file).projects().locations().datasets().dicomStores()
    assert stores.get(name=STORE).execute()["name"] == STORE


def test_the_file_is_of_its_owner_alone_and_in_google_s_form(service, key_file):
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    file = json.loads(key_file.read_text())
    assert file["type"] == "service_account" and file["project_id"] == "local"
    assert file["token_uri"] == f"{service.url}/oauth2/token"
    assert "PRIVATE KEY" in file["private_key"]
    kept = service.call("GET", "/api/v1/access/keys/import").json()
    assert kept["kind"] == "file" and kept["secrets"][0]["prefix"] == file["private_key_id"]
    for path in service.folder.rglob("*"):
        if path.is_file():
            assert file["private_key"].splitlines()[1].encode() not in path.read_bytes(), path


def test_a_file_that_is_there_stays(service, key_file):
    before = key_file.read_text()
    again = service.run("keys", "create", "--name", "x", "--id", "again", "--service-account-file", key_file)
    assert again.returncode == 2 and "is there already" in again.stderr
    assert key_file.read_text() == before
    assert service.call("GET", "/api/v1/access/keys/again").status_code == 404


def test_a_refused_key_leaves_no_file(service, tmp_path):
    made = service.run("keys", "create", "--name", "x", "--id", "import", "--service-account-file", tmp_path / "x.json")
    assert made.returncode != 0
    assert not (tmp_path / "x.json").exists()


def test_an_app_without_rules_sees_nothing(service, tmp_path):
    path = make(service, tmp_path, "stranger")
    session = AuthorizedSession(service_account.Credentials.from_service_account_file(path, scopes=[SCOPE]))
    answer = session.get(f"{service.url}/v1/{STORE}/dicomWeb/studies", timeout=30)
    assert answer.status_code == 404
    me = session.get(f"{service.url}/api/v1/me", timeout=30)
    assert me.json()["principal"] == "client:stranger"


def test_revoking_the_key_ends_its_tokens(service, tmp_path):
    path = make(service, tmp_path, "gone")
    token = get_auth_token(path)
    call = {"headers": {"Authorization": f"Bearer {token}"}, "timeout": 30}
    assert requests.get(f"{service.url}/api/v1/me", **call).status_code == 200
    assert service.run("keys", "revoke", "gone").returncode == 0
    assert requests.get(f"{service.url}/api/v1/me", **call).status_code == 401
    with pytest.raises(RefreshError, match="invalid_grant"):
        get_auth_token(path)


def test_suspending_the_app_ends_its_tokens(service, tmp_path):
    path = make(service, tmp_path, "paused")
    token = get_auth_token(path)
    call = {"headers": {"Authorization": f"Bearer {token}"}, "timeout": 30}
    assert service.run("principals", "suspend", "client:paused").returncode == 0
    assert requests.get(f"{service.url}/api/v1/me", **call).status_code == 401
    with pytest.raises(RefreshError, match="invalid_grant"):
        get_auth_token(path)
    assert service.run("principals", "restore", "client:paused").returncode == 0
    assert get_auth_token(path)


def test_a_new_file_takes_the_place_of_the_old(service, tmp_path):
    old = make(service, tmp_path, "turning")
    new = tmp_path / "new.json"
    done = service.run("keys", "rotate", "turning", "--overlap", "0", "--service-account-file", new)
    assert done.returncode == 0, done.stderr
    assert get_auth_token(new)
    with pytest.raises(RefreshError, match="invalid_grant"):
        get_auth_token(old)


def test_neither_key_nor_token_is_in_the_log(service, key_file):
    token = get_auth_token(key_file)
    log = service.log.read_text()
    assert token not in log and json.loads(key_file.read_text())["private_key_id"] not in log and "eyJ" not in log
