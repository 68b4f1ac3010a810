"""The guide that the project started from, now through the gateway: only the host and the token are changed."""

import os

import httplib2
import pytest
import requests
from google.oauth2.credentials import Credentials
from googleapiclient import discovery
from googleapiclient.errors import HttpError

from support.dicom import file_bytes, slice_of
from support.servers import Gateway, error_of

# The project of the store that is configured; the rest is the guide's.
PROJECT_ID = "local"
LOCATION = "us-central1"
DATASET_ID = "imaging-data"
STORE_ID = "radiology-images"
PARENT = f"projects/{PROJECT_ID}/locations/{LOCATION}/datasets/{DATASET_ID}"
STORE = f"{PARENT}/dicomStores/{STORE_ID}"


@pytest.fixture(scope="module")
def guide(binary, tmp_path_factory):
    with Gateway(binary, tmp_path_factory.mktemp("guide")) as server:
        yield server


def build(guide, **credentials):
    return discovery.build(
        "healthcare", "v1", client_options={"api_endpoint": guide.url},
        cache_discovery=False, static_discovery=True, **credentials,
    )


@pytest.fixture(scope="module")
def client(guide):
    return build(guide, credentials=Credentials(token=guide.key))


@pytest.fixture(scope="module")
def base_url(guide):
    return f"{guide.url}/v1/{STORE}"


def call(guide, method, url, **arguments):
    headers = {"Authorization": f"Bearer {guide.key}"} | arguments.pop("headers", {})
    return requests.request(method, url, headers=headers, timeout=60, **arguments)


def upload_dicom_file(guide, base_url, path):
    with open(path, "rb") as file:
        data = file.read()
    headers = {"Content-Type": "application/dicom", "Accept": "application/dicom+json"}
    return call(guide, "POST", f"{base_url}/dicomWeb/studies", headers=headers, data=data)


def search_studies(guide, base_url, **filters):
    headers = {"Accept": "application/dicom+json"}
    return call(
        guide, "GET", f"{base_url}/dicomWeb/studies", headers=headers, params=filters | {"includefield": "all"}
    )


SMITH = slice_of("guide", "smith", PatientName="Smith^John", PatientID="MRN-1", StudyDate="20260105")
DOE = slice_of("guide", "doe", PatientName="Doe^Jane", PatientID="MRN-2", StudyDate="20260301")
SMITH_PATH = (
    f"studies/{SMITH.StudyInstanceUID}/series/{SMITH.SeriesInstanceUID}/instances/{SMITH.SOPInstanceUID}"
)


def test_01_a_dataset_is_created_through_an_operation(client):
    locations = client.projects().locations()
    parent = f"projects/{PROJECT_ID}/locations/{LOCATION}"
    operation = locations.datasets().create(parent=parent, body={}, datasetId=DATASET_ID).execute()
    assert "/operations/" in operation["name"]
    while not operation.get("done"):
        operation = locations.datasets().operations().get(name=operation["name"]).execute()
    assert operation["response"]["name"] == PARENT
    with pytest.raises(HttpError) as refused:
        locations.datasets().create(parent=parent, body={}, datasetId=DATASET_ID).execute()
    assert refused.value.status_code == 409
    listed = locations.datasets().list(parent=parent).execute()
    assert [dataset["name"] for dataset in listed["datasets"]] == [PARENT]


def test_02_a_dicom_store_is_created_and_becomes_one_of_ours(guide, client):
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
    assert made["name"] == STORE
    kept = stores.get(name=made["name"]).execute()
    assert kept["notificationConfig"] == body["notificationConfig"]
    assert kept["streamConfigs"][0]["bigqueryDestination"]["tableUri"].startswith("bq://")
    listed = stores.list(parent=PARENT).execute()
    assert [store["name"] for store in listed["dicomStores"]] == [STORE]
    names = [store["name"] for store in guide.call("GET", "/api/v1/stores").json()["items"]]
    assert names == ["radiology", STORE_ID]
    with pytest.raises(HttpError) as refused:
        stores.create(parent=PARENT, body={}, dicomStoreId=STORE_ID).execute()
    assert refused.value.status_code == 409


