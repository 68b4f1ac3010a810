"""Search with Orthanc behind: the same answers as with the Healthcare API, in `/api/v1` and by DICOMweb.

Orthanc is filled before the gateway starts, so that all of it comes by the first walk over the store.
"""

import io

import pydicom
import pytest
import requests
from dicomtrolley.core import Query, QueryLevels
from dicomtrolley.qido_rs import HierarchicalQuery, QidoRS
from dicomtrolley.trolley import Trolley
from dicomtrolley.wado_rs import WadoRS

from support.dicom import file_bytes, new_uid, slice_of
from support.orthanc import Orthanc, is_installed
from support.servers import Gateway
from test_search import wait_until

pytestmark = pytest.mark.skipif(not is_installed(), reason="Debian's orthanc and orthanc-dicomweb")

STORE = "/api/v1/stores/pacs"
WEB = "/dicomweb/pacs"
# Name, modalities, day: what the searches below tell apart.
KNOWN = {
    "Smith^Anna": (["CT"], "20260105"),
    "Smithers^Bob": (["CT", "MR"], "20260106"),
    "Müller-Lüdenscheidt^Jürgen": (["MR"], "20260107"),
    "Παπαδόπουλος^Γιώργος": (["CR"], "20260112"),
    "Yamada^Tarou=山田^太郎=やまだ^たろう": (["CT"], "20260113"),
    "O'Brien^Siân": (["US"], "20260131"),
    "Nobody^Undated": (["CT"], ""),
}
MANY = 260


def known_files(name):
    modalities, day = KNOWN[name]
    for modality in modalities:
        yield slice_of(
            "search-orthanc", name, modality, size=2, study=new_uid("search-orthanc", name), PatientName=name,
            PatientID=f"SO-{list(KNOWN).index(name)}", StudyDate=day, Modality=modality,
            AccessionNumber=f"SO{list(KNOWN).index(name)}", StudyDescription=f"SCAN OF {modalities[0]}",
        )


def of_many(number):
    return slice_of("search-orthanc-many", number, size=2, PatientName=f"Many{number:03}^Row", PatientID="MANY",
                    StudyDate=f"202512{1 + number % 28:02}")


def post(orthanc, dataset):
    answer = requests.post(f"{orthanc.url}/instances", data=file_bytes(dataset), timeout=60)
    assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory):
    # Its own default is Latin 1: names of other scripts come out of it as question marks.
    with Orthanc(tmp_path_factory.mktemp("search-orthanc"), DefaultEncoding="Utf8") as server:
        for name in KNOWN:
            for dataset in known_files(name):
                post(server, dataset)
        for number in range(MANY):
            post(server, of_many(number))
        yield server


@pytest.fixture(scope="module")
def gateway(binary, orthanc, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gateway-of-orthanc")
    configuration = folder / "collimator.yaml"
    configuration.write_text(
        f"stores:\n  names: [pacs]\n  pacs:\n    dicomwebURL: {orthanc.url}/dicom-web\n    credentials: none\n"
        "catalog:\n  sweepInterval: 1\n"
    )
    with Gateway(binary, folder, "--config", str(configuration)) as server:
        def is_filled():
            answer = server.call("GET", f"{STORE}/studies", params={"limit": 1}).json()
            return answer["complete"] and answer["total"] == len(KNOWN) + MANY

        wait_until(is_filled)
        # Modalities are known once the instances of a study were looked at.
        wait_until(lambda: all(item["instanceCount"] for item in everything(server)))
        yield server


def page(gateway, **parameters):
    answer = gateway.call("GET", f"{STORE}/studies", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def uids(gateway, **parameters):
    return {item["uid"] for item in page(gateway, limit=200, **parameters)["items"]}


def everything(gateway, **parameters):
    items, cursor = [], None
    while True:
        answer = page(gateway, limit=100, **parameters, **({"cursor": cursor} if cursor else {}))
        items += answer["items"]
        cursor = answer["nextCursor"]
        if not cursor:
            return items


def studies_of(*names):
    return {new_uid("search-orthanc", name) for name in names}


def qido(gateway, **filters):
    answer = gateway.call("GET", f"{WEB}/studies", params=filters)
    assert answer.status_code in (200, 204), answer.text
    return answer, answer.json() if answer.status_code == 200 else []


def qido_uids(gateway, **filters):
    return {row["0020000D"]["Value"][0] for row in qido(gateway, **filters)[1]}


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("smith", ["Smith^Anna", "Smithers^Bob"]),
        ("smithe", ["Smithers^Bob"]),
        ("ANNA smi", ["Smith^Anna"]),
        ("muller", ["Müller-Lüdenscheidt^Jürgen"]),
        ("ludensch", ["Müller-Lüdenscheidt^Jürgen"]),
        ("παπαδοπουλ", ["Παπαδόπουλος^Γιώργος"]),
        ("山田", ["Yamada^Tarou=山田^太郎=やまだ^たろう"]),
        ("たろ", ["Yamada^Tarou=山田^太郎=やまだ^たろう"]),
        ("obrien", ["O'Brien^Siân"]),
        ("mith", []),
    ],
)
def test_letters_of_a_name(gateway, typed, names):
    assert uids(gateway, patientName=typed) == studies_of(*names)


