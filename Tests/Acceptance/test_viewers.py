"""What viewers ask for: the requests of OHIF 3 one after the other, its manifest, a bundle on our origin, and links to it.

Each answer is read as OHIF's code reads it: the first value of an attribute, the alphabetic form of a name, nothing where
there is nothing.
"""

import http.server
import json
import re
import threading
import time

import pydicom
import pytest
import requests
from dicomtrolley.core import Query, QueryLevels
from dicomtrolley.qido_rs import HierarchicalQuery, QidoRS
from dicomtrolley.trolley import Trolley
from dicomtrolley.wado_rs import WadoRS
from pydicom.data import get_testdata_file
from requests_toolbelt.multipart.decoder import MultipartDecoder

from conftest import ROOT
from support.browser import Browser
from support.dicom import file_bytes, new_uid, slice_of
from support.servers import Gateway

INDEXING_SECONDS_MAX = 60
FIELDS = "00081030,00080060,00080090,00100030"
# The Accept of OHIF's image loader, as it is without and with `omitQuotationForMultipartRequest`.
FRAME_ACCEPTS = (
    'multipart/related; type="application/octet-stream"; transfer-syntax=*',
    "multipart/related; type=application/octet-stream; transfer-syntax=*",
)
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>tiny</title><p id="out"></p>
<script src="/viewer/app-config.js"></script><script src="/viewer/tiny.1a2b3c4d.js"></script></html>"""
SCRIPT = """
const show = (value) => { document.getElementById("out").textContent = JSON.stringify(value); };
(async () => {
  const [source] = window.config.dataSources;
  if (!source?.configuration.qidoRoot) return;
  const query = "limit=101&offset=0&fuzzymatching=false&includefield=00081030,00080060";
  const answer = await fetch(`${source.configuration.qidoRoot}/studies?${query}`);
  const studies = await answer.json();
  new Worker(URL.createObjectURL(new Blob(["postMessage(1)"], { type: "text/javascript" }))).onmessage = () =>
    show({ status: answer.status, studies: studies.length, name: source.sourceName, isolated: crossOriginIsolated });
})();
"""

CHEST, OTHER = new_uid("viewers", "chest"), new_uid("viewers", "other")
AXIAL, PLAN = new_uid("viewers", "axial"), new_uid("viewers", "plan")


class ViewerGateway(Gateway):
    """A gateway with a bundle of two files, whose configuration is to be overridden."""

    def __init__(self, binary, folder, bundle):
        super().__init__(binary, folder)
        self.bundle = bundle

    def environment(self):
        return super().environment() | {"COLLIMATOR_VIEWER_DIRECTORY": str(self.bundle)}

    def store(self, dataset):
        answer = self.call(
            "POST", "/api/v1/stores/radiology/studies", data=file_bytes(dataset),
            headers={"Content-Type": "application/dicom"},
        )
        assert answer.status_code in (200, 201), answer.text

    def qido(self, path: str, **parameters) -> list[dict]:
        answer = self.call(
            "GET", f"/dicomweb/radiology/{path}", params=parameters, headers={"Accept": "application/dicom+json"}
        )
        if answer.status_code == 204:
            return []
        assert answer.status_code == 200, answer.text
        return answer.json()

    def work_list(self, **filters) -> list[dict]:
        """OHIF's search for studies, and what it makes of the answer."""
        parameters = {"limit": 101, "offset": 0, "fuzzymatching": "false", "includefield": FIELDS} | filters
        return [
            {
                "study": string(found.get("0020000D")), "date": string(found.get("00080020")),
                "time": string(found.get("00080030")), "accession": string(found.get("00080050")),
                "mrn": string(found.get("00100020")), "name": name(found.get("00100010")),
                "instances": int(string(found.get("00201208")) or 0), "description": string(found.get("00081030")),
                "modalities": modalities(found),
            }
            for found in self.qido("studies", **parameters)
        ]


def string(element: dict | None) -> str | None:
    values = (element or {}).get("Value") or []
    return str(values[0]) if values else None


def name(element: dict | None) -> str | None:
    values = (element or {}).get("Value") or []
    return values[0].get("Alphabetic") if values else None