def test_03_one_file_is_uploaded(guide, base_url, tmp_path):
    path = tmp_path / "image.dcm"
    path.write_bytes(file_bytes(SMITH))
    response = upload_dicom_file(guide, base_url, path)
    assert response.status_code == 200, response.text
    stored = response.json()["00081199"]["Value"][0]
    assert stored["00081155"]["Value"] == [SMITH.SOPInstanceUID]
    assert stored["00081190"]["Value"] == [f"{base_url}/dicomWeb/{SMITH_PATH}"]


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


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"PatientName": "Smith*"}, ["MRN-1"]), ({"ModalitiesInStudy": "CT"}, ["MRN-2", "MRN-1"]),
        ({"PatientName": "*JANE", "ModalitiesInStudy": "CT", "StudyDate": "20260101-20261231"}, ["MRN-2"]),
        ({"ModalitiesInStudy": "MR"}, []), ({"StudyTime": "10-11"}, ["MRN-2", "MRN-1"]),
    ],
)
def test_07_the_guides_searches_work_though_the_upstream_refuses_them(guide, base_url, filters, expected):
    for url in (f"{base_url}/dicomWeb", f"{guide.url}/dicomweb/{STORE_ID}"):
        found = call(
            guide, "GET", f"{url}/studies", headers={"Accept": "application/dicom+json"},
            params=filters | {"includefield": "all"},
        )
        assert found.status_code == (200 if expected else 204), found.text
        studies = found.json() if expected else []
        assert [study["00100020"]["Value"][0] for study in studies] == expected
        for study in studies:
            assert study["00080061"]["Value"] == ["CT"]
            assert study["00081190"]["Value"] == [f"{url}/studies/{study['0020000D']['Value'][0]}"]


@pytest.mark.parametrize("filters", [{"NoSuchTag": "1"}, {"StudyInstanceUID": "1.2.*"}, {"StudyDate": "20260230"}])
def test_07_what_makes_no_sense_is_refused_in_googles_form(guide, base_url, filters):
    refused = search_studies(guide, base_url, **filters)
    assert refused.status_code == 400
    assert error_of(refused)["status"] == "INVALID_ARGUMENT"


def test_08_a_study_is_retrieved(guide, base_url):
    response = call(
        guide, "GET", f"{base_url}/dicomWeb/studies/{DOE.StudyInstanceUID}",
        headers={"Accept": "multipart/related; type=application/dicom"},
    )
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("multipart/related")
    assert response.content.count(b"DICM") == 3


def test_09_a_rendered_instance_is_retrieved(guide, base_url):
    response = call(guide, "GET", f"{base_url}/dicomWeb/{SMITH_PATH}/rendered", headers={"Accept": "image/png"})
    assert response.status_code == 200
    assert response.content.startswith(b"\x89PNG\r\n\x1a\n")


def test_10_metrics_and_metadata_name_this_host(guide, client, base_url):
    stores = client.projects().locations().datasets().dicomStores()
    assert stores.getDICOMStoreMetrics(name=STORE).execute()["instanceCount"] == "4"
    studies = stores.dicomWeb().studies()
    assert studies.getStudyMetrics(study=f"{STORE}/dicomWeb/studies/{DOE.StudyInstanceUID}").execute()["instanceCount"]
    metadata = call(guide, "GET", f"{base_url}/dicomWeb/{SMITH_PATH}/metadata").json()
    bulk = metadata[0]["7FE00010"]["BulkDataURI"]
    assert bulk.startswith(f"{base_url}/dicomWeb/")
    assert call(guide, "GET", bulk).status_code == 200


@pytest.mark.parametrize("verb", ["deidentify", "export", "import"])
def test_11_what_the_upstream_cannot_do_is_told_in_its_words(guide, base_url, verb):
    body = {"destinationStore": STORE} if verb == "deidentify" else {}
    answer = call(guide, "POST", f"{base_url}:{verb}", json=body)
    assert answer.status_code == 501
    assert error_of(answer)["status"] == "UNIMPLEMENTED"


def test_12_a_call_without_a_token_is_refused_in_googles_form(guide, base_url):
    refused = requests.get(f"{base_url}/dicomWeb/studies", timeout=60)
    assert refused.status_code == 401
    assert error_of(refused)["status"] == "UNAUTHENTICATED"
    # A key in the query is no credential.
    assert requests.get(f"{base_url}", params={"access_token": guide.key, "key": guide.key}).status_code == 401
    with pytest.raises(HttpError) as refusal:
        stores = build(guide, http=httplib2.Http()).projects().locations().datasets().dicomStores()
        stores.get(name=STORE).execute()
    assert refusal.value.status_code == 401


def test_13_a_store_made_here_is_there_after_a_restart(guide, client, base_url):
    assert guide.stop() == 0
    guide.start()
    names = [store["name"] for store in guide.call("GET", "/api/v1/stores").json()["items"]]
    assert names == ["radiology", STORE_ID]
    assert len(search_studies(guide, base_url).json()) == 2
    found = guide.call("GET", f"/dicomweb/{STORE_ID}/studies", headers={"Accept": "application/dicom+json"})
    assert len(found.json()) == 2


