"""The reading half of /api/v1, as a script or a front end meets it."""

import hashlib
import io
import json
import zipfile

import pytest
import requests

from support.dicom import file_bytes, new_uid, slice_of

STUDY_UID, SERIES_UIDS = new_uid("reading", "study"), [new_uid("reading", "series", number) for number in (1, 2)]
SLICES = [
    slice_of(
        "reading", number, study=STUDY_UID, series=SERIES_UIDS[number % 2], PatientName="Read^Ing", PatientID="RD-1",
        InstanceNumber=number + 1, SeriesNumber=number % 2 + 1, StudyDescription="READING",
    )
    for number in range(7)
]
OTHER = slice_of("reading", "other", PatientName="Read^Other", PatientID="RD-2")
FILES = {f"{STUDY_UID}/{each.SeriesInstanceUID}/{each.SOPInstanceUID}.dcm": file_bytes(each) for each in SLICES}
STUDY = f"/api/v1/stores/radiology/studies/{STUDY_UID}"
SERIES = f"{STUDY}/series/{SERIES_UIDS[0]}"
INSTANCE = f"{SERIES}/instances/{SLICES[0].SOPInstanceUID}"


@pytest.fixture(scope="module", autouse=True)
def uploaded(gateway):
    for data in (*FILES.values(), file_bytes(OTHER)):
        answer = gateway.call(
            "POST", "/api/v1/stores/radiology/studies", data=data, headers={"Content-Type": "application/dicom"}
        )
        assert answer.status_code in (200, 201), answer.text


def test_me(gateway):
    me = gateway.call("GET", "/api/v1/me").json()
    assert me["kind"] == "administrator" and me["apiVersion"] == "v1"
    [store] = me["stores"]
    assert store["name"] == "radiology" and "healthcare.dicomStores.dicomWebRead" in store["permissions"]


def test_stores(gateway):
    [store] = gateway.call("GET", "/api/v1/stores").json()["items"]
    assert store["kind"] == "healthcare"
    assert gateway.call("GET", store["links"]["self"]).json() == store


@pytest.mark.parametrize("path", ["/api/v1/stores/radiology/studies", "/api/v1/studies"])
def test_search_pages_by_link(gateway, path):
    first = gateway.call("GET", path, params={"patientName": "read", "limit": 1})
    assert first.status_code == 200, first.text
    assert first.json()["total"] == 2 and first.json()["complete"] is True
    second = gateway.call("GET", first.links["next"]["url"])
    assert second.json()["nextCursor"] is None and "next" not in second.links
    assert second.json()["total"] == 2
    uids = [page.json()["items"][0]["uid"] for page in (first, second)]
    assert sorted(uids) == sorted([STUDY_UID, OTHER.StudyInstanceUID])
    cursor = first.json()["nextCursor"]
    spoilt = ("A" if cursor[5] != "A" else "B").join([cursor[:5], cursor[6:]])
    assert gateway.call("GET", path, params={"patientName": "read", "cursor": spoilt}).status_code == 400


def test_search_by_post_is_not_kept(gateway):
    answer = gateway.call("POST", "/api/v1/studies/search", json={"patientId": "RD-1", "store": ["radiology"], "limit": 5})
    assert answer.status_code == 200, answer.text
    [study] = answer.json()["items"]
    assert study["uid"] == STUDY_UID and study["description"] == "READING"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "status"),
    [({"colour": "red"}, 400), ({"modality": ["C*"]}, 400), ({"limit": 201}, 400), ({"store": "elsewhere"}, 400), ([], 400)],
)
def test_search_by_post_refuses(gateway, body, status):
    answer = gateway.call("POST", "/api/v1/studies/search", json=body)
    assert answer.status_code == status and answer.json()["detail"]


def test_an_unknown_filter_is_told_what_is_known(gateway):
    unknown = gateway.call("GET", "/api/v1/studies", params={"colour": "red"})
    assert unknown.status_code == 400 and "patientName" in unknown.json()["detail"]