def modalities(found: dict) -> set[str]:
    return {value for tag in ("00080060", "00080061") for value in found.get(tag, {}).get("Value", [])}


def parts(answer: requests.Response) -> list[bytes]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("multipart/related")
    return [part.content for part in MultipartDecoder.from_response(answer).parts]


@pytest.fixture(scope="module")
def two_frames():
    """Two frames of RGB, run-length encoded."""
    return pydicom.dcmread(get_testdata_file("SC_rgb_rle_2frame.dcm", download=False))


@pytest.fixture(scope="module")
def gateway(binary, tmp_path_factory, two_frames):
    bundle = tmp_path_factory.mktemp("bundle")
    (bundle / "index.html").write_text(PAGE)
    (bundle / "tiny.1a2b3c4d.js").write_text(SCRIPT)
    (bundle / "app-config.js").write_text("window.config = {dataSources: []};")
    with ViewerGateway(binary, tmp_path_factory.mktemp("viewers"), bundle) as server:
        common = {"PatientName": "Viewer^Vera^Ann", "PatientID": "VIEW-1", "AccessionNumber": "VIEW-ACC-1"}
        for number in (1, 2, 3):
            server.store(slice_of(
                "viewers", number, study=CHEST, series=AXIAL, InstanceNumber=number, SeriesNumber=2, SeriesDate="20260105",
                SeriesDescription="AXIAL", StudyDescription="CT OF THE CHEST", PixelSpacing=[0.5, 0.5], **common,
            ))
        server.store(slice_of(
            "viewers", "plan", study=CHEST, series=PLAN, Modality="MR", SeriesNumber=1, SeriesDescription="PLAN",
            StudyDescription="CT OF THE CHEST", **common,
        ))
        server.store(slice_of(
            "viewers", "other", study=OTHER, PatientName="Lens^Liam", PatientID="VIEW-2", StudyDate="20251224",
            AccessionNumber="VIEW-ACC-2", StudyDescription="CT OF A KNEE",
        ))
        server.store(two_frames)
        deadline = time.monotonic() + INDEXING_SECONDS_MAX
        while len(server.work_list()) < 3:
            assert time.monotonic() < deadline, server.work_list()
            time.sleep(0.2)
        yield server


def test_the_work_list(gateway, two_frames):
    found = {study["study"]: study for study in gateway.work_list()}
    assert set(found) == {CHEST, OTHER, two_frames.StudyInstanceUID}
    assert found[CHEST] == {
        "study": CHEST, "date": "20260105", "time": "103000", "accession": "VIEW-ACC-1", "mrn": "VIEW-1",
        "name": "Viewer^Vera^Ann", "instances": 4, "description": "CT OF THE CHEST", "modalities": {"CT", "MR"},
    }


@pytest.mark.parametrize("filters", [
    {"PatientName": "*era*"}, {"PatientName": "*VIEWER*"}, {"00100020": "*W-1*"}, {"AccessionNumber": "*ACC-1*"},
    {"StudyDescription": "*chest*"}, {"ModalitiesInStudy": "MR"}, {"ModalitiesInStudy": "MR,PT"},
    {"StudyDate": "20260101-20260131"}, {"StudyInstanceUID": CHEST},
    {"PatientName": "*vera*", "StudyDate": "19700102-20260105", "ModalitiesInStudy": "CT"},
], ids=lambda filters: "&".join(f"{key}={value}" for key, value in filters.items()))
def test_the_filters_of_the_work_list(gateway, filters):
    assert [study["study"] for study in gateway.work_list(**filters)] == [CHEST]


@pytest.mark.parametrize("filters", [
    {"PatientName": "*nobody*"}, {"00100020": "*VIEW-9*"}, {"ModalitiesInStudy": "PT"},
    {"StudyDate": "19700102-19991231"}, {"PatientName": "*vera*", "AccessionNumber": "*ACC-2*"},
], ids=lambda filters: "&".join(f"{key}={value}" for key, value in filters.items()))
def test_filters_that_nothing_fits(gateway, filters):
    assert gateway.work_list(**filters) == []


