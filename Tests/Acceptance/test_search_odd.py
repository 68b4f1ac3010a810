"""Searches over dates that are none, and searches that make no sense, in every tree that searches."""

import io

import pydicom
import pytest

from support import raw
from support.dicom import slice_of
from support.servers import Gateway, error_of
from test_search import SCRIPTS, upload

STUDIES = "/api/v1/studies"
STORE = "/api/v1/stores/radiology"
WEB = "/dicomweb/radiology"
CLOUD = "/v1/projects/local/locations/local/datasets/imaging/dicomStores/radiology/dicomWeb"

# Date, time, and what is shown of them: an impossible one is null beside what stands in the file.
ODD = {
    "Impossible": ("20260230", "103000", None, "10:30:00", {"date": "20260230"}),
    "Year": ("2026", "10", None, "10:00", {"date": "2026"}),
    "Dots": ("2026.01.05", "10:30:00", "2026-01-05", "10:30:00", None),
    "Words": ("yesterday", "noon", None, None, {"date": "yesterday", "time": "noon"}),
    "Nothing": ("", "", None, None, None),
    # Half past midnight in Tokyo is the day before in Zurich.
    "Tokyo": ("20260101", "003000", "2026-01-01", "00:30:00", None),
}


@pytest.fixture(scope="module")
def odd(binary, tmp_path_factory):
    """A gateway with a study for each odd date, and one for each name of other scripts."""
    with Gateway(binary, tmp_path_factory.mktemp("odd")) as server:
        for name, (date, time, *_) in ODD.items():
            with pydicom.config.disable_value_validation():
                dataset = slice_of("odd", name, size=4, PatientID="ODD", PatientName=f"{name}^Odd")
                del dataset.StudyDate, dataset.StudyTime
                dataset.add(pydicom.DataElement("StudyDate", "DA", date))
                dataset.add(pydicom.DataElement("StudyTime", "TM", time))
                dataset.TimezoneOffsetFromUTC = "+0900"
                buffer = io.BytesIO()
                pydicom.dcmwrite(buffer, dataset, enforce_file_format=False)
            answer = server.call("POST", f"{STORE}/studies", data=buffer.getvalue(),
                                 headers={"Content-Type": "application/dicom"})
            assert answer.status_code == 201, answer.text
        upload(server, [
            slice_of("odd", name, size=4, PatientName=name, PatientID=f"SCRIPT-{number}")
            for number, name in enumerate(SCRIPTS)
        ])
        yield server


def listed(server, **parameters):
    answer = server.call("GET", STUDIES, params={"patientId": "ODD"} | parameters)
    assert answer.status_code == 200, answer.text
    return {item["patient"]["name"]["family"]: item for item in answer.json()["items"]}


def rows(server, root, **filters):
    answer = server.call("GET", f"{root}/studies", params=filters, headers={"Accept": "application/dicom+json"})
    assert answer.status_code in (200, 204), answer.text
    return answer.json() if answer.status_code == 200 else []


def families(found):
    return {row["00100010"]["Value"][0]["Alphabetic"].split("^")[0] for row in found}


def test_a_date_that_is_none_stays_findable_and_is_shown_as_it_is(odd):
    for name, (_, _, date, time, as_stored) in ODD.items():
        item = listed(odd, patientName=name)[name]
        assert (item["date"], item["time"], item.get("raw")) == (date, time, as_stored)
        assert item["timezoneOffset"] == "+0900"
        for path in (item["links"]["self"], item["links"]["series"], item["links"]["priors"], item["links"]["ohif"]):
            assert odd.call("GET", path).status_code == 200, path


@pytest.mark.parametrize("sort", ["date", "-date", "patientName", "-updatedAt"])
def test_no_list_breaks_at_it(odd, sort):
    assert set(listed(odd, sort=sort)) == set(ODD)
    names, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        answer = odd.call("GET", STUDIES, params={"patientId": "ODD", "sort": sort, "limit": 1} | more).json()
        names += [item["patient"]["name"]["family"] for item in answer["items"]]
        cursor = answer["nextCursor"]
        if not cursor:
            break
    assert sorted(names) == sorted(ODD)


def test_nothing_shifts_by_time_zone(odd):
    assert set(listed(odd, **{"from": "2026-01-01", "to": "2026-01-01"})) == {"Tokyo"}
    assert "Tokyo" not in listed(odd, **{"from": "2025-12-31", "to": "2025-12-31"})
    for root in (WEB, CLOUD):
        [row] = rows(odd, root, PatientID="ODD", StudyDate="20260101")
        assert (row["00080020"]["Value"], row["00080030"]["Value"]) == (["20260101"], ["003000"])
        assert row["00080201"]["Value"] == ["+0900"]
        assert rows(odd, root, PatientID="ODD", StudyDate="20251231") == []
        assert families(rows(odd, root, PatientID="ODD", StudyTime="0000-0100")) == {"Tokyo"}


