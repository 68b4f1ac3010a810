"""The catalog: killed at any moment it ends up the same, and it follows what happens behind our back.

COLLIMATOR_CATALOG_STUDIES sets how many studies there are (3000), COLLIMATOR_CATALOG_KILLS how often the service is killed (8),
COLLIMATOR_KILL_SEED makes a run repeatable (it is printed).
"""

import json
import os
import random
import sqlite3
import stat
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from support.dicom import file_bytes, new_uid, slice_of
from support.orthanc import Orthanc, is_installed
from support.servers import Emulator, Gateway, free_port

STUDIES = int(os.environ.get("COLLIMATOR_CATALOG_STUDIES", "3000"))
KILLS = int(os.environ.get("COLLIMATOR_CATALOG_KILLS", "8"))
SEED = int(os.environ.get("COLLIMATOR_KILL_SEED", str(random.SystemRandom().randrange(2**32))))
PATIENCE_SECONDS = 240


def catalog_of(folder, store) -> dict[str, tuple]:
    """What the catalog says of each study: name, issuer, series and instances."""
    path = folder / "catalog.db"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10) as database:
        rows = database.execute(
            "SELECT s.uid, s.attributes, s.seriesCount, s.instanceCount FROM study s JOIN store t ON t.id = s.store"
            " WHERE t.name = ?", (store,),
        ).fetchall()
    database.close()
    found = {}
    for uid, attributes, series, instances in rows:
        attributes = json.loads(attributes)
        names = attributes.get("00100010", {}).get("Value", [{}])
        issuers = attributes.get("00100021", {}).get("Value", [None])
        found[uid] = (names[0].get("Alphabetic"), issuers[0], series, instances)
    assert len(found) == len(rows), "a study is there twice"
    return found


def size_of(folder, store) -> int:
    """How many studies the catalog has, which takes no time to find out."""
    with sqlite3.connect(f"file:{folder / 'catalog.db'}?mode=ro", uri=True, timeout=10) as database:
        [count] = database.execute(
            "SELECT COUNT(*) FROM study s JOIN store t ON t.id = s.store WHERE t.name = ?", (store,)
        ).fetchone()
    database.close()
    return count


def is_complete(folder, store) -> bool:
    with sqlite3.connect(f"file:{folder / 'catalog.db'}?mode=ro", uri=True, timeout=10) as database:
        row = database.execute("SELECT state FROM store WHERE name = ?", (store,)).fetchone()
    database.close()
    return bool(row and row[0] and json.loads(row[0]).get("isComplete"))


def eventually(condition, what: str, pause=0.1):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(pause)


def gateway_of(binary, folder, store: str, place: str, more: str = "") -> Gateway:
    folder.mkdir()
    configuration = folder.parent / f"{folder.name}.yaml"
    configuration.write_text(f"stores:\n  names: [{store}]\n  {store}:\n{place}{more}")
    return Gateway(binary, folder, "--config", str(configuration))


def healthcare(emulator, path: str) -> str:
    return f"    resource: {path}\n    credentials: {emulator.key_file}\n    issuerOfPatientID: TEST\n"


def endpoint(emulator) -> str:
    return f"endpoints:\n  healthcare: {emulator.host}\n"


@pytest.fixture(scope="module")
def full(binary, tmp_path_factory):
    """A store with many small studies, and what a catalog of it must say."""
    with Emulator(binary, tmp_path_factory.mktemp("full")) as emulator:
        store = emulator.make_store("full")
        expected = {}

        def upload(number: int):
            study = new_uid("catalog", "study", number)
            name = f"Patient^{number:05}"
            dataset = slice_of(
                "catalog", number, size=2, study=study, PatientName=name, PatientID=f"P{number % 97}",
                StudyDate=f"20{number % 25:02}{number % 12 + 1:02}{number % 28 + 1:02}",
            )
            assert store.post(file_bytes(dataset)).status_code == 200
            return str(study), (name, "TEST", 1, 1)

        emulator.headers()
        with ThreadPoolExecutor(4) as pool:
            expected.update(pool.map(upload, range(STUDIES)))
        assert len(expected) == STUDIES
        yield emulator, store, expected