def test_the_pages_of_the_work_list(gateway):
    whole = [study["study"] for study in gateway.work_list()]
    paged = [study["study"] for offset in range(4) for study in gateway.work_list(limit=1, offset=offset)]
    assert paged == whole


def test_several_studies_by_uid(gateway):
    found = gateway.work_list(StudyInstanceUID=f"{CHEST}\\{OTHER}")
    assert {study["study"] for study in found} == {CHEST, OTHER}


@pytest.mark.parametrize("parameters", [{}, {"includefield": "0008103E,00080021"}], ids=["loading", "list"])
def test_the_series_of_a_study(gateway, parameters):
    found = gateway.qido(f"studies/{CHEST}/series", **parameters)
    rows = {string(series.get("0020000E")): series for series in found}
    assert set(rows) == {AXIAL, PLAN}
    axial = rows[AXIAL]
    assert string(axial["00080060"]) == "CT" and string(axial["00200011"]) == "2"
    if parameters:
        assert string(axial["00201209"]) == "3" and string(axial["0008103E"]) == "AXIAL"
        assert string(axial["00080021"]) == "20260105"


def test_one_series_by_uid(gateway):
    found = gateway.qido(f"studies/{CHEST}/series", SeriesInstanceUID=PLAN)
    assert [string(series["0020000E"]) for series in found] == [PLAN]


def test_the_first_instance_of_a_series(gateway):
    """What is asked for where a series has no thumbnail."""
    path = f"studies/{CHEST}/series/{AXIAL}/instances"
    found = gateway.qido(path, limit=1, includefield="00080018")
    assert len(found) == 1 and string(found[0]["00080018"])


@pytest.mark.parametrize("accept", FRAME_ACCEPTS)
def test_metadata_and_then_frames(gateway, accept):
    metadata = gateway.call(
        "GET", f"/dicomweb/radiology/studies/{CHEST}/series/{AXIAL}/metadata", headers={"Accept": "application/dicom+json"}
    ).json()
    assert sorted(int(string(found["00200013"])) for found in metadata) == [1, 2, 3]
    for found in metadata:
        assert [value for value in found["00280030"]["Value"]] == [0.5, 0.5]
        uid = string(found["00080018"])
        frame = gateway.call(
            "GET", f"/dicomweb/radiology/studies/{CHEST}/series/{AXIAL}/instances/{uid}/frames/1",
            headers={"Accept": accept},
        )
        (pixels,) = parts(frame)
        assert len(pixels) == int(string(found["00280010"])) * int(string(found["00280011"])) * 2


def test_frames_of_an_instance_with_several(gateway, two_frames):
    path = (
        f"/dicomweb/radiology/studies/{two_frames.StudyInstanceUID}/series/{two_frames.SeriesInstanceUID}"
        f"/instances/{two_frames.SOPInstanceUID}"
    )
    frames = [
        parts(gateway.call("GET", f"{path}/frames/{number}", headers={"Accept": FRAME_ACCEPTS[1]}))[0] for number in (1, 2)
    ]
    assert frames[0] and frames[1] and frames[0] != frames[1]
    beyond = gateway.call("GET", f"{path}/frames/3", headers={"Accept": FRAME_ACCEPTS[1]})
    assert beyond.status_code in (400, 404)


def test_a_rendered_instance(gateway):
    (uid, *_) = [string(found["00080018"]) for found in gateway.qido(f"studies/{CHEST}/series/{AXIAL}/instances")]
    answer = gateway.call(
        "GET", f"/dicomweb/radiology/studies/{CHEST}/series/{AXIAL}/instances/{uid}/rendered",
        headers={"Accept": "image/jpeg"},
    )
    assert answer.status_code == 200 and answer.content.startswith(b"\xff\xd8")
    assert answer.headers["Collimator-Rendition"] == "preview"


