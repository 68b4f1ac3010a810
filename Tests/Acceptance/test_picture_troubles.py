"""Pictures with a folder that cannot be used, of shapes that are rare, and of stores that misbehave."""

import io
import json
import os
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy
import pytest
from PIL import Image
from pydicom.uid import ComputedRadiographyImageStorage

from support.dicom import file_bytes, new_uid, slice_of
from support.servers import Gateway

API = "/api/v1/stores/radiology"
WARNING = "thumbnails are not kept on the disk"


def path_of(dataset, api=API) -> str:
    return (
        f"{api}/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
        f"/instances/{dataset.SOPInstanceUID}"
    )


def upload(gateway, dataset) -> str:
    answer = gateway.call(
        "POST", f"{API}/studies", data=file_bytes(dataset), headers={"Content-Type": "application/dicom"}, timeout=300
    )
    assert answer.status_code in (200, 201), answer.text
    return path_of(dataset)


def picture(gateway, path, part="thumbnail", **wish) -> Image.Image:
    answer = gateway.call("GET", f"{path}/{part}", params=wish, timeout=300)
    assert answer.status_code == 200, answer.text
    image = Image.open(io.BytesIO(answer.content))
    image.load()
    return image


def statistics(gateway) -> dict:
    return gateway.call("GET", "/api/v1/thumbnails/stats").json()