def test_14_a_study_is_deleted_through_an_operation(guide, client, base_url):
    answer = call(guide, "DELETE", f"{base_url}/dicomWeb/studies/{DOE.StudyInstanceUID}")
    assert answer.status_code == 200
    operation = answer.json()
    operations = client.projects().locations().datasets().operations()
    while not operation.get("done"):
        operation = operations.get(name=operation["name"]).execute()
    assert "error" not in operation
    assert operation["name"] in [one["name"] for one in operations.list(name=PARENT).execute()["operations"]]
    assert search_studies(guide, base_url, PatientID="MRN-2").status_code == 204
    listed = guide.call("GET", "/api/v1/operations", params={"store": STORE_ID}).json()["items"]
    assert "delete-study" in [one["kind"] for one in listed]


def test_15_stores_and_datasets_made_here_are_deleted_and_configured_ones_are_not(guide, client):
    datasets = client.projects().locations().datasets()
    with pytest.raises(HttpError) as refused:
        datasets.dicomStores().delete(name="projects/local/locations/local/datasets/imaging/dicomStores/radiology").execute()
    assert refused.value.status_code == 400
    with pytest.raises(HttpError) as refused:
        datasets.delete(name="projects/local/locations/local/datasets/imaging").execute()
    assert refused.value.status_code == 400
    assert datasets.dicomStores().delete(name=STORE).execute() == {}
    assert guide.call("GET", f"/api/v1/stores/{STORE_ID}").status_code == 404
    assert guide.call("GET", f"/dicomweb/{STORE_ID}/studies").status_code == 404
    assert datasets.dicomStores().list(parent=PARENT).execute() == {}
    assert datasets.delete(name=PARENT).execute() == {}


@pytest.mark.parametrize(
    "path",
    [
        "projects/other/locations/local/datasets/imaging/dicomStores/radiology",
        "projects/local/locations/local/datasets/imaging/dicomStores/unknown",
        "projects/local/locations/local/datasets/imaging/dicomStores/radiology:explode",
        "projects/local/locations/local/datasets/imaging/fhirStores/f",
        "nothing",
        "",
    ],
)
def test_16_what_is_not_ours_is_not_found_in_one_form(guide, path):
    answer = as_written(guide, path)
    assert answer.status_code == 404
    assert error_of(answer) == {"code": 404, "message": "There is no such thing.", "status": "NOT_FOUND"}


@pytest.mark.parametrize(
    "path",
    [
        "projects/local/locations/local/datasets/imaging/dicomStores/radiology%2Fdicomweb",
        "projects/local/locations/local/datasets/imaging/dicomStores/..",
        "projects/%2E%2E/locations/local/datasets/imaging",
    ],
)
def test_16_a_path_that_can_be_read_in_two_ways_is_refused(guide, path):
    answer = as_written(guide, path)
    assert answer.status_code == 400
    error = error_of(answer)
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT") and "segment" in error["message"]


def as_written(guide, path):
    """A GET below `/v1/` of the path as it stands here: requests would tidy it."""
    session = requests.Session()
    request = requests.Request("GET", guide.url, headers={"Authorization": f"Bearer {guide.key}"}).prepare()
    request.url = f"{guide.url}/v1/{path}"
    return session.send(request, timeout=60)


def test_17_the_guides_dicomweb_steps_on_our_own_tree(guide):
    root = f"{guide.url}/dicomweb/radiology"
    stored = call(
        guide, "POST", f"{root}/studies", data=file_bytes(SMITH),
        headers={"Content-Type": "application/dicom", "Accept": "application/dicom+json"},
    )
    assert stored.status_code == 200, stored.text
    found = call(
        guide, "GET", f"{root}/studies", params={"PatientName": "Smith^John", "includefield": "all"},
        headers={"Accept": "application/dicom+json"},
    )
    assert [study["0020000D"]["Value"] for study in found.json()] == [[SMITH.StudyInstanceUID]]
    study = call(
        guide, "GET", f"{root}/studies/{SMITH.StudyInstanceUID}",
        headers={"Accept": "multipart/related; type=application/dicom"},
    )
    assert study.content.count(b"DICM") == 1
    picture = call(guide, "GET", f"{root}/{SMITH_PATH}/rendered", headers={"Accept": "image/png"})
    assert picture.content.startswith(b"\x89PNG\r\n\x1a\n")


def test_18_the_reading_api_deletes_and_tells_of_the_operation(guide):
    path = "/api/v1/stores/radiology/" + SMITH_PATH.split("/series/")[0]
    begun = guide.call("DELETE", path)
    assert begun.status_code == 202
    operation = begun.json()
    assert begun.headers["Location"] == operation["links"]["self"]
    assert "local" not in operation["id"] and "imaging" not in begun.text
    events = guide.call("GET", operation["links"]["events"])
    assert events.headers["Content-Type"] == "text/event-stream"
    assert '"state":"succeeded"' in events.text.split("event: operation")[-1]
    assert guide.call("GET", path).status_code == 404
    assert guide.call("DELETE", path).status_code == 404
    ended = guide.call("POST", operation["links"]["cancellations"])
    assert ended.status_code == 409
