"""The guide that the project started from, step by step, with only the host, the key file and the token changed."""

import os

import pytest
import requests
from google.auth.transport.requests import Request
from google.oauth2 import service_account
from googleapiclient import discovery
from googleapiclient.errors import HttpError

from support.dicom import file_bytes, slice_of
from support.servers import Emulator

PROJECT_ID = "your-project"
LOCATION = "us-central1"
DATASET_ID = "imaging-data"
STORE_ID = "radiology-images"
PARENT = f"projects/{PROJECT_ID}/locations/{LOCATION}/datasets/{DATASET_ID}"


@pytest.fixture(scope="module")
def guide(binary, tmp_path_factory):
    with Emulator(binary, tmp_path_factory.mktemp("guide")) as server:
        yield server


@pytest.fixture(scope="module")
def client(guide):
    credentials = service_account.Credentials.from_service_account_file(
        guide.key_file, scopes=["https://www.googleapis.com/auth/cloud-healthcare"]
    )
    return discovery.build(
        "healthcare", "v1", credentials=credentials, client_options={"api_endpoint": guide.host}, cache_discovery=False
    )


@pytest.fixture(scope="module")
def base_url(guide):
    return f"{guide.host}/v1/{PARENT}/dicomStores/{STORE_ID}"


def get_auth_token(guide):
    credentials = service_account.Credentials.from_service_account_file(
        guide.key_file, scopes=["https://www.googleapis.com/auth/cloud-healthcare"]
    )
    credentials.refresh(Request())
    return credentials.token


def upload_dicom_file(guide, base_url, path):
    with open(path, "rb") as file:
        data = file.read()
    headers = {
        "Authorization": f"Bearer {get_auth_token(guide)}",
        "Content-Type": "application/dicom",
        "Accept": "application/dicom+json",
    }
    return requests.post(f"{base_url}/dicomWeb/studies", headers=headers, data=data, timeout=60)


def search_studies(guide, base_url, **filters):
    headers = {"Authorization": f"Bearer {get_auth_token(guide)}", "Accept": "application/dicom+json"}
    params = filters | {"includefield": "all"}
    return requests.get(f"{base_url}/dicomWeb/studies", headers=headers, params=params, timeout=60)


SMITH = slice_of("guide", "smith", PatientName="Smith^John", PatientID="MRN-1", StudyDate="20260105")
DOE = slice_of("guide", "doe", PatientName="Doe^Jane", PatientID="MRN-2", StudyDate="20260301")


def test_01_a_dataset_is_created_through_an_operation(client):
    locations = client.projects().locations()
    operation = locations.datasets().create(
        parent=f"projects/{PROJECT_ID}/locations/{LOCATION}", body={}, datasetId=DATASET_ID
    ).execute()
    assert "/operations/" in operation["name"]
    while not operation.get("done"):
        operation = locations.datasets().operations().get(name=operation["name"]).execute()
    assert operation["response"]["name"] == PARENT
    with pytest.raises(HttpError) as refused:
        locations.datasets().create(
            parent=f"projects/{PROJECT_ID}/locations/{LOCATION}", body={}, datasetId=DATASET_ID
        ).execute()
    assert refused.value.status_code == 409


def test_02_a_dicom_store_is_created_with_its_configuration(client):
    body = {
        "notificationConfig": {
            "pubsubTopic": f"projects/{PROJECT_ID}/topics/dicom-notifications",
            "sendForBulkImport": True,
        },
        "streamConfigs": [
            {
                "bigqueryDestination": {
                    "tableUri": f"bq://{PROJECT_ID}.imaging_analytics.dicom_metadata",
                    "force": True,
                }
            }
        ],
    }
    stores = client.projects().locations().datasets().dicomStores()
    made = stores.create(parent=PARENT, body=body, dicomStoreId=STORE_ID).execute()
    assert made["name"] == f"{PARENT}/dicomStores/{STORE_ID}"
    kept = stores.get(name=made["name"]).execute()
    assert kept["notificationConfig"] == body["notificationConfig"]
    assert kept["streamConfigs"][0]["bigqueryDestination"]["tableUri"].startswith("bq://")
    listed = stores.list(parent=PARENT).execute()
    assert [store["name"] for store in listed["dicomStores"]] == [made["name"]]