@pytest.mark.timeout(600)
def test_a_backfill_that_is_killed_ends_with_the_same_catalog(binary, full, tmp_path):
    print(f"seed {SEED}, {KILLS} kills")
    emulator, store, expected = full
    chance = random.Random(SEED)
    folder = tmp_path / "data"
    gateway = gateway_of(binary, folder, "radiology", healthcare(emulator, store.path), endpoint(emulator))
    sizes = [0]
    try:
        for _ in range(KILLS):
            gateway.start()
            # As soon as there is more than before, so that the kills fall between pages; else at any moment after that.
            end = time.monotonic() + chance.uniform(0.2, 3)
            while time.monotonic() < end and size_of(folder, "radiology") <= sizes[-1]:
                time.sleep(0.005)
            gateway.kill()
            sizes.append(len(catalog_of(folder, "radiology")))
        print(f"after the kills: {sizes}")
        assert sizes == sorted(sizes), "a restart forgot what was there"
        gateway.start()
        eventually(lambda: is_complete(folder, "radiology"), "the backfill does not end")
        # Reading all of it takes time that the gateway needs.
        eventually(lambda: catalog_of(folder, "radiology") == expected, "the catalog is not what the store has", pause=1)
        assert gateway.stop() == 0
        log = folder / "catalog.db-wal"
        assert not log.exists() or log.stat().st_size == 0, "the log of the database is left behind"
        assert stat.S_IMODE((folder / "catalog.db").stat().st_mode) == 0o600
    finally:
        gateway.kill()


@pytest.mark.timeout(600)
def test_lists_and_searches_say_that_the_catalog_is_not_complete_until_it_is(binary, full, tmp_path):
    emulator, store, expected = full
    folder = tmp_path / "data"
    # Nothing answers there: the first walk is under way for as long as it is looked at.
    nowhere = f"http://127.0.0.1:{free_port()}"
    more = endpoint(emulator).replace(emulator.host, nowhere)
    gateway = gateway_of(binary, folder, "radiology", healthcare(emulator, store.path), more)
    # It is not ready while its store is away.
    gateway.is_ready = lambda: requests.get(f"{gateway.url}/healthz", timeout=5).status_code == 200
    with gateway:
        listed = gateway.call("GET", "/api/v1/studies", params={"limit": 1}).json()
        state = gateway.call("GET", "/api/v1/stores/radiology").json()["catalog"]
        searched = gateway.call("GET", "/dicomweb/radiology/studies", params={"limit": 1})
        cloud = gateway.call("GET", f"/v1/{store.path}/dicomWeb/studies", params={"limit": 1})
        told = gateway.run("catalog", "status")
        assert listed["complete"] is False
        assert state["phase"] == "backfilling" and state["complete"] is False
        assert state["progressPercent"] is None or 0 <= state["progressPercent"] < 100
        assert "backfilling" in told.stdout
        for answer in (searched, cloud):
            assert answer.status_code in (200, 204) and "not complete" in answer.headers["Warning"]
        assert gateway.stop() == 0
        configuration = folder.parent / f"{folder.name}.yaml"
        configuration.write_text(configuration.read_text().replace(nowhere, emulator.host))
        gateway.start()
        eventually(lambda: gateway.call("GET", "/api/v1/studies", params={"limit": 1}).json()["complete"], "no end")
        state = gateway.call("GET", "/api/v1/stores/radiology").json()["catalog"]
        assert state["complete"] is True and state["phase"] != "backfilling" and state["asOf"].endswith("Z")
        searched = gateway.call("GET", "/dicomweb/radiology/studies", params={"limit": 5000})
        assert len(searched.json()) == len(expected) and "Warning" not in searched.headers
        assert gateway.stop() == 0


@pytest.mark.timeout(600)
def test_what_happens_behind_our_back_is_found(binary, full, tmp_path):
    emulator, _, _ = full
    store = emulator.make_store("behind")
    first, second = (
        slice_of("behind", number, size=2, study=new_uid("behind", number), PatientName=f"Behind^{number}")
        for number in (1, 2)
    )
    assert store.post(file_bytes(first)).status_code == 200
    folder = tmp_path / "data"
    more = endpoint(emulator) + "catalog:\n  sweepInterval: 1\n"
    with gateway_of(binary, folder, "radiology", healthcare(emulator, store.path), more) as gateway:
        def is_there(*datasets):
            return set(catalog_of(folder, "radiology")) == {str(dataset.StudyInstanceUID) for dataset in datasets}

        eventually(lambda: is_there(first), "the first study is not found")
        assert store.post(file_bytes(second)).status_code == 200
        eventually(lambda: is_there(first, second), "the addition is not found")
        assert store.call("DELETE", f"studies/{first.StudyInstanceUID}").status_code == 200
        eventually(lambda: is_there(second), "the deletion is not found")
        assert gateway.stop() == 0


def names_of(folder, store) -> dict[str, str]:
    return {uid: row[0] for uid, row in catalog_of(folder, store).items()}


def found(gateway, store: str, name: str) -> list[str]:
    answer = gateway.call("GET", f"/api/v1/stores/{store}/studies", params={"patientName": name})
    return [item["uid"] for item in answer.json()["items"]]


