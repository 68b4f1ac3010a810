"""Pictures and documents of objects of every kind, with the emulator and with Orthanc as the store."""

import io

import numpy
import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from support import kinds
from support.corpus import shown
from support.dicom import file_bytes
from support.orthanc import Orthanc, is_installed
from support.servers import Gateway

SIZE = 128
PICTURES, OTHERS = kinds.pictures(), kinds.others()
# Files of others: JPEG, lossless JPEG, JPEG 2000, YBR.
FILES = {
    name: get_testdata_file(name, download=False)
    for name in ("JPGExtended.dcm", "SC_rgb_jpeg_dcmtk.dcm", "JPEG2000.dcm", "SC_rgb_jpeg_gdcm.dcm", "MR_small_RLE.dcm")
}


class Place:
    """A gateway and the store behind it."""

    def __init__(self, gateway: Gateway, store: str):
        self.gateway = gateway
        # Orthanc needs another plugin for it, and what it cannot render is an icon.
        self.decodes_jpeg2000 = store != "pacs"
        self.api = f"/api/v1/stores/{store}"
        self.stored = set()

    def path(self, dataset) -> str:
        """The path of the instance, which is stored when it is first asked for."""
        if dataset.SOPInstanceUID not in self.stored:
            answer = self.gateway.call(
                "POST", f"{self.api}/studies", data=file_bytes(dataset), headers={"Content-Type": "application/dicom"}
            )
            assert answer.status_code in (200, 201), answer.text
            self.stored.add(dataset.SOPInstanceUID)
        return (
            f"{self.api}/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
            f"/instances/{dataset.SOPInstanceUID}"
        )

    def thumbnail(self, path: str) -> Image.Image:
        answer = self.gateway.call("GET", f"{path}/thumbnail", params={"size": SIZE, "format": "png"})
        assert answer.status_code == 200, answer.text
        assert answer.headers["Collimator-Rendition"] == "preview"
        image = Image.open(io.BytesIO(answer.content))
        image.load()
        return image

    def upstream_requests(self) -> int:
        return self.gateway.call("GET", "/api/v1/thumbnails/stats").json()["upstream"]["requests"]


@pytest.fixture(
    scope="module",
    params=[
        "emulator",
        pytest.param("orthanc", marks=pytest.mark.skipif(not is_installed(), reason="Debian's orthanc")),
    ],
)
def place(request, binary, tmp_path_factory):
    folder = tmp_path_factory.mktemp(f"kinds-{request.param}")
    if request.param == "emulator":
        with Gateway(binary, folder) as gateway:
            yield Place(gateway, "radiology")
        return
    with Orthanc(tmp_path_factory.mktemp("kinds-store")) as orthanc:
        configuration = folder / "collimator.yaml"
        configuration.write_text(
            f"stores:\n  names: [pacs]\n  pacs:\n    dicomwebURL: {orthanc.url}/dicom-web\n    credentials: none\n"
        )
        with Gateway(binary, folder, "--config", str(configuration)) as gateway:
            yield Place(gateway, "pacs")


def is_icon(image: Image.Image) -> bool:
    """A dark square with a lighter sheet in the middle."""
    grey = numpy.asarray(image.convert("L"))
    return image.size == (SIZE, SIZE) and grey[0, 0] == grey[0, -1] == grey[-1, 0] == grey[-1, -1] == 24


def likeness(image: Image.Image, reference: numpy.ndarray) -> float:
    """How alike two pictures are in what is light and dark, from -1 to 1."""
    expected = Image.fromarray(reference).resize(image.size, Image.Resampling.LANCZOS).convert(image.mode)
    pair = [numpy.asarray(picture, dtype=float).ravel() for picture in (image, expected)]
    return float(numpy.corrcoef(*pair)[0, 1])


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_shows_what_is_in_the_object(place, name):
    dataset = PICTURES[name]
    image = place.thumbnail(place.path(dataset))
    rows, columns = dataset.Rows, dataset.Columns
    # Fitted into the box, in the shape of the object, and never enlarged.
    scale = min(1, SIZE / max(rows, columns))
    assert image.size == (round(columns * scale), round(rows * scale))
    reference = shown(pydicom.dcmread(io.BytesIO(file_bytes(dataset))), 0)
    assert likeness(image.convert("RGB" if reference.ndim == 3 else "L"), reference) > 0.95


