"""Thumbnails through the gateway, its emulator behind it, and Orthanc as another store."""

import concurrent.futures
import io
import os
import shutil
import signal

import numpy
import pytest
import requests
from PIL import Image

from support.corpus import files, frame_count, has_pixels, name_of, read, shown
from support.dicom import file_bytes, new_uid, slice_of
from support.servers import Gateway

API = "/api/v1/stores/radiology"
STUDY, SERIES = new_uid("thumbs", "study"), new_uid("thumbs", "series")
SLICES = [
    slice_of(f"thumbs-{index}", index, study=STUDY, series=SERIES, InstanceNumber=index + 1, PatientID="TH-1")
    for index in range(9)
]
PATH = f"{API}/studies/{STUDY}"


def upload(gateway, data):
    answer = gateway.call("POST", f"{API}/studies", data=data, headers={"Content-Type": "application/dicom"})
    assert answer.status_code in (200, 201), answer.text


def statistics(gateway):
    return gateway.call("GET", "/api/v1/thumbnails/stats").json()


def picture(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["Collimator-Rendition"] == "preview"
    image = Image.open(io.BytesIO(answer.content))
    image.load()
    return image


def similarity(first, second):
    """The mean structural similarity of two grey pictures, by blocks of eight."""
    first, second = (numpy.asarray(image, dtype=float) for image in (first, second))
    rows, columns = (side // 8 * 8 for side in first.shape)
    blocks = [
        side[:rows, :columns].reshape(rows // 8, 8, columns // 8, 8).swapaxes(1, 2).reshape(-1, 64)
        for side in (first, second)
    ]
    means = [block.mean(1) for block in blocks]
    variances = [block.var(1) for block in blocks]
    covariance = ((blocks[0] - means[0][:, None]) * (blocks[1] - means[1][:, None])).mean(1)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = ((2 * means[0] * means[1] + c1) * (2 * covariance + c2)) / (
        (means[0] ** 2 + means[1] ** 2 + c1) * (variances[0] + variances[1] + c2)
    )
    return float(values.mean())


@pytest.fixture(scope="module")
def server(binary, tmp_path_factory):
    with Gateway(binary, tmp_path_factory.mktemp("thumbnails")) as server:
        for one in SLICES:
            upload(server, file_bytes(one))
        yield server


def test_every_level_has_a_picture(server):
    middle = f"{PATH}/series/{SERIES}/instances/{SLICES[4].SOPInstanceUID}"
    faces = [
        server.call("GET", f"{path}/thumbnail", params={"size": 64, "format": "png"})
        for path in (PATH, f"{PATH}/series/{SERIES}", middle, f"{middle}/frames/1")
    ]
    assert len({answer.content for answer in faces}) == 1
    assert picture(faces[0]).size == (64, 64)
    for kind in ("jpeg", "png", "webp"):
        answer = server.call("GET", f"{PATH}/thumbnail", params={"format": kind})
        assert picture(answer).format.lower() == kind
        assert answer.headers["Content-Type"] == f"image/{kind}"


def test_a_thousand_at_once_cause_one_request_of_the_store(server):
    assert server.call("POST", "/api/v1/thumbnails/purges").status_code == 204
    before = statistics(server)["upstream"]["requests"]
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=64))
    session.headers["Authorization"] = f"Bearer {server.key}"
    url = f"{server.url}{PATH}/thumbnail?size=512&format=webp"
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: session.get(url, timeout=60), range(1000)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert statistics(server)["upstream"]["requests"] == before + 1


def test_a_browser_keeps_it_and_asks(server):
    first = server.call("GET", f"{PATH}/thumbnail")
    assert first.headers["Cache-Control"] == "private, no-cache"
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    again = server.call("GET", f"{PATH}/thumbnail", headers={"If-None-Match": tag})
    assert again.status_code == 304 and not again.content


@pytest.mark.parametrize("query", ["size=0", "size=-1", "size=1000000000", "size=1e2", "format=gif", "window=1,2"])
def test_bad_wishes_are_refused(server, query):
    answer = server.call("GET", f"{PATH}/thumbnail?{query}")
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid-input"


def test_what_was_deleted_is_gone_at_once(server):
    one = slice_of("thumbs-deleted", PatientID="TH-2")
    upload(server, file_bytes(one))
    path = f"{API}/studies/{one.StudyInstanceUID}"
    picture(server.call("GET", f"{path}/thumbnail"))
    assert server.call("DELETE", path).status_code in (200, 202, 204)
    for _ in range(100):
        answer = server.call("GET", f"{path}/thumbnail")
        if answer.status_code == 404:
            break
    assert answer.status_code == 404


def test_the_folder_may_be_deleted_and_filled_with_strangers(server):
    folder = server.folder / "thumbnails"
    picture(server.call("GET", f"{PATH}/thumbnail", params={"size": 128}))
    shutil.rmtree(folder, ignore_errors=True)
    server.call("POST", "/api/v1/thumbnails/purges")
    picture(server.call("GET", f"{PATH}/thumbnail", params={"size": 128}))
    folder.mkdir(exist_ok=True)
    (folder / "stranger").write_text("hello")
    (folder / "zz").mkdir()
    (folder / "zz" / "also").write_text("hello")
    picture(server.call("GET", f"{PATH}/thumbnail", params={"size": 64, "format": "jpeg"}))


def test_a_killed_process_leaves_no_torn_picture(binary, tmp_path):
    with Gateway(binary, tmp_path) as server:
        for one in SLICES:
            upload(server, file_bytes(one))
        paths = [f"{PATH}/series/{SERIES}/instances/{one.SOPInstanceUID}/thumbnail" for one in SLICES]
        wanted = [server.call("GET", path, params={"format": "png"}).content for path in paths]
        for _ in range(3):
            server.call("POST", "/api/v1/thumbnails/purges")
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                for path in paths:
                    pool.submit(lambda path=path: server.call("GET", path, params={"format": "png"}))
                os.kill(server.process.pid, signal.SIGKILL)
            server.kill()
            server.start()
            for path, expected in zip(paths, wanted):
                assert server.call("GET", path, params={"format": "png"}).content == expected


def golden():
    """Grey pictures of pydicom's files that pydicom itself shows as the emulator does."""
    for path in files():
        dataset = read(path)
        if dataset is None or not has_pixels(path) or frame_count(dataset) != 1:
            continue
        if dataset.get("SamplesPerPixel") == 1 and dataset.get("Modality") in ("CT", "MR", "CR", "DX"):
            yield path


@pytest.mark.parametrize("path", list(golden()), ids=name_of)
def test_golden(server, path):
    dataset = read(path)
    data = path.read_bytes()
    answer = server.call("POST", f"{API}/studies", data=data, headers={"Content-Type": "application/dicom"})
    if answer.status_code not in (200, 201):
        pytest.skip("the store does not take it")
    thumbnail = server.call(
        "GET",
        f"{API}/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
        f"/instances/{dataset.SOPInstanceUID}/thumbnail",
        params={"size": 128, "format": "png"},
    )
    image = picture(thumbnail).convert("L")
    reference = shown(dataset, 0)
    if reference.ndim != 2 or min(reference.shape) < 16:
        pytest.skip("no grey picture to compare with")
    reference = Image.fromarray(reference.astype(numpy.uint8)).resize(image.size, Image.Resampling.LANCZOS)
    assert similarity(image, reference) > 0.8