@pytest.mark.parametrize("root", [WEB, CLOUD])
def test_dicomweb_gives_it_as_it_is(odd, root):
    found = rows(odd, root, PatientID="ODD")
    assert families(found) == set(ODD)
    for row in found:
        date, time, *_ = ODD[row["00100010"]["Value"][0]["Alphabetic"].split("^")[0]]
        assert row["00080020"].get("Value", [""]) == [date] and row["00080030"].get("Value", [""]) == [time]
    assert families(rows(odd, root, PatientID="ODD", StudyDate="20260105")) == {"Dots"}
    assert families(rows(odd, root, PatientID="ODD", StudyDate="")) == set(ODD)


@pytest.mark.parametrize("root", [WEB, CLOUD])
@pytest.mark.parametrize("name", SCRIPTS)
def test_names_in_every_script_are_found_by_dicomweb(odd, root, name):
    number = list(SCRIPTS).index(name)
    # One group of the name is what a client types; `*` because QIDO matches the whole.
    typed = [name.split("=")[0].split("^")[0], *(group.split("^")[0] for group in name.split("=")[1:])]
    for text in typed:
        for pattern in (f"{text}*", f"{text.upper()}*", f"*{text[1:]}*"):
            found = rows(odd, root, PatientName=pattern, includefield="all")
            assert f"SCRIPT-{number}" in {row["00100020"]["Value"][0] for row in found}, pattern
        assert rows(odd, root, PatientName=f"{text}zz*") == []


@pytest.mark.parametrize("path", [WEB, CLOUD])
@pytest.mark.parametrize("level", ["studies", "series", "instances"])
@pytest.mark.parametrize("query", [
    "StudyDate=20260230", "StudyDate=20261301", "StudyDate=2026*", "StudyDate=20260201-20260101", "StudyTime=2561",
    "StudyInstanceUID=1.2.*", "StudyInstanceUID=abc", "limit=0", "limit=-1", "limit=x", "limit=1&limit=2", "offset=-1",
    "fuzzymatching=perhaps", "PatientName=%FF", "NoSuchTag=1",
    "PatientName=" + "*a" * 40,
])
def test_what_makes_no_sense_is_400_in_the_trees_own_words(odd, path, level, query):
    answer = raw.send(odd.port, raw.request("GET", f"{path}/{level}?{query}", {
        "Authorization": f"Bearer {odd.key}", "Accept": "application/dicom+json",
    }))
    assert answer.status == 400, answer.body
    assert len(answer.body) < 2000


@pytest.mark.parametrize("root", [WEB, CLOUD])
def test_what_is_no_attribute_is_passed_over_and_said(odd, root):
    answer = odd.call("GET", f"{root}/studies", params={"PatientID": "ODD", "0010001": "1", "x-mine": "2"})
    assert families(answer.json()) == set(ODD)
    assert answer.headers["Warning"].startswith("299 ")


def test_a_limit_of_a_thousand_million_is_as_much_as_there_may_be(odd):
    for root in (WEB, CLOUD):
        assert families(rows(odd, root, PatientID="ODD", limit=10**9)) == set(ODD)
    assert odd.call("GET", STUDIES, params={"limit": 10**9}).status_code == 400


@pytest.mark.parametrize("name", ["patientname", "PatientName", "name", "q2", "page", "offset", "access_token"])
def test_a_parameter_that_is_unknown_is_400_with_those_that_are_known(odd, name):
    for path in (STUDIES, f"{STORE}/studies"):
        answer = odd.call("GET", path, params={name: "x"})
        assert answer.status_code == 400, answer.text
        for known in ("patientName", "patientId", "modality", "from", "to", "sort", "limit", "cursor"):
            assert known in answer.json()["detail"]
    answer = odd.call("POST", f"{STUDIES}/search", json={name: "x"})
    assert answer.status_code == 400 and "patientName" in answer.text


@pytest.mark.parametrize("root", [WEB, CLOUD])
def test_a_query_of_100_kB_is_refused_before_it_is_read(odd, root):
    answer = odd.call("GET", f"{root}/studies?PatientName={'a' * 100_000}")
    assert answer.status_code in (400, 414, 431), answer.text
    if root == CLOUD and answer.headers["Content-Type"].startswith("application/json"):
        error_of(answer)
    assert families(rows(odd, root, PatientID="ODD")) == set(ODD)
