"""Uploads in the four forms that people have files in, as `requests` sends them."""

import io
import secrets
import socket
import zipfile

import pydicom
import pytest
from pydicom.data import get_testdata_file

from support import raw
from support.dicom import file_bytes, slice_of
from support.servers import multipart

PATH = "/api/v1/stores/radiology/studies"


def slices(count: int) -> list:
    """Slices of one new study."""
    mark = secrets.token_hex(8)
    first = slice_of(mark, 0)
    return [
        slice_of(mark, number, study=first.StudyInstanceUID, series=first.SeriesInstanceUID, PatientName="Up^Load")
        for number in range(count)
    ]


def zip_of(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def instance_count(gateway, study: str) -> int:
    answer = gateway.call("GET", f"/dicomweb/radiology/studies/{study}/instances")
    return len(answer.json()) if answer.status_code == 200 else 0


def test_one_file(gateway):
    [dataset] = slices(1)
    headers = {"Content-Type": "application/dicom"}
    first = gateway.call("POST", PATH, data=file_bytes(dataset), headers=headers)
    assert first.status_code == 201, first.text
    assert first.headers["Location"] == f"{PATH}/{dataset.StudyInstanceUID}"
    assert first.json()["counts"] == {"stored": 1, "duplicate": 0, "skipped": 0, "refused": 0}
    again = gateway.call("POST", PATH, data=file_bytes(dataset), headers=headers)
    assert again.status_code == 200
    assert again.json()["items"][0]["outcome"] == "duplicate"
    assert gateway.call("GET", first.headers["Location"]).status_code == 200


@pytest.mark.parametrize("name", ["rtplan.dcm", "badVR.dcm"])
def test_a_file_whose_meta_information_names_another_instance(gateway, name):
    """The gateway says what the store has, and where: the data set's instance, not the one of the meta information."""
    path = get_testdata_file(name, download=False)
    dataset = pydicom.dcmread(path)
    assert dataset.file_meta.MediaStorageSOPInstanceUID != dataset.SOPInstanceUID
    with open(path, "rb") as file:
        content = file.read()
    headers = {"Content-Type": "application/dicom"}
    answers = [gateway.call("POST", PATH, data=content, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200], answers[0].text
    assert [answer.json()["items"][0]["outcome"] for answer in answers] == ["stored", "duplicate"]
    for answer in answers:
        assert answer.json()["items"][0]["instanceUid"] == dataset.SOPInstanceUID
    stored = gateway.call("GET", answers[0].json()["items"][0]["links"]["instance"] + "/file")
    assert stored.status_code == 200 and stored.content == content


def test_a_file_that_comes_twice_is_stored_once(gateway):
    [dataset] = slices(1)
    files = [("file", (name, file_bytes(dataset))) for name in ("a.dcm", "b.dcm", "c.dcm")]
    answer = gateway.call("POST", PATH, files=files)
    assert answer.status_code == 200, answer.text
    assert answer.json()["counts"] == {"stored": 1, "duplicate": 2, "skipped": 0, "refused": 0}
    assert instance_count(gateway, dataset.StudyInstanceUID) == 1


def test_stored_and_there_already_is_mixed(gateway):
    datasets = slices(2)
    kind = {"Content-Type": "application/dicom"}
    assert gateway.call("POST", PATH, data=file_bytes(datasets[0]), headers=kind).status_code == 201
    files = [("file", (f"{n}.dcm", file_bytes(dataset))) for n, dataset in enumerate(datasets)]
    answer = gateway.call("POST", PATH, files=files)
    assert answer.status_code == 200, answer.text
    assert [item["outcome"] for item in answer.json()["items"]] == ["duplicate", "stored"]


def test_a_browsers_form(gateway):
    datasets = slices(3)
    files = [("any-name", (f"image {n}.dcm", file_bytes(dataset))) for n, dataset in enumerate(datasets)]
    answer = gateway.call("POST", PATH, files=files, data={"note": "hello"})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert [item["name"] for item in body["items"]] == ["image 0.dcm", "image 1.dcm", "image 2.dcm"]
    assert [item["instanceUid"] for item in body["items"]] == [dataset.SOPInstanceUID for dataset in datasets]
    assert body["studies"] == [f"{PATH}/{datasets[0].StudyInstanceUID}"]
    assert instance_count(gateway, datasets[0].StudyInstanceUID) == 3


def test_multipart_related(gateway):
    datasets = slices(3)
    body = multipart([file_bytes(dataset) for dataset in datasets])
    kind = 'multipart/related; type="application/dicom"; boundary=an-acceptance-boundary'
    answer = gateway.call("POST", PATH, data=body, headers={"Content-Type": kind})
    assert answer.status_code == 201, answer.text
    assert answer.json()["counts"]["stored"] == 3


def test_a_zip_file_with_folders_and_what_does_not_belong(gateway):
    datasets = slices(2)
    content = zip_of({
        "export/DICOM/IM0": file_bytes(datasets[0]),
        "export/DICOM/IM1": file_bytes(datasets[1]),
        "export/readme.txt": b"hello",
        "__MACOSX/export/DICOM/._IM0": b"x",
    })
    answer = gateway.call("POST", PATH, data=content, headers={"Content-Type": "application/zip"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["counts"] == {"stored": 2, "duplicate": 0, "skipped": 2, "refused": 0}
    assert [item.get("reason") for item in answer.json()["items"]] == [None, None, "not-dicom", "resource-fork"]


@pytest.mark.parametrize("name", ["../../evil.dcm", "/evil.dcm", "a/../../evil.dcm"])
def test_a_zip_file_with_a_path_outside_is_refused_whole(gateway, name):
    datasets = slices(2)
    content = zip_of({"good.dcm": file_bytes(datasets[0]), name: file_bytes(datasets[1])})
    answer = gateway.call("POST", PATH, data=content, headers={"Content-Type": "application/zip"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "unprocessable"
    assert instance_count(gateway, datasets[0].StudyInstanceUID) == 0


def test_a_bomb_is_refused_and_leaves_nothing(gateway):
    content = zip_of({f"{n}.dcm": bytes(100_000_000) for n in range(3)})
    answer = gateway.call("POST", PATH, data=content, headers={"Content-Type": "application/zip"})
    assert answer.status_code in (413, 422), answer.text
    assert gateway.is_alive()


def test_a_truncated_body_is_a_problem_and_stores_no_half(gateway):
    datasets = slices(2)
    body = multipart([file_bytes(dataset) for dataset in datasets], closed=False)[:-500]
    kind = 'multipart/related; type="application/dicom"; boundary=an-acceptance-boundary'
    answer = gateway.call("POST", PATH, data=body, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert instance_count(gateway, datasets[0].StudyInstanceUID) == 1


def test_nothing_stored_is_422_and_other_kinds_are_415(gateway):
    answer = gateway.call("POST", PATH, files=[("f", ("notes.txt", b"hello"))])
    assert answer.status_code == 422
    assert answer.json()["items"] == [
        {"index": 0, "name": "notes.txt", "outcome": "skipped", "reason": "not-dicom",
         "detail": "The file is no DICOM file."}
    ]
    answer = gateway.call("POST", PATH, data=b"x", headers={"Content-Type": "image/png"})
    assert answer.status_code == 415


def test_an_idempotency_key_gives_the_same_answer_again(gateway):
    datasets = slices(2)
    headers = {"Content-Type": "application/dicom", "Idempotency-Key": secrets.token_hex(16)}
    first = gateway.call("POST", PATH, data=file_bytes(datasets[0]), headers=headers)
    again = gateway.call("POST", PATH, data=file_bytes(datasets[0]), headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert "Idempotency-Replayed" not in first.headers and again.headers["Idempotency-Replayed"] == "true"
    assert first.content == again.content
    other = gateway.call("POST", PATH, data=file_bytes(datasets[1]), headers=headers)
    assert other.status_code == 422
    assert other.json()["code"] == "unprocessable"


def test_leave_to_send_is_not_given_to_a_stranger(gateway):
    head = {"Content-Type": "application/dicom", "Content-Length": "100000", "Expect": "100-continue"}
    answer = raw.send(gateway.port, raw.request("POST", PATH, head))
    assert answer.status == 401
    assert answer.headers["connection"] == "close"
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=60) as connection:
        connection.sendall(raw.request("POST", PATH, head | {"Authorization": f"Bearer {gateway.key}"}))
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_names_of_files_are_not_in_the_log(gateway):
    gateway.call("POST", PATH, files=[("f", ("SECRET^NAME.dcm", file_bytes(slices(1)[0])))])
    assert "SECRET^NAME" not in gateway.log.read_text(errors="replace")