@pytest.mark.timeout(600)
def test_a_name_that_is_corrected_behind_our_back_is_found_with_the_next_sweep(binary, full, tmp_path):
    """Nothing else changes: not the number of studies, of series or of instances, nor any UID."""
    emulator, _, _ = full
    store = emulator.make_store("corrected")
    study, series = new_uid("corrected"), new_uid("corrected", "series")

    def put(name):
        dataset = slice_of("corrected", size=2, study=study, series=series, PatientName=name)
        assert store.post(file_bytes(dataset)).status_code == 200

    put("Smiht^Ann")
    folder = tmp_path / "data"
    more = endpoint(emulator) + "catalog:\n  sweepInterval: 1\n"
    with gateway_of(binary, folder, "radiology", healthcare(emulator, store.path), more) as gateway:
        eventually(lambda: found(gateway, "radiology", "smiht") == [str(study)], "the study is not found")
        answer = store.call("DELETE", f"studies/{study}")
        assert answer.status_code == 200, answer.text
        eventually(lambda: store.instance_count() == 0, "the study is not deleted")
        put("Smith^Ann")
        eventually(lambda: found(gateway, "radiology", "smith") == [str(study)], "the new name is not found")
        assert found(gateway, "radiology", "smiht") == []
        assert names_of(folder, "radiology") == {str(study): "Smith^Ann"}
        assert gateway.stop() == 0


@pytest.mark.skipif(not is_installed(), reason="Debian's orthanc and orthanc-dicomweb")
@pytest.mark.timeout(600)
def test_a_name_that_is_corrected_in_orthanc_is_found_with_the_next_sweep(binary, tmp_path):
    (tmp_path / "orthanc").mkdir()
    dataset = slice_of("corrected", "orthanc", size=2, PatientName="Smiht^Ann", PatientID="CORRECTED")
    uid = str(dataset.StudyInstanceUID)
    with Orthanc(tmp_path / "orthanc", OverwriteInstances=True) as orthanc:
        answer = requests.post(f"{orthanc.url}/instances", data=file_bytes(dataset), timeout=30)
        assert answer.status_code == 200, answer.text
        place = f"    dicomwebURL: {orthanc.url}/dicom-web\n    credentials: none\n"
        folder = tmp_path / "data"
        with gateway_of(binary, folder, "pacs", place, "catalog:\n  sweepInterval: 1\n") as gateway:
            eventually(lambda: found(gateway, "pacs", "smiht") == [uid], "the study is not found")
            dataset.PatientName = "Smith^Ann"
            changed = requests.post(f"{orthanc.url}/instances", data=file_bytes(dataset), timeout=30)
            assert changed.status_code == 200, changed.text
            eventually(lambda: found(gateway, "pacs", "smith") == [uid], "the new name is not found")
            # The list of studies tells of the new name, the instances behind it that nothing has the old one.
            eventually(lambda: found(gateway, "pacs", "smiht") == [], "the old name is still found")
            assert found(gateway, "pacs", "smith") == [uid]
            assert gateway.stop() == 0


@pytest.mark.skipif(not is_installed(), reason="Debian's orthanc and orthanc-dicomweb")
@pytest.mark.timeout(600)
def test_orthanc_is_kept_too(binary, tmp_path):
    (tmp_path / "orthanc").mkdir()
    study = new_uid("kept", "study")
    slices = [
        slice_of("kept", index, size=4, study=study, series=new_uid("kept", index % 2), PatientName="Kept^Ann")
        for index in range(4)
    ]
    slices[3].IssuerOfPatientID = "HOSP"
    with Orthanc(tmp_path / "orthanc") as orthanc:
        place = f"    dicomwebURL: {orthanc.url}/dicom-web\n    credentials: none\n"
        folder = tmp_path / "data"
        with gateway_of(binary, folder, "pacs", place, "catalog:\n  sweepInterval: 1\n") as gateway:
            for item in slices[:3]:
                answer = gateway.call(
                    "POST", "/api/v1/stores/pacs/studies", data=file_bytes(item),
                    headers={"Content-Type": "application/dicom"},
                )
                assert answer.status_code == 201, answer.text
            eventually(
                lambda: catalog_of(folder, "pacs") == {str(study): ("Kept^Ann", None, 2, 3)},
                "uploads are not in the catalog",
            )
            answer = requests.post(f"{orthanc.url}/instances", data=file_bytes(slices[3]), timeout=30)
            assert answer.status_code == 200, answer.text
            eventually(
                lambda: catalog_of(folder, "pacs") == {str(study): ("Kept^Ann", "HOSP", 2, 4)},
                "an instance that came behind our back is not in the catalog",
            )
            assert requests.delete(f"{orthanc.url}/studies/{answer.json()['ParentStudy']}", timeout=30).status_code == 200
            eventually(lambda: catalog_of(folder, "pacs") == {}, "the deletion is not found")
            assert gateway.stop() == 0