def test_bulk_data_by_the_address_in_the_metadata(gateway):
    metadata = gateway.call("GET", f"/dicomweb/radiology/studies/{CHEST}/series/{AXIAL}/metadata").json()
    addresses = {
        tag: element["BulkDataURI"] for found in metadata for tag, element in found.items() if "BulkDataURI" in element
    }
    assert "7FE00010" in addresses
    for tag, address in addresses.items():
        assert address.startswith(f"{gateway.url}/dicomweb/radiology/")
        (value,) = parts(gateway.call("GET", address.removeprefix(gateway.url), headers={"Accept": "*/*"}))
        assert len(value) == (64 * 64 * 2 if tag == "7FE00010" else 2)


def test_the_manifest_of_a_study(gateway):
    answer = gateway.call("GET", f"/api/v1/stores/radiology/studies/{CHEST}/ohif")
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "private, no-cache"
    (study,) = answer.json()["studies"]
    assert (study["StudyInstanceUID"], study["NumInstances"], study["Modalities"]) == (CHEST, 4, "CT/MR")
    assert [series["SeriesInstanceUID"] for series in study["series"]] == [PLAN, AXIAL]
    for series in study["series"]:
        for instance in series["instances"]:
            metadata = instance["metadata"]
            assert metadata["StudyInstanceUID"] == CHEST and metadata["Rows"] == 64
            assert metadata["PatientName"] == [{"Alphabetic": "Viewer^Vera^Ann"}]
            scheme, address = instance["url"].split(":", 1)
            assert scheme == "wadors" and address.startswith(gateway.url)
            frame = gateway.call("GET", address.removeprefix(gateway.url), headers={"Accept": FRAME_ACCEPTS[1]})
            assert len(parts(frame)[0]) == 64 * 64 * 2
    again = gateway.call(
        "GET", f"/api/v1/stores/radiology/studies/{CHEST}/ohif", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304 and again.content == b""


def test_the_manifest_of_frames(gateway, two_frames):
    answer = gateway.call("GET", f"/api/v1/stores/radiology/studies/{two_frames.StudyInstanceUID}/ohif").json()
    instances = answer["studies"][0]["series"][0]["instances"]
    assert [instance["url"].rsplit("/", 1)[1] for instance in instances] == ["1", "2"]


def test_the_data_source_leads_to_this_host(gateway):
    (source,) = gateway.call("GET", "/api/v1/stores/radiology/ohif").json()["servers"]["dicomWeb"]
    assert source["qidoRoot"] == source["wadoRoot"] == f"{gateway.url}/dicomweb/radiology"
    assert source["supportsWildcard"] and source["imageRendering"] == "wadors"
    found = gateway.call("GET", source["qidoRoot"].removeprefix(gateway.url) + "/studies", params={"limit": 1})
    assert found.status_code == 200


@pytest.fixture(scope="module")
def trolley(gateway):
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {gateway.key}"
    root = f"{gateway.url}/dicomweb/radiology"
    return Trolley(searcher=QidoRS(session, root), downloader=WadoRS(session, root))


def test_dicomtrolley_finds_studies(trolley):
    (study,) = trolley.find_studies(Query(PatientName="Viewer*", include_fields=["StudyDescription"]))
    assert study.uid == CHEST and study.data.StudyDescription == "CT OF THE CHEST"
    assert trolley.find_studies(Query(PatientID="NOBODY")) == []
    dated = trolley.find_studies(
        Query(min_study_date="2025-12-01T00:00:00", max_study_date="2025-12-31T00:00:00", ModalitiesInStudy="CT")
    )
    assert [study.uid for study in dated] == [OTHER]


def test_dicomtrolley_finds_series_and_instances(trolley):
    (study,) = trolley.find_studies(HierarchicalQuery(StudyInstanceUID=CHEST, query_level=QueryLevels.SERIES))
    assert {series.uid for series in study.series} == {AXIAL, PLAN}
    query = HierarchicalQuery(StudyInstanceUID=CHEST, SeriesInstanceUID=AXIAL, query_level=QueryLevels.INSTANCE)
    (study,) = trolley.find_studies(query)
    assert [len(series.instances) for series in study.series] == [3]


def test_dicomtrolley_downloads(trolley):
    (study,) = trolley.find_studies(Query(StudyInstanceUID=CHEST))
    datasets = list(trolley.fetch_all_datasets([study]))
    assert {dataset.SeriesInstanceUID for dataset in datasets} == {AXIAL, PLAN} and len(datasets) == 4
    assert all(len(dataset.PixelData) == 64 * 64 * 2 for dataset in datasets)


def test_the_files_of_the_viewer(gateway):
    page = gateway.call("GET", "/viewer/viewer/radiology", key=None, params={"StudyInstanceUIDs": CHEST})
    assert page.text == PAGE and page.headers["Content-Type"] == "text/html; charset=utf-8"
    script = gateway.call("GET", "/viewer/tiny.1a2b3c4d.js", key=None)
    assert script.text == SCRIPT and "immutable" in script.headers["Cache-Control"]
    for path in ("/viewer/none.js", "/viewer/%2e%2e%2fviewers.log", "/viewer/.ssh/id"):
        assert gateway.call("GET", path, key=None).status_code in (400, 404)
    nobody = gateway.call("GET", "/viewer/app-config.js", key=None)
    assert nobody.status_code == 200 and "radiology" not in nobody.text
    own = gateway.call("GET", "/viewer/app-config.js")
    assert json.loads(re.fullmatch(r"window\.config = (.*);\n", own.text).group(1))["routerBasename"] == "/viewer"


def test_launching_by_uid_and_by_number(gateway):
    for query in ({"studyUID": CHEST}, {"requestType": "STUDY", "accessionNumber": "VIEW-ACC-1", "patientID": "VIEW-1"}):
        answer = gateway.call("GET", "/launch", params=query, allow_redirects=False)
        assert answer.status_code == 303, answer.text
        assert answer.headers["Location"] == f"/viewer/viewer/radiology?StudyInstanceUIDs={CHEST}"
    assert gateway.call("GET", "/launch", params={"accessionNumber": "NOBODY"}).status_code == 404
    assert gateway.call("GET", "/launch", params={"studyUID": CHEST}, key=None).status_code == 401


@pytest.fixture(scope="module")
def browser(gateway, tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("viewers-browser"), ROOT / ".build/acceptance")
    try:
        yield browser
    finally:
        browser.close()


@pytest.fixture(scope="module")
def elsewhere(gateway):
    """A site of somebody else, with a link that opens a study."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = f'<!doctype html><title>elsewhere</title><a href="{gateway.url}/launch?accessionNumber=VIEW-ACC-1">open</a>'
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    # For a browser `localhost` and `127.0.0.1` are two sites.
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


def test_a_browser_that_is_not_signed_in_is_led_to_the_page(gateway, browser):
    browser.driver.get(f"{gateway.url}/viewer/")
    browser.until(lambda: browser.driver.current_url.startswith(f"{gateway.url}/app/"), "the page")
    browser.driver.get(f"{gateway.url}/launch?studyUID={CHEST}")
    browser.until(lambda: browser.driver.current_url.startswith(f"{gateway.url}/app/"), "the page")


def test_the_bundle_in_a_browser(gateway, browser):
    made = gateway.run("sign-in")
    assert made.returncode == 0, made.stderr
    browser.driver.get(made.stdout.strip())
    browser.one(".row")
    browser.faults()
    browser.driver.get(f"{gateway.url}/viewer/")
    browser.until(lambda: browser.texts("#out") not in ([], [""]), "the search")
    (text,) = browser.texts("#out")
    assert json.loads(text) == {"status": 200, "studies": 3, "name": "radiology", "isolated": True}
    # Browsers ask for an icon that this bundle does not have.
    assert [fault for fault in browser.faults() if "/favicon.ico" not in fault] == []


def test_a_link_on_another_site_opens_the_viewer(gateway, browser, elsewhere):
    browser.driver.get(elsewhere)
    browser.one("a").click()
    wanted = f"{gateway.url}/viewer/viewer/radiology?StudyInstanceUIDs={CHEST}"
    browser.until(lambda: browser.driver.current_url == wanted, f"{wanted}, not {browser.driver.current_url}")
    browser.until(lambda: browser.texts("#out") not in ([], [""]), "the search")