def test_modalities_days_and_numbers(gateway):
    assert uids(gateway, modality="MR") == studies_of("Smithers^Bob", "Müller-Lüdenscheidt^Jürgen")
    assert uids(gateway, modality="US") == studies_of("O'Brien^Siân")
    week = {"from": "2026-01-05", "to": "2026-01-11"}
    assert uids(gateway, **week) == studies_of("Smith^Anna", "Smithers^Bob", "Müller-Lüdenscheidt^Jürgen")
    assert uids(gateway, **week, modality="CT") == studies_of("Smith^Anna", "Smithers^Bob")
    assert uids(gateway, accessionNumber="SO3") == studies_of("Παπαδόπουλος^Γιώργος")
    assert uids(gateway, patientId="SO-4") == studies_of("Yamada^Tarou=山田^太郎=やまだ^たろう")
    [undated] = page(gateway, patientName="undated")["items"]
    assert undated["date"] is None
    assert page(gateway, patientName="absent")["total"] == 0


def test_pages_go_to_the_end(gateway):
    for sort in ("-date", "patientName"):
        items = everything(gateway, sort=sort)
        assert len(items) == len({item["uid"] for item in items}) == len(KNOWN) + MANY
    dates = [item["date"] or "" for item in everything(gateway)]
    assert dates == sorted(dates, reverse=True)


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"PatientName": "Smith*"}, ["Smith^Anna", "Smithers^Bob"]),
        ({"PatientName": "smith^*"}, ["Smith^Anna"]),
        ({"PatientName": "*^?nna"}, ["Smith^Anna"]),
        ({"PatientName": "*lüdensch*"}, ["Müller-Lüdenscheidt^Jürgen"]),
        ({"PatientName": "anna", "fuzzymatching": "true"}, ["Smith^Anna"]),
        ({"ModalitiesInStudy": "MR"}, ["Smithers^Bob", "Müller-Lüdenscheidt^Jürgen"]),
        ({"StudyDate": "20260112-"}, ["Παπαδόπουλος^Γιώργος", "Yamada^Tarou=山田^太郎=やまだ^たろう", "O'Brien^Siân"]),
        ({"StudyDate": "20260105-20260106", "ModalitiesInStudy": "CT"}, ["Smith^Anna", "Smithers^Bob"]),
        ({"StudyDescription": "scan of u?"}, ["O'Brien^Siân"]),
        ({"PatientName": "nobody^absent"}, []),
    ],
)
def test_dicomweb_searches_that_orthanc_does_otherwise(gateway, filters, names):
    assert qido_uids(gateway, includefield="all", **filters) == studies_of(*names)


def test_rows_have_every_attribute_and_no_address_of_orthanc(gateway, orthanc):
    answer, [row] = qido(gateway, PatientName="smithers*", includefield="all")
    assert sorted(row["00080061"]["Value"]) == ["CT", "MR"]
    assert (row["00201206"]["Value"], row["00201208"]["Value"]) == ([2], [2])
    assert row["00081030"]["Value"] == ["SCAN OF CT"] and row["00100020"]["Value"] == ["SO-1"]
    assert row["00081190"]["Value"] == [f"{gateway.url}{WEB}/studies/{row['0020000D']['Value'][0]}"]
    assert str(orthanc.port) not in answer.text and "Warning" not in answer.headers
    answer, rows = qido(gateway, PatientID="MANY", limit=100)
    assert len(rows) == 100 and "160 additional results" in answer.headers["Warning"]
    seen = set()
    while more := qido_uids(gateway, PatientID="MANY", limit=100, offset=len(seen)):
        assert not more & seen
        seen |= more
    assert len(seen) == MANY


