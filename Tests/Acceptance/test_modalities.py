"""A modality sends by C-STORE to Orthanc, which passes it on to Collimator: the files of deploy/orthanc at work."""

import io
import shutil
import subprocess
import time

import pydicom
import pytest
import requests
from pydicom.data import get_testdata_file

from support.dicom import file_bytes, new_uid, slice_of
from support.orthanc import ModalityDoor, is_installed
from support.servers import Gateway

pytestmark = pytest.mark.skipif(
    not is_installed() or shutil.which("storescu") is None, reason="Debian's orthanc, orthanc-dicomweb and dcmtk"
)


@pytest.fixture(scope="module")
def archive(binary, tmp_path_factory):
    with Gateway(binary, tmp_path_factory.mktemp("archive")) as server:
        yield server


@pytest.fixture(scope="module")
def door(archive, tmp_path_factory):
    with ModalityDoor(tmp_path_factory.mktemp("door"), f"{archive.url}/dicomweb/radiology", archive.key) as server:
        yield server


def store(door, folder, *words):
    """What a modality does; storescu tells each refusal by its status."""
    return subprocess.run(
        ["storescu", "--scan-directories", "--call", "COLLIMATOR", *words, "127.0.0.1", str(door.dicom_port), folder],
        capture_output=True, text=True, timeout=60,
    )


def instances(archive, study: str) -> list:
    answer = archive.call(
        "GET", f"/dicomweb/radiology/studies/{study}/instances", headers={"Accept": "application/dicom+json"}
    )
    assert answer.status_code in (200, 204), answer.text
    return answer.json() if answer.status_code == 200 else []


def wait_for(archive, study: str, count: int, seconds=60):
    deadline = time.monotonic() + seconds
    while len(instances(archive, study)) != count:
        assert time.monotonic() < deadline, f"{len(instances(archive, study))} of {count} instances came"
        time.sleep(0.2)


def test_a_study_sent_by_c_store_is_in_the_archive(archive, door, tmp_path):
    study, series = new_uid("modality", "study"), new_uid("modality", "series")
    sent = [slice_of("modality", index, study=study, series=series, InstanceNumber=index + 1) for index in range(5)]
    for index, dataset in enumerate(sent):
        (tmp_path / f"{index}.dcm").write_bytes(file_bytes(dataset))
    outcome = store(door, tmp_path)
    assert outcome.returncode == 0, outcome.stderr
    wait_for(archive, study, 5)
    one = sent[0]
    answer = archive.call(
        "GET", f"/dicomweb/radiology/studies/{study}/series/{series}/instances/{one.SOPInstanceUID}",
        headers={"Accept": "application/dicom; transfer-syntax=*"},
    )
    assert answer.status_code == 200
    came = pydicom.dcmread(io.BytesIO(answer.content))
    assert came.PixelData == one.PixelData and came.PatientName == one.PatientName
    # And a late instance follows its study.
    late = tmp_path / "late"
    late.mkdir()
    (late / "6.dcm").write_bytes(file_bytes(slice_of("modality", "late", study=study, series=series)))
    assert store(door, late).returncode == 0
    wait_for(archive, study, 6)


def test_compressed_images_arrive_as_they_were_sent(archive, door, tmp_path):
    path = get_testdata_file("MR_small_RLE.dcm", download=False)
    shutil.copy(path, tmp_path / "mr.dcm")
    outcome = store(door, tmp_path, "--propose-rle")
    assert outcome.returncode == 0, outcome.stderr
    dataset = pydicom.dcmread(path)
    wait_for(archive, dataset.StudyInstanceUID, 1)
    answer = archive.call(
        "GET", f"/dicomweb/radiology/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
        f"/instances/{dataset.SOPInstanceUID}",
        headers={"Accept": "application/dicom; transfer-syntax=*"},
    )
    came = pydicom.dcmread(io.BytesIO(answer.content))
    assert came.file_meta.TransferSyntaxUID == pydicom.uid.RLELossless
    assert came.PixelData == dataset.PixelData


def test_what_came_while_the_archive_was_down_is_passed_on_later(archive, door, tmp_path):
    study = new_uid("modality", "outage")
    missed, next_one = tmp_path / "missed", tmp_path / "next"
    for folder, dataset in ((missed, slice_of("outage", 1, study=study)), (next_one, slice_of("outage", 2))):
        folder.mkdir()
        (folder / "1.dcm").write_bytes(file_bytes(dataset))
    archive.stop()
    try:
        assert store(door, missed).returncode == 0
        wait_until(lambda: any(job["State"] == "Failure" for job in jobs(door)))
    finally:
        archive.start()
    assert instances(archive, study) == []
    # The next study takes what failed with it; newer servers retry by themselves.
    assert store(door, next_one).returncode == 0
    wait_for(archive, study, 1)


def jobs(door) -> list:
    return requests.get(f"{door.url}/jobs?expand", timeout=60).json()


def wait_until(holds, seconds=60):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "did not come about"
        time.sleep(0.2)
