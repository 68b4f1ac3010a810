"""`/dicomweb/{store}` beyond what dicomweb-client asks: what viewers and scripts send, and what they should not."""

import json
import re

import pytest

from support.dicom import file_bytes, new_uid, slice_of
from support.servers import multipart

HOSTILE = "<script>alert(1)</script>"
SLICE = slice_of("web", PatientName="Web^Tree", PatientID="WEB-1", StudyDescription=HOSTILE, InstitutionName=HOSTILE)
ROOT = "/dicomweb/radiology"
STUDY = f"{ROOT}/studies/{SLICE.StudyInstanceUID}"
SERIES = f"{STUDY}/series/{SLICE.SeriesInstanceUID}"
INSTANCE = f"{SERIES}/instances/{SLICE.SOPInstanceUID}"


@pytest.fixture(scope="module", autouse=True)
def stored(gateway):
    body = multipart([file_bytes(SLICE)])
    answer = gateway.call(
        "POST", f"{ROOT}/studies", data=body,
        headers={
            "Content-Type": 'multipart/related; type="application/dicom"; boundary=an-acceptance-boundary',
            "Accept": "application/dicom+json",
        },
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["00081190"]["Value"] == [f"{gateway.url}{STUDY}"]


def get(gateway, path, accept=None, **arguments):
    return gateway.call("GET", path, headers={"Accept": accept} if accept else {}, **arguments)


def problem_of(answer) -> dict:
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["requestId"] == answer.headers["Request-Id"]
    return problem


@pytest.mark.parametrize("path", [f"{ROOT}/studies", f"{ROOT}/series", f"{ROOT}/instances", f"{STUDY}/series", f"{SERIES}/instances"])
def test_a_search_at_every_level(gateway, path):
    answer = get(gateway, path, params={"PatientID": "WEB-1"} if path.startswith(f"{ROOT}/s") and path.count("/") == 3 else {})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("application/dicom+json")
    assert len(answer.json()) >= 1


def test_a_parameter_that_is_no_attribute_is_ignored_with_a_warning(gateway):
    answer = get(gateway, f"{ROOT}/studies", params={"PatientID": "WEB-1", "access_token": "x", "colour": "red"})
    assert answer.status_code == 200
    assert answer.headers["Warning"].startswith("299 ")
    assert len(answer.json()) == 1


@pytest.mark.parametrize(
    ("parameter", "words"),
    [("SOPInstanceUID", "AccessionNumber"), ("PixelData", "AccessionNumber"), ("NoSuchKeyword", "not known here")],
)
def test_an_attribute_that_cannot_be_matched_is_400_and_says_what_can(gateway, parameter, words):
    problem = problem_of(get(gateway, f"{ROOT}/studies", params={parameter: "x"}))
    assert problem["status"] == 400
    assert words in problem["detail"]


def test_metadata_in_xml_leads_back_here(gateway):
    answer = get(gateway, f"{INSTANCE}/metadata", 'multipart/related; type="application/dicom+xml"')
    assert answer.status_code == 200, answer.text
    uris = re.findall(rb'uri="([^"]*)"', answer.content)
    assert uris and all(uri.startswith(f"{gateway.url}{INSTANCE}/bulkdata/".encode()) for uri in uris)
    path = uris[0].decode().removeprefix(gateway.url)
    assert get(gateway, path, "application/octet-stream; transfer-syntax=*").status_code == 200


def test_the_accept_parameter_stands_in_for_the_header(gateway):
    answer = get(gateway, f"{INSTANCE}/rendered", "text/html", params={"accept": "image/png"})
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "image/png"
    assert get(gateway, f"{INSTANCE}/rendered", "text/html").status_code == 406


def test_text_in_an_object_never_runs(gateway):
    for path, accept in ((f"{INSTANCE}/metadata", "application/dicom+json"), (f"{ROOT}/studies?includefield=all", None)):
        answer = get(gateway, path, accept)
        assert answer.status_code == 200 and HOSTILE in json.dumps(answer.json())
        assert answer.headers["Content-Type"].startswith("application/dicom+json")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_head_and_options(gateway):
    head = gateway.call("HEAD", f"{INSTANCE}/metadata")
    assert head.status_code == 200 and head.content == b""
    options = gateway.call("OPTIONS", INSTANCE)
    assert options.status_code == 204
    assert options.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS"
    assert gateway.call("PUT", INSTANCE).status_code == 405
    assert get(gateway, ROOT).json()["links"]["studies"] == f"{gateway.url}{ROOT}/studies"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{ROOT}/studies/1.2.x", 400), (f"{ROOT}/studies/{'1' * 65}", 400), (f"{ROOT}/studies/1.2%2F3", 400),
        (f"{INSTANCE}/frames/0", 400), (f"{INSTANCE}/frames/2", 400), (f"{INSTANCE}/bulkdata/xyz", 400),
        (f"{INSTANCE}/rendered?viewport=x", 400), (f"{INSTANCE}/rendered?window=1,2", 400),
        (f"{ROOT}/studies/{new_uid('nobody')}", 404), (f"{STUDY}/rendered", 404), (f"{ROOT}/worklist", 404),
        ("/dicomweb/elsewhere/studies", 404),
    ],
)
def test_what_is_not_there_or_makes_no_sense(gateway, path, status):
    answer = get(gateway, path)
    assert answer.status_code == status, answer.text
    problem_of(answer)


def test_deleting_an_instance_takes_it_away(gateway):
    other = slice_of("web", "deleted")
    body = file_bytes(other)
    assert gateway.call("POST", f"{ROOT}/studies", data=body, headers={"Content-Type": "application/dicom"}).status_code == 200
    path = (
        f"{ROOT}/studies/{other.StudyInstanceUID}/series/{other.SeriesInstanceUID}/instances/{other.SOPInstanceUID}"
    )
    assert gateway.call("DELETE", path, key=None).status_code == 401
    gone = gateway.call("DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert get(gateway, path).status_code == 404
    assert gateway.call("DELETE", path).status_code == 404


def test_deleting_a_study_says_where_its_operation_is(gateway):
    one = slice_of("web", "deleted study")
    path = f"{ROOT}/studies/{one.StudyInstanceUID}"
    sent = gateway.call("POST", f"{ROOT}/studies", data=file_bytes(one), headers={"Content-Type": "application/dicom"})
    assert sent.status_code == 200, sent.text
    gone = gateway.call("DELETE", path)
    assert (gone.status_code, gone.content) == (202, b"")
    operation = gateway.call("GET", gone.headers["Location"])
    assert operation.status_code == 200, operation.text
    assert (operation.json()["kind"], operation.json()["store"]) == ("delete-study", "radiology")
    assert operation.json()["links"]["self"] == gone.headers["Location"]
