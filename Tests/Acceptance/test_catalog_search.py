"""Searches that the store behind cannot do, through the trees of DICOMweb, with the Healthcare API and Orthanc behind.

The rows are stored before the gateway starts, so that its first walk over the store is tested too.
COLLIMATOR_CATALOG_STUDIES sets how many there are in the store of the Healthcare API (10,000).
"""

import os
import time

import pytest
import requests
from dicomtrolley.qido_rs import HierarchicalQuery, QidoRS
from dicomweb_client.api import DICOMwebClient

from support.dicom import PREFIX, file_bytes, slice_of
from support.orthanc import Orthanc, is_installed
from support.servers import Emulator, Gateway, multipart

# How many studies each store has; Orthanc stores a hundred a second.
STUDIES = {"healthcare": int(os.environ.get("COLLIMATOR_CATALOG_STUDIES", "10000")), "orthanc": 1_200}
PARTS = 250
FILLING_SECONDS_MAX = 300
FIRST = 100_000
PLACE_OF_NUMBER = "999999"


def number_of(index: int) -> str:
    return str(FIRST + index)


def files(count: int):
    """Tiny files, one study each, made from one by putting numbers of the same length in its place."""
    studies = f"{PREFIX}4.{PLACE_OF_NUMBER}"
    for modality in ("CT", "MR"):
        one = slice_of(
            "catalog", modality, size=2, study=studies, series=f"{studies}.1", PatientName=f"Row{PLACE_OF_NUMBER}^Ännchen",
            PatientID=f"P{PLACE_OF_NUMBER}", StudyDate="20260105", Modality=modality, StudyDescription="CATALOG ROW",
        )
        one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = f"{studies}.1.1"
        template = file_bytes(one)
        for index in range(count):
            if (modality == "MR") == (index % 10 == 0):
                # Days 10 to 28, so that a week is a part of them.
                day = f"202601{10 + index % 19}".encode()
                yield template.replace(PLACE_OF_NUMBER.encode(), number_of(index).encode()).replace(b"20260105", day)


def store(session: requests.Session, url: str, count: int, headers):
    batch = []
    boundary = 'multipart/related; type="application/dicom"; boundary=an-acceptance-boundary'

    def send():
        answer = session.post(
            url, data=multipart(batch), timeout=120,
            headers=headers() | {"Content-Type": boundary, "Accept": "application/dicom+json"},
        )
        assert answer.status_code == 200, answer.text[:2000]
        batch.clear()

    for data in files(count):
        batch.append(data)
        if len(batch) == PARTS:
            send()
    if batch:
        send()


def started(binary, folder, configuration: str):
    path = folder / "collimator.yaml"
    path.write_text(configuration)
    return Gateway(binary, folder, "--config", str(path))


def wait_until_complete(gateway):
    """Until no answer says that more may match."""
    deadline = time.monotonic() + FILLING_SECONDS_MAX
    while True:
        answer = gateway.call("GET", "/dicomweb/pacs/studies", params={"limit": 1})
        if answer.status_code == 200 and "not complete" not in answer.headers.get("Warning", ""):
            return
        assert gateway.is_alive() and time.monotonic() < deadline, gateway.tail()
        time.sleep(0.2)


