"""Makes docs/gallery.md: the thumbnails of the made-up studies and of pydicom's files, to look at.

Run it in this folder, with the executable as its argument: python make_gallery.py ../../.build/debug/collimator
"""

import html
import sys
import tempfile
import time
from pathlib import Path

from support.corpus import files, name_of, read
from support.servers import Gateway

DOCS = Path(__file__).resolve().parents[2] / "docs"
API = "/api/v1/stores/radiology"
BYTES_MAX = 1_000_000
DEMO_SECONDS_MAX = 1_800


def wait_for_demo(gateway):
    """Until the server says that all is stored."""
    deadline = time.monotonic() + DEMO_SECONDS_MAX
    while "The archive holds" not in gateway.tail(1000):
        assert time.monotonic() < deadline, gateway.tail()
        time.sleep(0.5)


def thumbnail(gateway, path):
    answer = gateway.call("GET", f"{path}/thumbnail", params={"size": 128, "format": "webp"})
    return answer.content if answer.status_code == 200 else None


def row(name, text):
    return f'<td align="center"><img src="gallery/{name}" width="128" alt=""><br><sub>{html.escape(text)}</sub></td>'


def table(cells):
    lines = [cells[start:start + 6] for start in range(0, len(cells), 6)]
    return "<table>\n" + "\n".join("<tr>" + "".join(line) + "</tr>" for line in lines) + "\n</table>\n"


def main(binary):
    folder = DOCS / "gallery"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.webp"):
        old.unlink()
    with tempfile.TemporaryDirectory() as data, Gateway(binary, Path(data), "--demo") as gateway:
        wait_for_demo(gateway)
        demo, corpus, used, seen = [], [], 0, set()
        studies = gateway.call("GET", f"{API}/studies", params={"limit": 200}).json()["items"]
        for index, study in enumerate(studies):
            if (content := thumbnail(gateway, f"{API}/studies/{study['uid']}")) is None:
                continue
            used += len(content)
            name = f"demo-{index:03}.webp"
            (folder / name).write_bytes(content)
            demo.append(row(name, f"{'/'.join(study['modalities'] or [])} {study['description'] or ''}"))
        for index, path in enumerate(files()):
            dataset = read(path)
            if dataset is None or not all(dataset.get(word) for word in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")):
                continue
            answer = gateway.call(
                "POST", f"{API}/studies", data=path.read_bytes(), headers={"Content-Type": "application/dicom"}
            )
            if answer.status_code not in (200, 201):
                continue
            content = thumbnail(
                gateway,
                f"{API}/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
                f"/instances/{dataset.SOPInstanceUID}",
            )
            if content is None or content in seen or used + len(content) > BYTES_MAX:
                continue
            seen.add(content)
            used += len(content)
            name = f"file-{index:03}.webp"
            (folder / name).write_bytes(content)
            corpus.append(row(name, name_of(path).split("/")[-1]))
    (DOCS / "gallery.md").write_text(
        "# Gallery\n\nThumbnails as the gateway makes them, 128 pixels, WebP; made by `Tests/Acceptance/make_gallery.py`.\n"
        "Icons stand for what has no picture, cannot be rendered, or may show a name; of equal pictures one is shown.\n\n"
        f"## The made-up studies\n\n{table(demo)}\n## pydicom's files\n\n{table(corpus)}"
    )
    print(f"{len(demo)} studies, {len(corpus)} files, {used} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
