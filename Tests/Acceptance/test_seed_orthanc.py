"""The guide that the project started from with Orthanc as the upstream: the steps that are DICOMweb, as they stand there.

Stores, datasets and IAM are Google's; the rest of the guide is upload, search, retrieval and pictures.
"""

import os

import pytest
import requests

from support.dicom import file_bytes, slice_of
from support.orthanc import Orthanc, is_installed
from support.servers import Gateway

pytestmark = pytest.mark.skipif(not is_installed(), reason="Debian's orthanc and orthanc-dicomweb")

SMITH = slice_of("guide", "smith", PatientName="Smith^John", PatientID="MRN-1", StudyDate="20260105")
DOE = slice_of("guide", "doe", PatientName="Doe^Jane", PatientID="MRN-2", StudyDate="20260301")
MANY = 230


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory):
    with Orthanc(tmp_path_factory.mktemp("seed-orthanc"), DefaultEncoding="Utf8") as server:
        yield server


@pytest.fixture(scope="module")
def guide(binary, orthanc, tmp_path_factory):
    configuration = tmp_path_factory.mktemp("seed-configuration") / "collimator.yaml"
    configuration.write_text(
        f"stores:\n  names: [radiology-images]\n  radiology-images:\n"
        f"    dicomwebURL: {orthanc.url}/dicom-web\n    credentials: none\n"
    )
    with Gateway(binary, tmp_path_factory.mktemp("seed-gateway"), "--config", str(configuration)) as server:
        yield server


@pytest.fixture(scope="module")
def base_url(guide):
    return f"{guide.url}/dicomweb/radiology-images"


# The guide's functions, their host and token changed.


def upload_dicom_file(guide, base_url, dicom_file_path):
    with open(dicom_file_path, "rb") as f:
        dicom_data = f.read()
    headers = {
        "Authorization": f"Bearer {guide.key}",
        "Content-Type": "application/dicom",
        "Accept": "application/dicom+json",
    }
    return requests.post(f"{base_url}/studies", headers=headers, data=dicom_data, timeout=60)


def search_studies(guide, base_url, patient_name=None, study_date=None, modality=None, **more):
    headers = {"Authorization": f"Bearer {guide.key}", "Accept": "application/dicom+json"}
    params = {}
    if patient_name:
        params["PatientName"] = patient_name
    if study_date:
        params["StudyDate"] = study_date
    if modality:
        params["ModalitiesInStudy"] = modality
    params["includefield"] = "all"
    response = requests.get(f"{base_url}/studies", headers=headers, params=params | more, timeout=60)
    assert response.status_code in (200, 204), response.text
    return response.json() if response.status_code == 200 else []


def patients(studies):
    return [study["00100020"]["Value"][0] for study in studies]


def test_01_one_file_is_uploaded(guide, base_url, tmp_path):
    path = tmp_path / "image.dcm"
    path.write_bytes(file_bytes(SMITH))
    response = upload_dicom_file(guide, base_url, path)
    assert response.status_code == 200, response.text
    [stored] = response.json()["00081199"]["Value"]
    assert stored["00081155"]["Value"] == [SMITH.SOPInstanceUID]
    assert stored["00081190"]["Value"] == [
        f"{base_url}/studies/{SMITH.StudyInstanceUID}/series/{SMITH.SeriesInstanceUID}/instances/{SMITH.SOPInstanceUID}"
    ]


def test_02_a_directory_is_uploaded(guide, base_url, tmp_path):
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
    assert upload_dicom_file(guide, base_url, tmp_path / "notes.txt").status_code >= 400


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"patient_name": "Smith*"}, ["MRN-1"]),
        ({"study_date": "20260101-20260217"}, ["MRN-1"]),
        ({"modality": "CT"}, ["MRN-2", "MRN-1"]),
        ({"patient_name": "*jane", "modality": "CT", "study_date": "20260301"}, ["MRN-2"]),
        ({"study_date": "20250101-20250217"}, []),
        ({"modality": "MR"}, []),
        ({"patient_name": "Smith^John", "modality": "MR"}, []),
    ],
)
def test_03_the_guides_searches(guide, base_url, filters, expected):
    studies = search_studies(guide, base_url, **filters)
    assert patients(studies) == expected
    for study in studies:
        assert study["00080061"]["Value"] == ["CT"]
        assert study["00081190"]["Value"] == [f"{base_url}/studies/{study['0020000D']['Value'][0]}"]


def test_04_what_makes_no_sense_is_refused(guide, base_url):
    headers = {"Authorization": f"Bearer {guide.key}", "Accept": "application/dicom+json"}
    for query in ("StudyInstanceUID=1.2.*", "StudyDate=20260230", "limit=-1", "offset=-1", "NoSuchTag=1"):
        refused = requests.get(f"{base_url}/studies?{query}", headers=headers, timeout=60)
        assert refused.status_code == 400, query


def test_05_a_study_is_retrieved(guide, base_url):
    response = requests.get(
        f"{base_url}/studies/{DOE.StudyInstanceUID}",
        headers={"Authorization": f"Bearer {guide.key}", "Accept": "multipart/related; type=application/dicom"},
        timeout=60,
    )
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("multipart/related")
    assert response.content.count(b"DICM") == 3


def test_06_a_rendered_instance_is_retrieved(guide, base_url):
    response = requests.get(
        f"{base_url}/studies/{SMITH.StudyInstanceUID}/series/{SMITH.SeriesInstanceUID}"
        f"/instances/{SMITH.SOPInstanceUID}/rendered",
        headers={"Authorization": f"Bearer {guide.key}", "Accept": "image/png"},
        timeout=60,
    )
    assert response.status_code == 200
    assert response.content.startswith(b"\x89PNG\r\n\x1a\n")


def test_07_the_search_is_paged_to_the_end(guide, base_url, tmp_path):
    path = tmp_path / "one.dcm"
    for number in range(MANY):
        path.write_bytes(file_bytes(slice_of(
            "guide", "many", number, size=2, PatientName=f"Many{number:03}^Row", PatientID="MANY", StudyDate="20251201",
        )))
        assert upload_dicom_file(guide, base_url, path).status_code == 200
    seen = []
    while page := search_studies(guide, base_url, patient_name="Many*", limit=100, offset=len(seen)):
        seen += [study["0020000D"]["Value"][0] for study in page]
    assert len(seen) == len(set(seen)) == MANY


def test_08_a_call_without_a_token_is_refused(base_url):
    assert requests.get(f"{base_url}/studies", timeout=60).status_code == 401