@pytest.fixture(scope="module", params=["healthcare", "orthanc"])
def filled(request, binary, tmp_path_factory):
    """A gateway whose store `pacs` is full, the number of its studies, and the roots of its trees."""
    folder = tmp_path_factory.mktemp("catalog-gateway")
    count = STUDIES[request.param]
    if request.param == "orthanc":
        if not is_installed():
            pytest.skip("Debian's orthanc and orthanc-dicomweb")
        with Orthanc(tmp_path_factory.mktemp("catalog-orthanc")) as orthanc:
            store(requests.Session(), f"{orthanc.url}/dicom-web/studies", count, dict)
            text = f"stores:\n  names: [pacs]\n  pacs:\n    dicomwebURL: {orthanc.url}/dicom-web\n    credentials: none\n"
            with started(binary, folder, text) as gateway:
                wait_until_complete(gateway)
                yield gateway, count, [f"{gateway.url}/dicomweb/pacs"]
        return
    with Emulator(binary, tmp_path_factory.mktemp("catalog-emulator")) as emulator:
        made = emulator.make_store("pacs")
        store(emulator.session, f"{made.url}/studies", count, emulator.headers)
        text = (
            f"stores:\n  names: [pacs]\n  pacs:\n    resource: {made.path}\n    credentials: {emulator.key_file}\n"
            f"endpoints:\n  healthcare: {emulator.host}\n"
        )
        with started(binary, folder, text) as gateway:
            wait_until_complete(gateway)
            yield gateway, count, [f"{gateway.url}/dicomweb/pacs", f"{gateway.url}/v1/{made.path}/dicomWeb"]


@pytest.fixture
def clients(filled):
    gateway, _, roots = filled
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {gateway.key}"
    return [DICOMwebClient(url=root, session=session) for root in roots]


def uids(found, tag="0020000D"):
    return [row[tag]["Value"][0] for row in found]


def test_every_study_is_paged_to_the_end(filled, clients):
    _, count, _ = filled
    for client in clients:
        seen = []
        while page := client.search_for_studies(limit=2_500, offset=len(seen)):
            seen += uids(page)
        assert len(seen) == count and len(set(seen)) == count


def test_dicomtrolley_pages_to_the_end(filled):
    gateway, count, roots = filled
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {gateway.key}"
    for root in roots:
        trolley = QidoRS(session=session, url=root)
        seen = []
        while page := trolley.find_studies(HierarchicalQuery(PatientName="Row*", limit=2_500, offset=len(seen))):
            assert all(str(study.data.PatientName).startswith("Row") for study in page)
            seen += [study.uid for study in page]
        assert len(seen) == count and len(set(seen)) == count
        [one] = trolley.find_studies(HierarchicalQuery(PatientName="row100042^*"))
        assert one.uid == f"{PREFIX}4.{number_of(42)}"
        assert trolley.find_studies(HierarchicalQuery(PatientName="nobody*")) == []


