"""Requests that nobody should send: each is refused in Google's form, nothing is stored half, the server lives."""

import io
import os
import shutil
import socket
import subprocess
import time

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate, generate_frames

from support import raw
from support.dicom import file_bytes, new_uid, slice_of
from support.servers import Emulator, error_of, multipart

GOOD = slice_of("bad input", "good")
DATA = file_bytes(GOOD)
BOUNDARY = "an-acceptance-boundary"
MULTIPART = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'


@pytest.fixture(autouse=True)
def the_server_lives(emulator):
    yield
    assert emulator.is_alive()
    assert emulator.call("GET", "projects/local/locations").status_code == 200


def headers(emulator, length=None, **more):
    values = {"Authorization": emulator.headers()["Authorization"], "Accept": "application/dicom+json"}
    if length is not None:
        values["Content-Length"] = str(length)
    return values | {name.replace("_", "-"): value for name, value in more.items()}


def studies(store) -> str:
    return f"/v1/{store.path}/dicomWeb/studies"


def test_a_truncated_multipart_body_is_refused(emulator, store):
    whole = multipart([DATA, DATA])
    for end in (len(whole) - 4, len(whole) - len(BOUNDARY) - 6, len(DATA) // 2, 10, 0):
        body = whole[:end]
        answer = raw.send(
            emulator.port,
            raw.request("POST", studies(store), headers(emulator, len(body), Content_Type=MULTIPART), body),
        )
        assert answer.status in (400, 409), answer.body
        if answer.status == 400:
            assert answer.error()["status"] in ("INVALID_ARGUMENT", "FAILED_PRECONDITION")
    # A part that had ended before the cut may have been stored, whole; half of one may not.
    assert store.instance_count() <= 1
    if store.instance_count() == 1:
        assert store.as_stored(store.instance_path(GOOD)).content == DATA


@pytest.mark.parametrize("body_type", ["application/dicom", MULTIPART])
def test_a_body_shorter_than_it_says_stores_nothing(emulator, store, body_type):
    body = DATA if body_type == "application/dicom" else multipart([DATA])
    half = body[: len(body) // 2]
    request = raw.request("POST", studies(store), headers(emulator, len(body), Content_Type=body_type), half)
    answer = raw.send(emulator.port, request, half_close=True)
    assert answer.status in (0, 400)
    assert store.instance_count() == 0


def test_a_body_longer_than_it_says_is_another_request(emulator, store):
    request = raw.request(
        "POST", studies(store), headers(emulator, len(DATA) - 100, Content_Type="application/dicom"), DATA
    )
    answer = raw.send(emulator.port, request)
    assert answer.status in (200, 400, 409)
    if answer.status == 200:
        assert store.as_stored(store.instance_path(GOOD)).content == DATA[:-100]
    else:
        assert store.instance_count() == 0


@pytest.mark.parametrize(
    "lying",
    [
        {"Content-Length": "12, 13"},
        {"Content-Length": "-1"},
        {"Content-Length": "0x10"},
        {"Content-Length": "99999999999999999999999"},
        {"Content-Length": "5", "Transfer-Encoding": "chunked"},
        {"Transfer-Encoding": "gzip, chunked, identity"},
    ],
)
def test_contradicting_lengths_are_refused(emulator, store, lying):
    values = headers(emulator, Content_Type="application/dicom") | lying
    answer = raw.send(emulator.port, raw.request("POST", studies(store), values, b"5\r\nhello\r\n0\r\n\r\n"))
    assert answer.status in (0, 400, 409, 413, 415, 501)
    assert store.instance_count() == 0


def test_broken_chunks_are_refused(emulator, store):
    values = headers(emulator, Content_Type="application/dicom", Transfer_Encoding="chunked")
    request = raw.request("POST", studies(store), values, b"zz\r\nnot a chunk\r\n")
    assert raw.send(emulator.port, request).status in (0, 400)
    assert store.instance_count() == 0


GOOD_PATH = f"{GOOD.StudyInstanceUID}/series/{GOOD.SeriesInstanceUID}/instances/{GOOD.SOPInstanceUID}"


@pytest.mark.parametrize(
    "path",
    [
        "1.2%2F3", "1.2%2f..%2f3", "..", "%2e%2e", "1..2", ".1", "1.", "abc", "1.2.x", "1.2%00", "1.2%0d%0aX:1", "1" * 65,
        "%ff%fe", "%", "1.2%20", "1.2;a", "1%252e2", "-1",
    ],
)
def test_a_malformed_uid_is_refused(emulator, store, path):
    for target in (
        f"{studies(store)}/{path}", f"{studies(store)}/{path}/metadata", f"{studies(store)}/1.2/series/{path}",
        f"{studies(store)}/1.2/series/1.3/instances/{path}", f"{studies(store)}/1.2/series/1.3/instances/{path}/rendered",
    ):
        answer = raw.send(emulator.port, raw.request("GET", target, headers(emulator)))
        assert answer.status in (400, 404), (target, answer.body)
        assert answer.error()["message"]
        assert path not in answer.error()["message"] or len(path) < 4
    answer = raw.send(emulator.port, raw.request("DELETE", f"{studies(store)}/{path}", headers(emulator)))
    assert answer.status in (400, 404)


@pytest.mark.parametrize("path", ["bulkdata/..%2f..%2f..%2fetc%2fpasswd", "bulkdata/../../x", "bulkdata/7FE0", "frames/0",
                                  "frames/-1", "frames/1,,2", "frames/a", "frames/99999999999999999999", "frames/2"])
def test_a_malformed_path_below_an_instance_is_refused(emulator, store, path):
    assert store.post(DATA).status_code == 200
    answer = raw.send(emulator.port, raw.request("GET", f"{studies(store)}/{GOOD_PATH}/{path}", headers(emulator, Accept="*/*")))
    assert answer.status in (400, 404), answer.body
    assert b"root:" not in answer.body
    answer.error()


def test_oversized_headers_are_refused(emulator, store):
    for values in ({"X-Long": "x" * 200_000}, {f"X-{index}": "x" * 100 for index in range(5_000)}):
        answer = raw.send(emulator.port, raw.request("GET", studies(store), headers(emulator) | values))
        assert answer.status in (0, 400, 431)
    target = studies(store) + "?PatientID=" + "x" * 200_000
    assert raw.send(emulator.port, raw.request("GET", target, headers(emulator))).status in (0, 400, 414, 431)


def test_an_oversized_body_is_refused(emulator):
    body = b'{"labels":{"a":"' + b"x" * (12 << 20) + b'"}}'
    answer = emulator.call("POST", f"{emulator.PARENT}/datasets", params={"datasetId": "too-large"}, data=body)
    assert answer.status_code in (400, 413)
    error_of(answer)


@pytest.mark.parametrize("head", [b"GARBAGE\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01", b"GET / HTTP/9.9\r\n\r\n",
                                  b"\0" * 1000])
def test_what_is_not_http_is_refused(emulator, head):
    assert raw.send(emulator.port, head, half_close=True).status in (0, 400, 505)


@pytest.mark.parametrize("query", [
    "limit=0", "limit=-1", "limit=x", "limit=99999999999999999999", "offset=-1", "offset=1000001", "StudyDate=yesterday",
    "StudyDate=20260101-20250101-2", "fuzzymatching=perhaps", "includefield=NoSuchKeyword", "PatientName=%ff", "00100010ZZ=1",
    "SOPClassUID=1.2", "limit=1&limit=2",
])
def test_a_search_out_of_range_is_refused(emulator, store, query):
    answer = raw.send(emulator.port, raw.request("GET", f"{studies(store)}?{query}", headers(emulator)))
    assert answer.status in (400, 204), answer.body
    if query not in ("limit=1&limit=2", "StudyDate=20260101-20250101-2"):
        assert answer.status == 400
        answer.error()


@pytest.mark.parametrize(("body", "kind"), [
    (b"", "application/dicom"), (b"not dicom", "application/dicom"), (b"\0" * 132, "application/dicom"),
    (b"\0" * 128 + b"DICM", "application/dicom"), (os.urandom(5000), "application/dicom"),
    (b"\0" * 128 + b"DICM" + os.urandom(5000), "application/dicom"), (DATA[:400], "application/dicom"),
    (DATA[: len(DATA) - 17], "application/dicom"), (DATA, "text/plain"), (DATA, ""), (DATA, "multipart/related"),
    (DATA, 'multipart/related; type="application/dicom"; boundary='), (DATA, MULTIPART),
    (b"[]", "application/dicom+json"), (b"<x/>", "application/dicom+xml"), (multipart([b"x"], part_type="text/plain"), MULTIPART),
])
def test_a_body_that_is_no_dicom_is_refused(store, body, kind):
    answer = store.call("POST", "studies", data=body, headers={"Content-Type": kind, "Accept": "application/dicom+json"})
    assert answer.status_code in (400, 406, 409, 415), answer.text
    if answer.status_code == 409:
        assert answer.json()["00081198"]["Value"]
    else:
        error_of(answer)
    assert store.instance_count() == 0


@pytest.mark.parametrize("keyword", ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"])
@pytest.mark.parametrize("value", [None, "", "abc", "../../1", "1" * 65, "1.2/3"])
def test_dicom_without_good_uids_is_refused(store, keyword, value):
    dataset = slice_of("uid", keyword, value)
    delattr(dataset, keyword)
    if keyword == "SOPClassUID":
        # The meta information says it too, and a good value there would do.
        del dataset.file_meta.MediaStorageSOPClassUID
    if value is not None:
        dataset.add(pydicom.DataElement(keyword, "LO", value))
    answer = store.post(file_bytes_unchecked(dataset))
    assert answer.status_code in (400, 409), answer.text
    assert store.instance_count() == 0


def file_bytes_unchecked(dataset) -> bytes:
    buffer = io.BytesIO()
    with pydicom.config.disable_value_validation():
        pydicom.dcmwrite(buffer, dataset, enforce_file_format=False)
    return buffer.getvalue()


@pytest.mark.parametrize("depth", [30, 300, 3000])
def test_deep_nesting_is_survived(store, depth):
    dataset = slice_of("nested", depth)
    # pydicom writes recursively: the bytes are laid down by hand, innermost first.
    item = b""
    for _ in range(depth):
        item = (
            b"\x08\x00\x10\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + item
            + b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
        )
    data = file_bytes(dataset)
    at = data.index(b"\x10\x00\x10\x00PN")
    answer = store.post(data[:at] + item + data[at:])
    assert answer.status_code in (200, 400, 409), answer.text
    assert store.instance_count() == (1 if answer.status_code == 200 else 0)
    if answer.status_code == 200:
        path = store.instance_path(dataset)
        assert store.call("GET", f"{path}/metadata").status_code == 200


def test_deeply_nested_json_is_refused(emulator, store):
    for body in (b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000):
        answer = emulator.call("POST", f"{emulator.PARENT}/datasets", params={"datasetId": "deep"}, data=body)
        assert answer.status_code == 400
        error_of(answer)
        answer = store.call(
            "POST", "studies",
            data=multipart([body], part_type="application/dicom+json"),
            headers={"Content-Type": f'multipart/related; type="application/dicom+json"; boundary={BOUNDARY}'},
        )
        assert answer.status_code in (400, 409)


COMPRESSED = [
    "JPEG-lossy.dcm", "JPGExtended.dcm", "SC_rgb_jpeg_dcmtk.dcm", "MR_small_jpeg_ls_lossless.dcm", "JPEGLSNearLossless_16.dcm",
    "MR_small_jp2klossless.dcm", "JPEG2000.dcm", "MR_small_RLE.dcm", "SC_rgb_rle_16bit_2frame.dcm", "image_dfl.dcm",
]


@pytest.mark.parametrize("name", COMPRESSED)
@pytest.mark.parametrize("harm", ["cut", "zeroed", "noise", "header"])
def test_corrupt_pixel_data_is_survived(emulator, store, name, harm):
    path = get_testdata_file(name, download=False)
    dataset = pydicom.dcmread(path)
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        frames = list(generate_frames(dataset.PixelData, number_of_frames=int(dataset.get("NumberOfFrames") or 1)))
        dataset.PixelData = encapsulate([harmed(frame, harm) for frame in frames])
        data = file_bytes_unchecked(dataset)
    else:
        data = open(path, "rb").read()
        data = data[:400] + harmed(data[400:], harm)
    answer = store.post(data)
    assert answer.status_code in (200, 400, 409), answer.text
    if answer.status_code != 200:
        assert store.instance_count() == 0
        return
    instance = store.instance_path(dataset)
    assert store.as_stored(instance).content == data
    for target, accept in (
        (f"{instance}/rendered", "image/png"), (f"{instance}/rendered", "image/jpeg"),
        (instance, "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"),
        (f"{instance}/frames/1", 'multipart/related; type="application/octet-stream"'),
    ):
        answer = store.call("GET", target, headers={"Accept": accept})
        assert answer.status_code < 500, (target, answer.text)
        if answer.status_code != 200:
            error_of(answer)


def harmed(frame: bytes, harm: str) -> bytes:
    middle = len(frame) // 2
    if harm == "cut":
        return frame[: middle + middle % 2]
    if harm == "zeroed":
        return frame[:middle] + b"\0" * (len(frame) - middle)
    if harm == "noise":
        noise = bytes((index * 197 + 91) % 256 for index in range(len(frame) - middle))
        return frame[:middle] + noise
    return b"\xff" * min(32, len(frame)) + frame[32:]


def test_a_client_that_goes_away_while_sending_leaves_nothing(emulator, store):
    body = multipart([DATA] * 20)
    before = emulator.open_files()
    for cut in (200, len(body) // 3, len(body) - 30):
        with socket.create_connection(("127.0.0.1", emulator.port)) as connection:
            connection.sendall(raw.request(
                "POST", studies(store), headers(emulator, len(body), Content_Type=MULTIPART), body[:cut]
            ))
            time.sleep(0.2)
    settle(lambda: emulator.open_files() <= before + 2)
    if store.instance_count() > 0:
        assert store.as_stored(store.instance_path(GOOD)).content == DATA


def test_a_client_that_goes_away_while_reading_leaves_nothing(emulator, store):
    # Uploads of many megabytes, so that the answer does not fit into the buffers of the connection.
    study, series = new_uid("gone", "study"), new_uid("gone", "series")
    for index in range(4):
        big = slice_of("gone", index, study=study, series=series, size=1536)
        assert store.post(file_bytes(big)).status_code == 200
    before = emulator.open_files()
    for _ in range(10):
        with socket.create_connection(("127.0.0.1", emulator.port)) as connection:
            connection.sendall(raw.request(
                "GET", f"{studies(store)}/{study}",
                headers(emulator, Accept='multipart/related; type="application/dicom"; transfer-syntax=*'),
            ))
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    settle(lambda: emulator.open_files() <= before + 2)


def settle(holds, seconds=60):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "did not come about"
        time.sleep(0.05)


@pytest.mark.parametrize("accept", ["image/gif", "text/plain", "application/json; x", "video/mp4"])
def test_a_media_type_that_is_not_offered_is_406(store, accept):
    assert store.post(DATA).status_code == 200
    answer = store.call("GET", f"{store.instance_path(GOOD)}/rendered", headers={"Accept": accept})
    assert answer.status_code == 406
    error_of(answer)


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer a.b.c", "bearer  "])
def test_a_token_that_the_emulator_did_not_issue_is_refused(emulator, store, token):
    answer = raw.send(emulator.port, raw.request("GET", studies(store), {"Authorization": token, "Accept": "*/*"}))
    assert answer.status == 401
    assert answer.error()["status"] == "UNAUTHENTICATED"


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="only root can make a small disk")
def test_a_full_disk_refuses_and_keeps_what_there_is(binary, tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], capture_output=True).returncode != 0:
        pytest.skip("this machine does not let root mount a tmpfs")
    server = Emulator(binary, folder)
    try:
        server.start()
        store = server.make_store("full")
        stored, refused = fill(store)
        assert stored and refused
        for path, data in stored:
            assert store.as_stored(path).content == data
        assert store.instance_count() == len(stored)
        # Room again: it works again, without a restart.
        path, _ = stored.pop()
        assert store.call("DELETE", path).status_code == 200
        settle(lambda: store.post(file_bytes(slice_of("full", "after", size=256))).status_code == 200)
        assert server.stop() == 0
    finally:
        server.kill()
        subprocess.run(["umount", folder], check=True)


def fill(store):
    stored, refused = [], 0
    for index in range(60):
        dataset = slice_of("full", index, size=768)
        data = file_bytes(dataset)
        answer = store.post(data)
        if answer.status_code == 200:
            stored.append((store.instance_path(dataset), data))
            continue
        refused += 1
        assert answer.status_code in (409, 503, 507), answer.text
        if answer.status_code != 409:
            error_of(answer)
        if refused > 3:
            break
    return stored, refused