def test_series_and_instances(gateway):
    series = gateway.call("GET", f"{STUDY}/series").json()
    assert [each["uid"] for each in series["items"]] == SERIES_UIDS and series["nextCursor"] is None
    assert series["items"][0]["modality"] == "CT" and series["items"][0]["instanceCount"] == 4
    one = gateway.call("GET", SERIES, params={"include": "instances"}).json()
    assert one["instanceCount"] == len(one["instances"]) == 4
    instances = gateway.call("GET", one["links"]["instances"]).json()["items"]
    assert instances == one["instances"]
    assert [each["number"] for each in instances] == [1, 3, 5, 7]
    assert gateway.call("GET", instances[0]["links"]["self"]).json() == instances[0]
    assert instances[0]["kind"] == "image" and (instances[0]["rows"], instances[0]["frames"]) == (64, 1)
    assert len(gateway.call("GET", f"{STUDY}/instances").json()["items"]) == len(SLICES)
    assert gateway.call("GET", one["links"]["rendered"]).status_code == 200


@pytest.mark.parametrize(("path", "count"), [(STUDY, 7), (SERIES, 4), (INSTANCE, 1)])
def test_metadata(gateway, path, count):
    answer = gateway.call("GET", f"{path}/metadata")
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/dicom+json"
    metadata = answer.json()
    assert len(metadata) == count
    assert {each["00100020"]["Value"][0] for each in metadata} == {"RD-1"}
    uri = metadata[0]["7FE00010"]["BulkDataURI"]
    assert uri.startswith(f"{gateway.url}/dicomweb/radiology/")
    assert gateway.call("GET", uri.removeprefix(gateway.url)).status_code == 200


def test_a_file_is_what_was_sent(gateway):
    answer = gateway.call("GET", f"{INSTANCE}/file")
    assert answer.content == file_bytes(SLICES[0])
    assert answer.headers["Content-Type"] == "application/dicom"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{SLICES[0].SOPInstanceUID}.dcm"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", [STUDY, SERIES])
def test_an_archive_is_whole(gateway, path):
    answer = gateway.call("GET", f"{path}/archive")
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        *names, last = archive.namelist()
        assert last == "MANIFEST.json"
        files = {name: archive.read(name) for name in names}
        manifest = json.loads(archive.read(last))
    prefix = path.removeprefix("/api/v1/stores/radiology/studies/").replace("/series", "")
    assert files == {name: data for name, data in FILES.items() if name.startswith(prefix + "/")}
    assert manifest["store"] == "radiology" and manifest["study"] == STUDY_UID
    assert manifest["count"] == len(manifest["files"]) == len(files)
    assert {
        each["path"]: (each["bytes"], each["sha256"]) for each in manifest["files"]
    } == {name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()}


@pytest.mark.parametrize("path", ["/series", "/instances", "/metadata", "/archive", "/series/1.2/archive", "/series/1.2"])
def test_what_is_not_there_is_404(gateway, path):
    answer = gateway.call("GET", f"/api/v1/stores/radiology/studies/{new_uid('nowhere')}{path}")
    assert answer.status_code == 404 and answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    ["/api/v1/me", "/api/v1/stores", "/api/v1/stores/radiology", "/api/v1/studies", STUDY, f"{STUDY}/series", SERIES,
     f"{SERIES}/instances", INSTANCE],
)
def test_304_and_head(gateway, path):
    get = gateway.call("GET", path)
    head = gateway.call("HEAD", path)
    assert (get.status_code, head.status_code) == (200, 200)
    assert head.headers["ETag"] == get.headers["ETag"] and head.headers["Content-Length"] == str(len(get.content))
    assert get.headers["Cache-Control"] == "private, no-cache" and "Authorization" in get.headers["Vary"]
    again = gateway.call("GET", path, headers={"If-None-Match": get.headers["ETag"]})
    assert again.status_code == 304 and not again.content


def test_a_reader_that_leaves_in_the_middle_of_an_archive_harms_nobody(gateway):
    for _ in range(5):
        answer = requests.get(
            f"{gateway.url}{STUDY}/archive", headers={"Authorization": f"Bearer {gateway.key}"}, stream=True, timeout=60
        )
        next(answer.iter_content(100))
        answer.close()
    assert gateway.call("GET", f"{STUDY}/archive").status_code == 200