def test_the_guides_search_goes_on_to_the_end(filled):
    """`search_studies` of the guide, with the whole of every study, and the pages that it leaves out."""
    gateway, count, roots = filled
    headers = {"Authorization": f"Bearer {gateway.key}", "Accept": "application/dicom+json"}

    def search_studies(root, **params):
        params["includefield"] = "all"
        answer = requests.get(f"{root}/studies", headers=headers, params=params, timeout=60)
        assert answer.status_code in (200, 204), answer.text[:500]
        return answer.json() if answer.status_code == 200 else []

    for root in roots:
        seen = []
        while page := search_studies(root, ModalitiesInStudy="CT", PatientName="Row*", limit=2_500, offset=len(seen)):
            assert all(row["00081030"]["Value"] == ["CATALOG ROW"] for row in page)
            seen += uids(page)
        assert len(seen) == len(set(seen)) == count - -(-count // 10)
        assert search_studies(root, PatientName="nobody*") == []


def test_the_newest_come_first_and_pages_are_stable(clients):
    for client in clients:
        first = client.search_for_studies(limit=200)
        dates = [row["00080020"]["Value"][0] for row in first]
        assert dates == sorted(dates, reverse=True) and dates[0] == "20260128"
        assert uids(client.search_for_studies(limit=100, offset=100)) == uids(first)[100:]


@pytest.mark.parametrize(
    ("filters", "part"),
    [
        ({"PatientName": "Row1000*"}, lambda index: index < 100),
        ({"PatientName": "*00042^ann*"}, lambda index: index == 42),
        ({"PatientName": "ROW100?00^ANNCHEN"}, lambda index: index % 100 == 0 and index < 1000),
        ({"PatientID": "P100007"}, lambda index: index == 7),
        ({"ModalitiesInStudy": "MR", "limit": "5000"}, lambda index: index % 10 == 0),
        ({"ModalitiesInStudy": "MR", "PatientName": "Row1001*"}, lambda index: index % 10 == 0 and 100 <= index < 200),
        ({"StudyDate": "20260110"}, lambda index: index % 19 == 0),
        ({"StudyDate": "20260110-20260111", "PatientName": "row1000*"}, lambda index: index % 19 < 2 and index < 100),
        ({"StudyDate": "-20260109"}, lambda index: False),
        ({"StudyTime": "1030", "PatientID": "P100009"}, lambda index: index == 9),
        ({"StudyDescription": "*row", "PatientName": "row10000?^*"}, lambda index: index < 10),
        ({"PatientName": "nobody*"}, lambda index: False),
    ],
)
def test_searches_that_the_store_cannot_do(filled, filters, part):
    gateway, count, roots = filled
    expected = {f"{PREFIX}4.{number_of(index)}" for index in range(count) if part(index)}
    for root in roots:
        answer = requests.get(
            f"{root}/studies", params={"includefield": "all", "limit": "5000"} | filters, timeout=60,
            headers={"Authorization": f"Bearer {gateway.key}", "Accept": "application/dicom+json"},
        )
        assert answer.status_code == (200 if expected else 204), answer.text[:500]
        assert set(uids(answer.json() if expected else [])) == expected
        assert "Warning" not in answer.headers


def test_a_list_of_uids_and_what_is_in_the_rows(filled, clients):
    gateway, _, roots = filled
    wanted = [f"{PREFIX}4.{number_of(index)}" for index in (3, 5, 30)]
    for client, root in zip(clients, roots):
        found = client.search_for_studies(search_filters={"StudyInstanceUID": ",".join(wanted)})
        assert sorted(uids(found)) == sorted(wanted)
        for row in found:
            assert row["00081190"]["Value"] == [f"{root}/studies/{row['0020000D']['Value'][0]}"]
            assert row["00080061"]["Value"][0] in ("CT", "MR")
        [series] = client.search_for_series(wanted[0])
        assert series["00080060"]["Value"] == ["CT"] and series["00201209"]["Value"] == [1]
        assert len(client.search_for_instances(wanted[0])) == 1


def test_what_remains_is_said(filled):
    gateway, count, _ = filled
    answer = gateway.call("GET", "/dicomweb/pacs/studies", params={"limit": 10, "PatientName": "Row1000*"})
    assert answer.headers["Warning"] == '299 collimator: "There are 90 additional results that can be requested"'
    everything = gateway.call("GET", "/dicomweb/pacs/studies", params={"limit": 10**9})
    assert len(everything.json()) == min(count, 5_000)
    assert ("Warning" in everything.headers) == (count > 5_000)


def test_series_over_all_studies(filled, clients):
    for client in clients:
        found = client.search_for_series(search_filters={"Modality": "MR", "PatientName": "Row1000*"})
        assert len(found) == 10 and all(row["00080060"]["Value"] == ["MR"] for row in found)
        assert client.search_for_series(search_filters={"Modality": "XA"}) == []


def test_instances_are_completed_where_the_store_cannot_match(filled, clients):
    study = f"{PREFIX}4.{number_of(3)}"
    for client in clients:
        assert len(client.search_for_instances(study, search_filters={"Rows": "2"})) == 1
        assert client.search_for_instances(study, search_filters={"Rows": "3"}) == []
        [one] = client.search_for_instances(search_filters={"PatientName": "Row100003*"})
        assert one["00080018"]["Value"] == [f"{study}.1.1"]


def test_what_is_stored_through_us_is_found_by_the_next_search(filled, clients):
    new = slice_of("catalog", "new", size=2, PatientName="Brand^New", StudyDate="20270101")
    clients[0].store_instances([new])
    for client in clients:
        assert uids(client.search_for_studies(search_filters={"PatientName": "brand*"})) == [new.StudyInstanceUID]
        assert uids(client.search_for_studies(limit=1)) == [new.StudyInstanceUID]