@pytest.mark.parametrize("name", FILES)
def test_a_compressed_picture_is_shown(place, name):
    if FILES[name] is None:
        pytest.skip("pydicom does not bring it")
    dataset = pydicom.dcmread(FILES[name])
    dataset.BurnedInAnnotation = "NO"
    image = place.thumbnail(place.path(dataset))
    if name == "JPEG2000.dcm" and not place.decodes_jpeg2000:
        assert is_icon(image)
        return
    assert not is_icon(image)
    assert abs(image.width / image.height - dataset.Columns / dataset.Rows) < 0.05


@pytest.mark.parametrize("word", OTHERS)
def test_what_has_no_picture_has_an_icon(place, word):
    path = place.path(OTHERS[word])
    assert is_icon(place.thumbnail(path))
    assert is_icon(place.thumbnail(path.split("/series/")[0]))


def document(place, path, **arguments):
    answer = place.gateway.call("GET", path, **arguments)
    if answer.status_code < 400:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
    return answer


@pytest.mark.parametrize("part", ["document", "rendered"])
def test_reports_and_documents_are_given(place, part):
    report = document(place, f"{place.path(OTHERS['SR'])}/{part}")
    assert report.status_code == 200 and report.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "&lt;script&gt;" in report.text and "<script" not in report.text and "<b>Report" not in report.text
    paper = document(place, f"{place.path(OTHERS['PDF'])}/{part}")
    assert paper.status_code == 200 and paper.headers["Content-Type"] == "application/pdf"
    assert paper.content.startswith(kinds.PDF)


@pytest.mark.parametrize("part", ["document", "rendered"])
@pytest.mark.parametrize("count", [1, 3])
def test_videos_are_given_in_ranges(place, part, count):
    step = -(-len(kinds.VIDEO) // (2 * count)) * 2
    fragments = [kinds.VIDEO[start:start + step] for start in range(0, len(kinds.VIDEO), step)]
    path = f"{place.path(kinds.video(*fragments))}/{part}"
    whole = document(place, path)
    assert whole.status_code == 200, whole.text
    assert whole.headers["Content-Type"] == "video/mp4" and whole.headers["Accept-Ranges"] == "bytes"
    assert whole.content == kinds.VIDEO
    last = len(kinds.VIDEO) - 1
    for wish, first, end in (("0-", 0, last), ("1000-70000", 1000, 70000), ("-10", last - 9, last)):
        answer = document(place, path, headers={"Range": f"bytes={wish}"})
        assert answer.status_code == 206
        assert answer.headers["Content-Range"] == f"bytes {first}-{end}/{last + 1}"
        assert answer.content == kinds.VIDEO[first:end + 1]
    beyond = document(place, path, headers={"Range": f"bytes={last + 1}-"})
    assert beyond.status_code == 416 and beyond.headers["Content-Range"] == f"bytes */{last + 1}"
    tag = whole.headers["ETag"]
    assert document(place, path, headers={"If-None-Match": tag}).status_code == 304
    for condition, status in ((tag, 206), ('"other"', 200)):
        answer = document(place, path, headers={"Range": "bytes=0-1", "If-Range": condition})
        assert answer.status_code == status


def test_both_trees_give_the_same_picture_and_the_store_is_asked_once(place):
    path = place.path(PICTURES["mr"])
    before = place.upstream_requests()
    answers = [
        place.gateway.call("GET", f"{tree}/rendered", headers={"Accept": "image/png"})
        for tree in (path, path.replace("/api/v1/stores", "/dicomweb"), path)
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1 and len({answer.headers["ETag"] for answer in answers}) == 1
    assert place.upstream_requests() == before + 1
