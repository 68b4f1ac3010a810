"""The gateway in front of Orthanc, a DICOMweb server that is none of Google's."""

import io

import pydicom
import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from PIL import Image

from support.dicom import file_bytes, new_uid, slice_of
from support.orthanc import Orthanc, is_installed
from support.servers import Gateway

pytestmark = pytest.mark.skipif(not is_installed(), reason="Debian's orthanc and orthanc-dicomweb")

STUDY, SERIES = new_uid("orthanc", "study"), new_uid("orthanc", "series")
SLICES = [
    slice_of("orthanc", index, study=STUDY, series=SERIES, InstanceNumber=index + 1, PatientName="Or^Thanc", PatientID="O-1")
    for index in range(3)
]
API = f"/api/v1/stores/pacs/studies/{STUDY}"
WEB = f"/dicomweb/pacs/studies/{STUDY}"


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory):
    with Orthanc(tmp_path_factory.mktemp("orthanc")) as server:
        yield server


@pytest.fixture(scope="module")
def gateway(binary, orthanc, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gateway-of-orthanc")
    configuration = folder / "collimator.yaml"
    configuration.write_text(
        f"stores:\n  names: [pacs]\n  pacs:\n    dicomwebURL: {orthanc.url}/dicom-web\n    credentials: none\n"
    )
    with Gateway(binary, folder, "--config", str(configuration)) as server:
        yield server


@pytest.fixture(scope="module")
def client(gateway):
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {gateway.key}"
    client = DICOMwebClient(url=f"{gateway.url}/dicomweb/pacs", session=session)
    answer = client.store_instances(SLICES[:2])
    assert len(answer.ReferencedSOPSequence) == 2
    assert all(item.RetrieveURL.startswith(client.base_url) for item in answer.ReferencedSOPSequence)
    # The third by the other tree.
    answer = gateway.call(
        "POST", "/api/v1/stores/pacs/studies", data=file_bytes(SLICES[2]), headers={"Content-Type": "application/dicom"}
    )
    assert answer.status_code == 201, answer.text
    return client


def test_search(client, gateway):
    [study] = client.search_for_studies(search_filters={"PatientID": "O-1"})
    assert study["0020000D"]["Value"] == [STUDY]
    assert study["00081190"]["Value"] == [f"{gateway.url}{WEB}"]
    assert client.search_for_studies(search_filters={"PatientID": "nobody"}) == []
    assert len(client.search_for_series(STUDY)) == 1
    assert len(client.search_for_instances(STUDY)) == 3
    answer = gateway.call("GET", "/api/v1/stores/pacs/studies", params={"patientId": "O-1"})
    assert answer.status_code == 200, answer.text
    [item] = answer.json()["items"]
    assert item["uid"] == STUDY and item["patient"]["name"]["family"] == "Or"


def test_metadata_and_bulk_data(client, gateway):
    metadata = client.retrieve_study_metadata(STUDY)
    assert len(metadata) == 3
    one = client.retrieve_instance_metadata(STUDY, SERIES, SLICES[0].SOPInstanceUID)
    uri = one["7FE00010"]["BulkDataURI"]
    assert uri.startswith(f"{gateway.url}{WEB}/series/")
    assert client.retrieve_bulkdata(uri) == [SLICES[0].PixelData]
    answer = gateway.call("GET", f"{API}", params={"include": "series,instances"})
    assert answer.status_code == 200 and SLICES[2].SOPInstanceUID in answer.text


def test_retrieve(client):
    retrieved = {item.SOPInstanceUID: item for item in client.retrieve_study(STUDY)}
    assert sorted(retrieved) == sorted(item.SOPInstanceUID for item in SLICES)
    for item in SLICES:
        assert retrieved[item.SOPInstanceUID].PixelData == item.PixelData
    assert len(client.retrieve_series(STUDY, SERIES)) == 3
    one = client.retrieve_instance(STUDY, SERIES, SLICES[0].SOPInstanceUID)
    assert isinstance(one, pydicom.Dataset) and one.PixelData == SLICES[0].PixelData


def test_frames_say_where_they_are_by_our_address(client, gateway, orthanc):
    frames = client.retrieve_instance_frames(
        STUDY, SERIES, SLICES[0].SOPInstanceUID, frame_numbers=[1], media_types=("application/octet-stream",)
    )
    assert frames == [SLICES[0].PixelData]
    answer = gateway.call(
        "GET", f"{WEB}/series/{SERIES}/instances/{SLICES[0].SOPInstanceUID}/frames/1",
        headers={"Accept": 'multipart/related; type="application/octet-stream"'},
    )
    assert answer.status_code == 200
    assert f"Content-Location: {gateway.url}{WEB}".encode() in answer.content
    assert orthanc.url.encode() not in answer.content


def test_rendered(client, gateway):
    picture = client.retrieve_instance_rendered(STUDY, SERIES, SLICES[0].SOPInstanceUID, media_types=("image/png",))
    assert Image.open(io.BytesIO(picture)).size == (64, 64)
    answer = gateway.call(
        "GET", f"{API}/series/{SERIES}/instances/{SLICES[0].SOPInstanceUID}/rendered", headers={"Accept": "image/jpeg"}
    )
    assert answer.status_code == 200 and answer.headers["Collimator-Rendition"] == "preview"
    whole = gateway.call("GET", f"{WEB}/series/{SERIES}/rendered", headers={"Accept": "image/jpeg"})
    assert whole.status_code == 200 and whole.headers["Collimator-Rendition"] == "preview"


def test_what_orthanc_cannot_do_is_a_problem_of_ours(client, gateway):
    answer = gateway.call("DELETE", WEB)
    assert answer.status_code == 405
    assert "DELETE" not in answer.headers["Allow"]
    assert answer.json()["detail"] == "This DICOM store does not delete over DICOMweb."
    assert len(client.search_for_instances(STUDY)) == 3


def test_the_upstream_is_nowhere_in_an_answer(client, gateway, orthanc):
    for path in ("/dicomweb/pacs/studies", f"{WEB}/metadata", f"{WEB}/instances", "/api/v1/stores/pacs/studies", API):
        answer = gateway.call("GET", path, headers={"Accept": "application/dicom+json, application/json"})
        assert answer.status_code == 200, (path, answer.text)
        assert str(orthanc.port) not in answer.text, path


def test_thumbnails(client, gateway):
    middle = SLICES[1]
    paths = [API, f"{API}/series/{SERIES}", f"{API}/series/{SERIES}/instances/{middle.SOPInstanceUID}", WEB]
    contents = set()
    before = gateway.call("GET", "/api/v1/thumbnails/stats").json()["upstream"]["requests"]
    for path in paths:
        answer = gateway.call("GET", f"{path}/thumbnail", params={"size": 64, "format": "png"})
        assert answer.status_code == 200, answer.text
        assert max(Image.open(io.BytesIO(answer.content)).size) <= 64
        contents.add(answer.content)
    assert len(contents) == 1
    statistics = gateway.call("GET", "/api/v1/thumbnails/stats").json()
    assert statistics["upstream"]["requests"] == before + 1