def test_03_one_file_is_uploaded(guide, base_url, tmp_path):
    path = tmp_path / "image.dcm"
    path.write_bytes(file_bytes(SMITH))
    response = upload_dicom_file(guide, base_url, path)
    assert response.status_code == 200, response.text
    stored = response.json()["00081199"]["Value"][0]
    assert stored["00081155"]["Value"] == [SMITH.SOPInstanceUID]


def test_04_a_directory_is_uploaded(guide, base_url, tmp_path):
    for index in range(3):
        (tmp_path / f"{index}.dcm").write_bytes(
            file_bytes(slice_of(
                "guide", "doe", index, study=DOE.StudyInstanceUID, series=DOE.SeriesInstanceUID,
                PatientName="Doe^Jane", PatientID="MRN-2", StudyDate="20260301", InstanceNumber=index,
            ))
        )
    (tmp_path / "notes.txt").write_text("not an image")
    statuses = [
        upload_dicom_file(guide, base_url, tmp_path / name).status_code
        for name in sorted(os.listdir(tmp_path)) if name.endswith(".dcm")
    ]
    assert statuses == [200, 200, 200]


def test_05_studies_are_found_by_exact_name(guide, base_url):
    found = search_studies(guide, base_url, PatientName="Smith^John")
    assert found.status_code == 200
    [study] = found.json()
    assert study["0020000D"]["Value"] == [SMITH.StudyInstanceUID]
    assert study["00100010"]["Value"][0]["Alphabetic"] == "Smith^John"
    assert study["00080020"]["Value"] == ["20260105"]


@pytest.mark.parametrize(
    ("date", "expected"),
    [("20260105", 1), ("20260101-20260217", 1), ("20260101-20261231", 2), ("20250101-20250217", 0)],
)
def test_06_studies_are_found_by_date(guide, base_url, date, expected):
    found = search_studies(guide, base_url, StudyDate=date)
    assert found.status_code == (200 if expected else 204)
    assert len(found.json() if expected else []) == expected


@pytest.mark.parametrize("filters", [{"ModalitiesInStudy": "CT"}, {"StudyDescription": "CT"}, {"NoSuchTag": "1"}])
def test_07_what_the_upstream_cannot_search_is_refused(guide, base_url, filters):
    assert search_studies(guide, base_url, **filters).status_code == 400


def test_08_a_star_is_a_character_like_any_other(guide, base_url):
    assert search_studies(guide, base_url, PatientName="Smith*").status_code == 204


def test_09_a_study_is_retrieved(guide, base_url):
    response = requests.get(
        f"{base_url}/dicomWeb/studies/{DOE.StudyInstanceUID}",
        headers={
            "Authorization": f"Bearer {get_auth_token(guide)}",
            "Accept": "multipart/related; type=application/dicom",
        },
        timeout=60,
    )
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("multipart/related")
    assert response.content.count(b"DICM") == 3


def test_10_a_rendered_instance_is_retrieved(guide, base_url, tmp_path):
    response = requests.get(
        f"{base_url}/dicomWeb/studies/{SMITH.StudyInstanceUID}/series/{SMITH.SeriesInstanceUID}"
        f"/instances/{SMITH.SOPInstanceUID}/rendered",
        headers={"Authorization": f"Bearer {get_auth_token(guide)}", "Accept": "image/png"},
        timeout=60,
    )
    assert response.status_code == 200
    assert response.content.startswith(b"\x89PNG\r\n\x1a\n")


def test_11_a_call_without_a_token_is_refused(base_url):
    assert requests.get(f"{base_url}/dicomWeb/studies", timeout=60).status_code == 401