def settled(gateway, condition) -> bool:
    """Whether what is written behind the answers comes to what is waited for; each turn asks the server."""
    return any(condition(gateway) for _ in range(500))


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MiB for the pictures."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(folder)], capture_output=True
    ).returncode:
        pytest.skip("file systems cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def slices(name, count=4):
    return [slice_of("troubles", name, index, size=256, PatientID="TR-1") for index in range(count)]


def cached(binary, folder, disk):
    class Cached(Gateway):
        def environment(self):
            return super().environment() | {"COLLIMATOR_CACHE_DIRECTORY": str(disk)}

    return Cached(binary, folder)


def test_a_full_disk_keeps_no_picture_from_being_given(binary, tmp_path, small_disk):
    (tmp_path / "data").mkdir()
    with cached(binary, tmp_path / "data", small_disk) as gateway:
        first, *rest = [upload(gateway, one) for one in slices("full")]
        picture(gateway, first, size=256, format="png")
        assert settled(gateway, lambda gateway: statistics(gateway)["disk"]["pictures"] > 0)
        # A file of somebody else takes what is left.
        with pytest.raises(OSError), (small_disk / "stranger").open("wb") as stranger:
            while True:
                stranger.write(b"x" * 4096)
                stranger.flush()
        for path in rest:
            assert picture(gateway, path, size=256, format="png").size == (256, 256)
        assert settled(gateway, lambda gateway: WARNING in gateway.tail(1000))
        assert gateway.tail(1000).count(WARNING) == 1
        # Nothing torn is left, and what is there is still right.
        kept = [path for path in small_disk.rglob("*") if path.is_file() and path.name != "stranger"]
        assert all(path.stat().st_size > 0 for path in kept)
        gateway.kill()
        gateway.start()
        assert picture(gateway, first, size=256, format="png").size == (256, 256)
        # With room again pictures are kept again.
        (small_disk / "stranger").unlink()
        for path in rest:
            picture(gateway, path, size=128, format="png")
        before = statistics(gateway)["disk"]["pictures"]
        assert settled(gateway, lambda gateway: statistics(gateway)["disk"]["pictures"] >= max(before, 2))


def test_a_disk_that_becomes_read_only_keeps_no_picture_from_being_given(binary, tmp_path, small_disk):
    (tmp_path / "data").mkdir()
    with cached(binary, tmp_path / "data", small_disk) as gateway:
        first, *rest = [upload(gateway, one) for one in slices("read-only")]
        picture(gateway, first, size=64)
        assert settled(gateway, lambda gateway: statistics(gateway)["disk"]["pictures"] > 0)
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        for path in (first, *rest):
            assert picture(gateway, path, size=128).size == (128, 128)
        assert settled(gateway, lambda gateway: WARNING in gateway.tail(1000))
        # What is to be forgotten is, though its files cannot be removed.
        assert gateway.call("DELETE", first.split("/series/")[0]).status_code in (200, 202, 204)
        assert settled(gateway, lambda gateway: gateway.call("GET", f"{first}/thumbnail").status_code == 404)


def test_a_folder_that_is_deleted_or_filled_by_others_while_it_is_used(binary, tmp_path):
    (tmp_path / "data").mkdir()
    with Gateway(binary, tmp_path / "data") as gateway:
        paths = [upload(gateway, one) for one in slices("alien", 6)]
        folder = gateway.folder / "thumbnails"
        wanted = [picture(gateway, path, size=256, format="png").tobytes() for path in paths]
        assert settled(gateway, lambda gateway: statistics(gateway)["disk"]["pictures"] >= 12)
        files = [path for path in folder.rglob("*") if path.is_file()]
        # Each file is changed in one way; after a restart all of memory is gone.
        gateway.kill()
        for index, path in enumerate(files):
            content = path.read_bytes()
            match index % 5:
                case 0: path.write_bytes(content[: len(content) // 2])
                case 1: path.write_bytes(b"")
                case 2: path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
                case 3: path.write_bytes(b"<html>hello</html>")
                case 4:
                    path.unlink()
                    path.mkdir()
        (folder / "stranger").write_text("hello")
        gateway.start()
        for path, expected in zip(paths, wanted):
            assert picture(gateway, path, size=256, format="png").tobytes() == expected
        shutil.rmtree(folder)
        for path in paths:
            assert picture(gateway, path, size=64).size == (64, 64)


@pytest.fixture(scope="module")
def server(binary, tmp_path_factory):
    with Gateway(binary, tmp_path_factory.mktemp("shapes")) as server:
        yield server


def radiograph(rows, columns, **attributes):
    """An image of 8 bits that gets lighter from the upper left to the lower right."""
    dataset = slice_of("troubles", rows, columns, size=1, Modality="CR", PatientID="TR-2")
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    dataset.Rows, dataset.Columns = rows, columns
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    across = numpy.linspace(0, 127, columns).astype("u1")
    down = numpy.linspace(0, 128, rows).astype("u1")
    data = (down[:, None] + across[None, :]).astype("u1").tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.mark.parametrize(
    "rows, columns, expected",
    [(1, 1, (1, 1)), (20000, 1, (1, 256)), (1, 20000, (256, 1)), (3, 2, (2, 3)), (65535, 2, (1, 256))],
)
def test_rare_shapes_have_pictures_of_each_format(server, rows, columns, expected):
    path = upload(server, radiograph(rows, columns))
    for kind in ("jpeg", "png", "webp"):
        assert picture(server, path, size=256, format=kind).size == expected
    whole = server.call("GET", f"{path}/rendered", params={"format": "webp"})
    if max(rows, columns) > 16383:
        # WebP has no such sides: a refusal that says what to do, and no picture of another size.
        assert whole.status_code == 400 and whole.json()["code"] == "invalid-input"
        assert max(picture(server, path, "rendered", width=512, height=512, format="webp").size) == 512
    else:
        assert Image.open(io.BytesIO(whole.content)).size == (columns, rows)


def memory(gateway) -> int:
    """The most bytes that the process has held."""
    with open(f"/proc/{gateway.process.pid}/status") as status:
        [line] = [line for line in status if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def test_a_hundred_megapixels_are_a_small_picture(server):
    path = upload(server, radiograph(10_000, 10_000))
    image = picture(server, path, size=256, format="png")
    assert image.size == (256, 256)
    grey = numpy.asarray(image.convert("L")).astype(int)
    assert grey[0, 0] < 8 and grey[-1, -1] > 240
    # The emulator decodes it in the same process: about the samples twice, and not once for each picture.
    assert memory(server) < 1_500_000_000


STUDY, SERIES, INSTANCE = new_uid("bad", "study"), new_uid("bad", "series"), new_uid("bad", "instance")


class BadStore:
    """A DICOMweb server of one instance whose pictures are whatever a test wants of it."""

    def __init__(self):
        self.picture = (200, "image/png", b"")
        self.asked = 0
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                if self.path.partition("?")[0].endswith("/rendered"):
                    store.asked += 1
                    self.answer(*store.picture)
                else:
                    self.answer(200, "application/dicom+json", json.dumps([store.metadata()]).encode())

            def answer(self, status, kind, body, length=None):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body) if length is None else length))
                self.end_headers()
                self.wfile.write(body)
                if length is not None:
                    self.close_connection = True

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def metadata(self):
        def element(vr, value):
            return {"vr": vr, "Value": [value]}

        return {
            "00080016": element("UI", "1.2.840.10008.5.1.4.1.1.2"), "00080018": element("UI", INSTANCE),
            "00080060": element("CS", "CT"), "0020000D": element("UI", STUDY), "0020000E": element("UI", SERIES),
            "00200013": element("IS", 1), "00280010": element("US", 64), "00280011": element("US", 64),
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(numpy.random.default_rng(1).integers(0, 255, (64, 64), "u1")).save(buffer, "PNG")
    return buffer.getvalue()


WHOLE = png()


@pytest.mark.parametrize(
    "answer, status",
    [
        ((200, "text/html", b"<html><script>alert(1)</script></html>"), 502),
        ((200, "image/png", b"<html><script>alert(1)</script></html>"), 502),
        ((200, "image/png", WHOLE[: len(WHOLE) // 2]), 502),
        ((200, "image/png", WHOLE[: len(WHOLE) // 2], len(WHOLE)), 502),
        ((200, "image/png", b""), 502),
        ((500, "image/png", WHOLE), 502),
        ((429, "image/png", WHOLE), 503),
        ((200, "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), 502),
    ],
    ids=["html", "html-as-png", "half", "broken-off", "nothing", "failure", "throttled", "svg"],
)
def test_what_is_no_picture_is_a_problem_and_never_kept(binary, tmp_path, answer, status):
    with BadStore() as store:
        configuration = tmp_path / "collimator.yaml"
        configuration.write_text(
            f"stores:\n  names: [pacs]\n  pacs:\n    dicomwebURL: http://127.0.0.1:{store.server.server_port}\n"
            "    credentials: none\n"
        )
        folder = tmp_path / "data"
        folder.mkdir()
        with Gateway(binary, folder, "--config", str(configuration)) as gateway:
            path = f"/api/v1/stores/pacs/studies/{STUDY}/series/{SERIES}/instances/{INSTANCE}"
            store.picture = answer
            for part in ("thumbnail", "rendered"):
                bad = gateway.call("GET", f"{path}/{part}", params={"format": "png"})
                assert bad.status_code == status, bad.text
                assert bad.headers["Content-Type"] == "application/problem+json"
                assert b"script" not in bad.content and b"svg" not in bad.content
            # A failure is remembered: the store is not asked again at once.
            asked = store.asked
            assert gateway.call("GET", f"{path}/thumbnail", params={"format": "png"}).status_code == status
            assert store.asked == asked
            # And forgotten with a purge; nothing of it was kept, in memory or on the disk.
            store.picture = (200, "image/png", WHOLE)
            assert gateway.call("POST", "/api/v1/thumbnails/purges").status_code == 204
            assert picture(gateway, path, format="png").size == (64, 64)
