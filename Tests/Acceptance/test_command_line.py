"""The command line as a person uses it."""

import json
import re
import shutil
import signal
import subprocess
import time
import zipfile

import pydicom
import pytest
from pydicom.data import get_testdata_file

from support.dicom import file_bytes, slice_of
from support.servers import Gateway


@pytest.fixture
def folder(tmp_path):
    """What people really drop: images with and without an ending, a zip, a DICOMDIR, and things that are not DICOM."""
    slices = [slice_of("folder", index, PatientName="Folder^Test", PatientID="FOLDER-1") for index in range(6)]
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "one.dcm").write_bytes(file_bytes(slices[0]))
    (tmp_path / "a/IM0002").write_bytes(file_bytes(slices[1]))
    (tmp_path / "a/b/three.jpg").write_bytes(file_bytes(slices[2]))
    with zipfile.ZipFile(tmp_path / "a/more.zip", "w") as archive:
        archive.writestr("x/4", file_bytes(slices[3]))
        archive.writestr("x/5.dcm", file_bytes(slices[4]))
        archive.writestr("x/readme.txt", "not an image")
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / "empty.dcm").write_bytes(b"")
    shutil.copy(get_testdata_file("DICOMDIR", download=False), tmp_path / "DICOMDIR")
    return tmp_path, slices[:5]


def test_upload_takes_what_is_dicom_and_says_what_it_left(gateway, folder):
    path, slices = folder
    first = gateway.run("upload", path, "--store", "radiology")
    assert first.returncode == 0, first.stdout + first.stderr
    assert counted(first.stdout, "stored") == len(slices)
    assert counted(first.stdout, "skipped") == 4

    again = gateway.run("upload", path, "--store", "radiology")
    assert again.returncode == 0, again.stdout + again.stderr
    assert counted(again.stdout, "stored") == 0
    assert counted(again.stdout, "already") == len(slices)


def test_upload_tells_by_its_status_that_something_was_refused(gateway, tmp_path):
    good = slice_of("refused", "good")
    changed = slice_of("refused", "good", PatientID="ANOTHER")
    (tmp_path / "good.dcm").write_bytes(file_bytes(good))
    assert gateway.run("upload", tmp_path, "--store", "radiology").returncode == 0
    (tmp_path / "good.dcm").write_bytes(file_bytes(changed))
    refused = gateway.run("upload", tmp_path, "--store", "radiology")
    assert refused.returncode != 0
    assert counted(refused.stdout + refused.stderr, "refused") == 1


def test_upload_of_nothing_and_to_nobody_fails(gateway, tmp_path):
    assert gateway.run("upload", tmp_path / "absent", "--store", "radiology").returncode != 0
    (tmp_path / "one.dcm").write_bytes(file_bytes(slice_of("nobody")))
    nobody = subprocess.run(
        [gateway.binary, "upload", tmp_path, "--store", "radiology", "--url", "http://127.0.0.1:9", "--key", "k"],
        capture_output=True, text=True, timeout=120, env=gateway.environment(),
    )
    assert nobody.returncode != 0
    wrong_key = subprocess.run(
        [gateway.binary, "upload", tmp_path, "--store", "radiology", "--url", gateway.url, "--key", "wrong"],
        capture_output=True, text=True, timeout=120, env=gateway.environment(),
    )
    assert wrong_key.returncode != 0
    assert gateway.key not in wrong_key.stdout + wrong_key.stderr


def test_search_prints_json(gateway, folder):
    path, slices = folder
    gateway.run("upload", path, "--store", "radiology")
    found = gateway.run("search", "--patient-name", "Folder^Test", "--json")
    assert found.returncode == 0, found.stderr
    items = [json.loads(line) for line in found.stdout.splitlines()]
    assert {item["uid"] for item in items} >= {str(item.StudyInstanceUID) for item in slices}
    assert all(item["patient"]["id"] == "FOLDER-1" for item in items)
    plain = gateway.run("search", "--patient-name", "Folder^Test")
    assert plain.returncode == 0 and "FOLDER-1" in plain.stdout
    assert re.search(r"^\d+ stud(y|ies)$", plain.stdout, re.MULTILINE), "the table does not say how many there are"


def test_search_takes_every_filter(gateway, tmp_path):
    dataset = slice_of(
        "filters", PatientName="Filter^Every", PatientID="FILTER-1", IssuerOfPatientID="HOSP", AccessionNumber="F-77",
        StudyDescription="CT CHEST", InstitutionName="Saint Mary", ReferringPhysicianName="Lee^Ann",
    )
    (tmp_path / "one.dcm").write_bytes(file_bytes(dataset))
    assert gateway.run("upload", tmp_path, "--store", "radiology").returncode == 0
    given = {
        "--patient-name": "fil eve", "--patient-id": "FILTER-?", "--issuer": "hosp", "--accession-number": "F-*",
        "--study-uid": dataset.StudyInstanceUID, "--modality": "CT", "--from": "2026-01-05", "--to": "2026-01-05",
        "--description": "chest", "--referring-physician": "lee", "--institution": "mary",
        "--updated-since": "2020-01-01T00:00:00Z", "--query": "filter chest", "--sort": "patientName",
        "--store": "radiology", "--limit": "5",
    }
    words = [word for pair in given.items() for word in pair]
    found = gateway.run("search", *words, "--json")
    assert found.returncode == 0, found.stderr
    [study] = [json.loads(line) for line in found.stdout.splitlines()]
    assert study["uid"] == dataset.StudyInstanceUID
    for name in ("--patient-name", "--issuer", "--modality", "--from", "--description", "--institution", "--query"):
        other = dict(given) | {name: "2027-01-01" if name == "--from" else "OTHER"} | {"--to": "2028-01-01"}
        none = gateway.run("search", *[word for pair in other.items() for word in pair])
        assert none.returncode == 0 and "No study matches." in none.stdout, name
    refused = gateway.run("search", "--modality", "C*")
    assert refused.returncode == 2 and "modality" in refused.stderr
    nowhere = gateway.run("search", "--store", "nowhere")
    assert nowhere.returncode == 2 and "store" in nowhere.stderr


