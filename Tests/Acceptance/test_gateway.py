"""The thin gateway over HTTP, as a front end or a viewer meets it."""

import io
import json

import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from PIL import Image

from support.dicom import file_bytes, new_uid, slice_of

SLICE = slice_of("gateway", PatientName="Gate^Way", PatientID="GW-1", AccessionNumber="GW-A")
STUDY = f"/api/v1/stores/radiology/studies/{SLICE.StudyInstanceUID}"
INSTANCE = f"{STUDY}/series/{SLICE.SeriesInstanceUID}/instances/{SLICE.SOPInstanceUID}"


@pytest.fixture(scope="module", autouse=True)
def uploaded(gateway):
    answer = gateway.call(
        "POST", "/api/v1/stores/radiology/studies", data=file_bytes(SLICE), headers={"Content-Type": "application/dicom"}
    )
    assert answer.status_code in (200, 201), answer.text


def test_stores(gateway):
    stores = gateway.call("GET", "/api/v1/stores").json()["items"]
    assert [store["name"] for store in stores] == ["radiology"]


def test_search_is_flat_json(gateway):
    answer = gateway.call("GET", "/api/v1/stores/radiology/studies", params={"patientId": "GW-1"})
    assert answer.status_code == 200, answer.text
    [study] = answer.json()["items"]
    assert study["uid"] == SLICE.StudyInstanceUID
    assert study["date"] == "2026-01-05"
    assert study["patient"]["name"]["family"] == "Gate"


def test_a_study_with_its_series_and_instances(gateway):
    answer = gateway.call("GET", STUDY, params={"include": "series,instances"})
    assert answer.status_code == 200, answer.text
    assert SLICE.SeriesInstanceUID in answer.text and SLICE.SOPInstanceUID in answer.text


@pytest.mark.parametrize("method", ["GET"])
def test_rendered(gateway, method):
    answer = gateway.call(method, f"{INSTANCE}/rendered", headers={"Accept": "image/png"})
    assert answer.status_code == 200, answer.text
    assert Image.open(io.BytesIO(answer.content)).size == (64, 64)
    assert answer.headers["Collimator-Rendition"] == "preview"


def test_dicomweb_client_retrieves_through_the_gateway(gateway):
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {gateway.key}"
    client = DICOMwebClient(url=f"{gateway.url}/dicomweb/radiology", session=session)
    [dataset] = client.retrieve_study(SLICE.StudyInstanceUID)
    assert dataset == SLICE
    assert client.retrieve_instance_metadata(
        SLICE.StudyInstanceUID, SLICE.SeriesInstanceUID, SLICE.SOPInstanceUID
    )["00100020"]["Value"] == ["GW-1"]


@pytest.mark.parametrize("path", ["/api/v1/stores", STUDY, f"{INSTANCE}/rendered", "/dicomweb/radiology/studies/1.2", "/no/such/path"])
@pytest.mark.parametrize("key", [None, "wrong"])
def test_without_the_key_everything_is_401(gateway, path, key):
    answer = gateway.call("GET", path, key=key)
    assert answer.status_code == 401
    assert "www-authenticate" in answer.headers
    problem_of(answer)


@pytest.mark.parametrize(
    "path",
    [
        "/no/such/path", "/api/v1/stores/elsewhere/studies", f"/api/v1/stores/radiology/studies/{new_uid('none')}",
        "/api/v2/stores", "/dicomweb/elsewhere/studies/1.2",
    ],
)
def test_with_the_key_what_is_not_there_is_404(gateway, path):
    answer = gateway.call("GET", path)
    assert answer.status_code == 404
    problem_of(answer)


@pytest.mark.parametrize(("query", "expected"), [({"patientId": "GW-1"}, 200), ({"noSuch": "1"}, 400), ({"limit": "0"}, 400),
                                                 ({"limit": "201"}, 400), ({"from": "yesterday"}, 400)])
def test_search_parameters(gateway, query, expected):
    answer = gateway.call("GET", "/api/v1/stores/radiology/studies", params=query)
    assert answer.status_code == expected, answer.text
    if expected == 400:
        problem_of(answer)


def test_health_needs_no_key(gateway):
    for path in ("/healthz", "/readyz"):
        assert gateway.call("GET", path, key=None).status_code == 200


def test_a_wrong_method_is_405_with_what_is_allowed(gateway):
    answer = gateway.call("PATCH", "/api/v1/stores")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    problem_of(answer)


def test_secrets_and_patients_are_not_in_the_log(gateway):
    log = gateway.log.read_text(errors="replace")
    assert gateway.key not in log
    assert "GW-1" not in log and "Gate^Way" not in log


def problem_of(answer) -> dict:
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    problem = json.loads(answer.content)
    assert problem["status"] == answer.status_code
    assert problem["type"] == f"urn:collimator:problem:{problem['code']}"
    return problem