def test_an_upload_is_found_by_the_very_next_search(gateway):
    for number in range(3):
        dataset = slice_of("search-orthanc-next", number, size=2, PatientName=f"Next{number}^Very", PatientID="NEXT")
        answer = gateway.call("POST", f"{STORE}/studies", data=file_bytes(dataset),
                              headers={"Content-Type": "application/dicom"})
        assert answer.status_code == 201, answer.text
        uid = str(dataset.StudyInstanceUID)
        [item] = page(gateway, patientName=f"next{number}")["items"]
        assert (item["uid"], item["modalities"], item["instanceCount"]) == (uid, ["CT"], 1)
        assert qido_uids(gateway, PatientName=f"next{number}^*") == {uid}


def test_what_comes_and_goes_behind_our_back_is_found(gateway, orthanc):
    dataset = slice_of("search-orthanc-behind", size=2, PatientName="Behind^Back", PatientID="BEHIND")
    post(orthanc, dataset)
    wait_until(lambda: uids(gateway, patientName="behind") == {str(dataset.StudyInstanceUID)})
    found = requests.post(
        f"{orthanc.url}/tools/find", json={"Level": "Study", "Query": {"PatientID": "BEHIND"}}, timeout=30
    ).json()
    assert len(found) == 1
    assert requests.delete(f"{orthanc.url}/studies/{found[0]}", timeout=30).status_code == 200
    wait_until(lambda: not uids(gateway, patientName="behind"))
    assert not qido_uids(gateway, PatientName="behind*")


def test_what_ohif_asks_for(gateway):
    """Its work list, its series, and the metadata and frames of one, as its data source asks for them."""
    fields = {"limit": 101, "offset": 0, "fuzzymatching": "false", "includefield": "00081030,00080060"}
    assert qido_uids(gateway, PatientName="*mithers*", **fields) == studies_of("Smithers^Bob")
    assert qido_uids(gateway, **fields, **{"00100020": "*O-1*"}) == studies_of("Smithers^Bob")
    assert qido_uids(gateway, ModalitiesInStudy="US", StudyDate="19700102-20260131", **fields) == studies_of("O'Brien^Siân")
    assert len(qido(gateway, **fields)[1]) == 101
    [study] = studies_of("Smithers^Bob")
    series = gateway.call("GET", f"{WEB}/studies/{study}/series", params={"includefield": "0008103E,00080021"}).json()
    assert {row["00080060"]["Value"][0] for row in series} == {"CT", "MR"}
    path = f"{WEB}/studies/{study}/series/{series[0]['0020000E']['Value'][0]}"
    [metadata] = gateway.call("GET", f"{path}/metadata", headers={"Accept": "application/dicom+json"}).json()
    frame = gateway.call(
        "GET", f"{path}/instances/{metadata['00080018']['Value'][0]}/frames/1",
        headers={"Accept": "multipart/related; type=application/octet-stream; transfer-syntax=*"},
    )
    assert frame.status_code == 200 and frame.headers["Content-Type"].startswith("multipart/related")
    manifest = gateway.call("GET", f"{STORE}/studies/{study}/ohif")
    assert manifest.status_code == 200 and manifest.json()["studies"][0]["StudyInstanceUID"] == study


def test_dicomtrolley_finds_and_downloads(gateway):
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {gateway.key}"
    root = f"{gateway.url}{WEB}"
    trolley = Trolley(
        downloader=WadoRS(session=session, url=root),
        searcher=QidoRS(session=session, url=root),
    )
    [study] = trolley.find_studies(Query(PatientName="Smithers*"))
    assert {study.uid} == studies_of("Smithers^Bob")
    assert trolley.find_studies(Query(PatientName="Absent*")) == []
    [whole] = trolley.find_studies(HierarchicalQuery(StudyInstanceUID=study.uid, query_level=QueryLevels.SERIES))
    files = list(known_files("Smithers^Bob"))
    assert {series.uid for series in whole.series} == {str(dataset.SeriesInstanceUID) for dataset in files}
    wanted = {str(dataset.SOPInstanceUID) for dataset in files}
    fetched = list(trolley.fetch_all_datasets([whole]))
    assert {str(dataset.SOPInstanceUID) for dataset in fetched} == wanted
    assert all(pydicom.dcmread(io.BytesIO(file_bytes(dataset))).PatientID == "SO-1" for dataset in fetched)