def test_search_shows_all_pages(gateway, tmp_path):
    for number in range(3):
        dataset = slice_of("pages", number, PatientID="PAGES", PatientName=f"Page{number}^Of")
        (tmp_path / f"{number}.dcm").write_bytes(file_bytes(dataset))
    assert gateway.run("upload", tmp_path, "--store", "radiology").returncode == 0
    some = gateway.run("search", "--patient-id", "PAGES", "--limit", "2")
    assert "2 of 3 studies" in some.stdout and "--all" in some.stderr
    all_of_them = gateway.run("search", "--patient-id", "PAGES", "--all", "--sort=-patientName")
    assert "3 studies" in all_of_them.stdout and not all_of_them.stderr
    assert all_of_them.stdout.index("Page2") < all_of_them.stdout.index("Page0")


def test_catalog_tells_its_state_and_is_made_anew(gateway):
    shown = gateway.run("catalog", "status")
    assert shown.returncode == 0 and "radiology" in shown.stdout and "STATE" in shown.stdout
    one = gateway.run("catalog", "status", "--store", "radiology", "--json")
    assert json.loads(one.stdout)["catalog"]["phase"] in ("backfilling", "current", "reconciling")
    assert gateway.run("catalog", "status", "--store", "nowhere").returncode == 2
    rebuilt = gateway.run("catalog", "rebuild", "--store", "radiology")
    assert rebuilt.returncode == 0 and "radiology" in rebuilt.stdout
    assert gateway.run("catalog", "rebuild", "--store", "nowhere").returncode == 2
    deadline = time.monotonic() + 120
    while not gateway.call("GET", "/api/v1/stores/radiology").json()["catalog"]["complete"]:
        assert time.monotonic() < deadline, "the catalog is not made"
        time.sleep(0.2)


@pytest.mark.timeout(900)
def test_demo_data_is_of_many_kinds_and_patients(binary, tmp_path):
    made = subprocess.run([binary, "demo-data", tmp_path], check=True, capture_output=True, text=True, timeout=880)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert counted(made.stdout, "files") == len(files)
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in files]
    assert {"CT", "MR", "CR", "US", "DX", "SR", "SEG"} <= {header.Modality for header in headers}
    patients = {header.PatientID: str(header.PatientName) for header in headers}
    assert len(patients) == 12
    assert len(set(patients.values())) < len(patients), "no two patients share a name"
    assert len({header.StudyInstanceUID for header in headers}) > len(patients), "no patient has a prior study"


def test_serve_ends_with_status_0_and_keeps_its_data(binary, tmp_path):
    server = Gateway(binary, tmp_path)
    dataset = slice_of("kept")
    file = tmp_path.parent / "kept.dcm"
    file.write_bytes(file_bytes(dataset))
    try:
        server.start()
        assert server.run("upload", file, "--store", "radiology").returncode == 0
        assert server.stop(signal.SIGINT) == 0
        server.start()
        study = server.call("GET", f"/api/v1/stores/radiology/studies/{dataset.StudyInstanceUID}")
        assert study.status_code == 200 and study.json()["uid"] == str(dataset.StudyInstanceUID)
        assert server.stop(signal.SIGTERM) == 0
        for path in tmp_path.rglob("*"):
            if "key" in path.name.lower() and path.is_file():
                assert path.stat().st_mode & 0o077 == 0, f"others can read {path.name}"
    finally:
        server.kill()


def test_help_teaches(binary):
    for words in ([], ["serve"], ["emulator"], ["upload"], ["search"], ["catalog"], ["demo-data"]):
        shown = subprocess.run([binary, *words, "--help"], capture_output=True, text=True, timeout=30)
        assert shown.returncode == 0 and len(shown.stdout) > 200
    unknown = subprocess.run([binary, "no-such-command"], capture_output=True, text=True, timeout=30)
    assert unknown.returncode != 0


def counted(text: str, word: str) -> int:
    """The number beside a word of the summary: `12 stored` or `stored: 12`."""
    found = re.search(rf"(\d[\d,]*)\s+{word}|{word}\D*?(\d[\d,]*)", text, re.IGNORECASE)
    assert found, f"no '{word}' in:\n{text}"
    return int((found.group(1) or found.group(2)).replace(",", ""))


def test_thumbnails_are_counted_and_forgotten(gateway):
    shown = gateway.run("thumbnails", "stats")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.splitlines()[0].split() == ["FROM", "GIVEN", "KEPT", "BYTES"]
    told = gateway.run("thumbnails", "stats", "--json")
    assert set(json.loads(told.stdout)) == {"hits", "upstream", "memory", "disk", "savedMilliseconds"}
    purged = gateway.run("thumbnails", "purge")
    assert purged.returncode == 0 and "forgotten" in purged.stdout
