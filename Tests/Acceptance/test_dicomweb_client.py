"""The whole surface of PyPI's dicomweb-client against the emulator, and against the gateway in front of one and of Orthanc."""

import copy
import io
import time
from http import HTTPStatus

import numpy
import pydicom
import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from PIL import Image
from pydicom.data import get_testdata_file

from support.dicom import file_bytes, new_uid, slice_of
from support.orthanc import Orthanc, is_installed
from support.servers import Gateway

STUDY, SERIES = new_uid("client", "study"), new_uid("client", "series")
OTHER_SERIES = new_uid("client", "other series")


@pytest.fixture(scope="module")
def slices():
    return [
        slice_of("client", index, study=STUDY, series=SERIES, InstanceNumber=index + 1, PatientName="Müller^Änne")
        for index in range(3)
    ] + [slice_of("client", "other", study=STUDY, series=OTHER_SERIES, Modality="MR", PatientName="Müller^Änne")]


@pytest.fixture(scope="module")
def colour():
    """Two frames of RGB, run-length encoded."""
    return pydicom.dcmread(get_testdata_file("SC_rgb_rle_2frame.dcm", download=False))


@pytest.fixture(scope="module", params=["emulator", "gateway", "orthanc"])
def client(request, binary, tmp_path_factory, slices, colour):
    """The client, with the slices stored; the gateway has a server of its own, because everything is searched for."""
    session = requests.Session()
    if request.param == "emulator":
        emulator = request.getfixturevalue("emulator")
        session.headers.update(emulator.headers())
        url = emulator.make_store("dicomweb-client").url
        yield filled(DICOMwebClient(url=url, session=session), slices, colour)
        return
    words, store = (), "radiology"
    if request.param == "orthanc":
        if not is_installed():
            pytest.skip("Debian's orthanc and orthanc-dicomweb")
        server = Orthanc(tmp_path_factory.mktemp("client-orthanc"), DefaultEncoding="Utf8").start()
        request.addfinalizer(server.kill)
        configuration = tmp_path_factory.mktemp("client-configuration") / "collimator.yaml"
        configuration.write_text(
            f"stores:\n  names: [pacs]\n  pacs:\n    dicomwebURL: {server.url}/dicom-web\n    credentials: none\n"
        )
        words, store = ("--config", str(configuration)), "pacs"
    with Gateway(binary, tmp_path_factory.mktemp("dicomweb-client"), *words) as gateway:
        session.headers["Authorization"] = f"Bearer {gateway.key}"
        url = f"{gateway.url}/dicomweb/{store}"
        yield filled(DICOMwebClient(url=url, session=session), slices, colour)


def filled(client, slices, colour):
    answer = client.store_instances(slices)
    assert len(answer.ReferencedSOPSequence) == len(slices)
    assert not answer.get("FailedSOPSequence")
    assert all(item.RetrieveURL.startswith(client.base_url) for item in answer.ReferencedSOPSequence)
    client.store_instances([colour])
    return client


def is_orthanc(client) -> bool:
    return client.base_url.endswith("/dicomweb/pacs")


def uids(found, tag):
    return sorted(item[tag]["Value"][0] for item in found)


def test_search_for_studies(client, colour):
    found = client.search_for_studies()
    assert uids(found, "0020000D") == sorted([STUDY, colour.StudyInstanceUID])
    [study] = client.search_for_studies(search_filters={"StudyInstanceUID": STUDY})
    assert study["00100010"]["Value"][0]["Alphabetic"] == "Müller^Änne"
    assert client.search_for_studies(search_filters={"PatientID": "nobody"}) == []


def test_search_for_studies_fuzzily(client):
    [study] = client.search_for_studies(fuzzymatching=True, search_filters={"PatientName": "mül"})
    assert study["0020000D"]["Value"] == [STUDY]
    assert client.search_for_studies(fuzzymatching=True, search_filters={"PatientName": "üller"}) == []


def test_search_pages(client):
    pages = [client.search_for_studies(limit=1, offset=offset) for offset in (0, 1, 2)]
    assert [len(page) for page in pages] == [1, 1, 0]
    assert pages[0] != pages[1]
    assert len(client.search_for_instances(STUDY, limit=2, get_remaining=True)) == 4


def test_search_for_named_fields(client):
    [study] = client.search_for_studies(
        fields=["StudyDescription", "InstitutionName"], search_filters={"StudyInstanceUID": STUDY}
    )
    assert "0020000D" in study
    if "/dicomweb/" in client.base_url:
        # The gateway passes over a field that it does not know, and says so.
        assert len(client.search_for_studies(fields=["NoSuchKeyword"])) == 2
        return
    with pytest.raises(requests.HTTPError) as refused:
        client.search_for_studies(fields=["NoSuchKeyword"])
    assert refused.value.response.status_code == HTTPStatus.BAD_REQUEST


def test_search_for_series(client):
    assert uids(client.search_for_series(STUDY), "0020000E") == sorted([SERIES, OTHER_SERIES])
    [series] = client.search_for_series(search_filters={"Modality": "MR"})
    assert series["0020000E"]["Value"] == [OTHER_SERIES]
    assert len(client.search_for_series()) == 3


def test_search_for_instances(client, slices):
    assert len(client.search_for_instances()) == 5
    assert len(client.search_for_instances(STUDY)) == 4
    found = client.search_for_instances(STUDY, SERIES)
    assert uids(found, "00080018") == sorted(item.SOPInstanceUID for item in slices[:3])
    [one] = client.search_for_instances(search_filters={"SOPInstanceUID": slices[0].SOPInstanceUID})
    assert one["00280010"]["Value"] == [64]


def test_retrieve_study(client, slices):
    retrieved = client.retrieve_study(STUDY)
    assert sorted(item.SOPInstanceUID for item in retrieved) == sorted(item.SOPInstanceUID for item in slices)
    assert len(list(client.iter_study(STUDY))) == 4


def test_retrieve_series(client, slices):
    retrieved = {item.SOPInstanceUID: item for item in client.retrieve_series(STUDY, SERIES)}
    for item in slices[:3]:
        assert retrieved[item.SOPInstanceUID] == item
    assert len(list(client.iter_series(STUDY, SERIES))) == 3


def test_retrieve_instance(client, slices):
    first = slices[0]
    assert client.retrieve_instance(STUDY, SERIES, first.SOPInstanceUID) == first
    with pytest.raises(requests.HTTPError) as missing:
        client.retrieve_instance(STUDY, SERIES, new_uid("nobody"))
    assert missing.value.response.status_code == HTTPStatus.NOT_FOUND


def test_retrieve_instance_as_stored_and_decompressed(client, colour):
    where = (colour.StudyInstanceUID, colour.SeriesInstanceUID, colour.SOPInstanceUID)
    stored = client.retrieve_instance(*where, media_types=(("application/dicom", "*"),))
    assert stored.file_meta.TransferSyntaxUID == pydicom.uid.RLELossless
    plain = client.retrieve_instance(*where, media_types=(("application/dicom", "1.2.840.10008.1.2.1"),))
    assert plain.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
    assert numpy.array_equal(plain.pixel_array, colour.pixel_array)


def test_retrieve_metadata(client, slices):
    first = slices[0]
    metadata = client.retrieve_instance_metadata(STUDY, SERIES, first.SOPInstanceUID)
    # Orthanc leaves it out, as PS3.18 has it.
    assert is_orthanc(client) or metadata["00020010"]["Value"] == ["1.2.840.10008.1.2.1"]
    assert metadata["00100010"]["Value"] == [{"Alphabetic": "Müller^Änne"}]
    assert "BulkDataURI" in metadata["7FE00010"]
    assert len(client.retrieve_series_metadata(STUDY, SERIES)) == 3
    assert len(client.retrieve_study_metadata(STUDY)) == 4
    dataset = pydicom.Dataset.from_json(metadata, bulk_data_uri_handler=lambda _tag, _vr, _uri: first.PixelData)
    assert dataset.Rows == 64 and dataset.PixelData == first.PixelData


def test_retrieve_bulk_data(client, slices):
    metadata = client.retrieve_instance_metadata(STUDY, SERIES, slices[0].SOPInstanceUID)
    uri = metadata["7FE00010"]["BulkDataURI"]
    assert uri.startswith(client.base_url)
    assert client.retrieve_bulkdata(uri) == [slices[0].PixelData]
    assert list(client.iter_bulkdata(uri)) == [slices[0].PixelData]


def test_retrieve_frames(client, colour):
    where = (colour.StudyInstanceUID, colour.SeriesInstanceUID, colour.SOPInstanceUID)
    frames = client.retrieve_instance_frames(*where, frame_numbers=[1, 2], media_types=("application/octet-stream",))
    expected = colour.pixel_array
    assert [len(frame) for frame in frames] == [expected[0].nbytes] * 2
    for frame, pixels in zip(frames, expected):
        got = numpy.frombuffer(frame, dtype=pixels.dtype)
        interleaved, planar = pixels.reshape(-1), numpy.moveaxis(pixels, -1, 0).reshape(-1)
        assert numpy.array_equal(got, interleaved) or numpy.array_equal(got, planar)
    assert len(list(client.iter_instance_frames(*where, frame_numbers=[2], media_types=("application/octet-stream",)))) == 1
    with pytest.raises(requests.HTTPError):
        client.retrieve_instance_frames(*where, frame_numbers=[3], media_types=("application/octet-stream",))


def test_retrieve_rendered(client, colour, slices):
    picture = client.retrieve_instance_rendered(STUDY, SERIES, slices[0].SOPInstanceUID, media_types=("image/png",))
    assert Image.open(io.BytesIO(picture)).size == (64, 64)
    picture = client.retrieve_instance_rendered(
        STUDY, SERIES, slices[0].SOPInstanceUID, media_types=("image/jpeg",), params={"viewport": "32,32"}
    )
    image = Image.open(io.BytesIO(picture))
    assert image.format == "JPEG" and image.size == (32, 32)
    where = (colour.StudyInstanceUID, colour.SeriesInstanceUID, colour.SOPInstanceUID)
    picture = client.retrieve_instance_frames_rendered(*where, frame_numbers=[2], media_types=("image/png",))
    assert numpy.array_equal(numpy.asarray(Image.open(io.BytesIO(picture))), colour.pixel_array[1])


def test_store_into_a_named_study(client, slices):
    answer = client.store_instances([slices[0]], study_instance_uid=STUDY)
    assert len(answer.ReferencedSOPSequence) == 1
    with pytest.raises(requests.HTTPError) as refused:
        client.store_instances([slices[0]], study_instance_uid=new_uid("another study"))
    assert refused.value.response.status_code in (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT)


def test_store_refuses_other_bytes_under_the_same_uid(client, slices):
    changed = copy.deepcopy(slices[0])
    if is_orthanc(client):
        # It keeps what it has and says that all is well; of another patient it would be another instance to it.
        changed.ImageComments = "another"
        client.store_instances([changed])
        assert "ImageComments" not in client.retrieve_instance(STUDY, SERIES, slices[0].SOPInstanceUID)
        return
    changed.PatientID = "ANOTHER"
    with pytest.raises(requests.HTTPError) as refused:
        client.store_instances([changed])
    assert refused.value.response.status_code == HTTPStatus.CONFLICT


def test_files_are_the_same_bytes(emulator, slices):
    """dicomweb-client parses what it gets; here the bytes themselves are compared."""
    store = emulator.make_store("same-bytes")
    data = file_bytes(slices[0])
    assert store.post(data).status_code == 200
    assert store.as_stored(store.instance_path(slices[0])).content == data


def test_delete(client, slices):
    """Last: takes away what the other tests look at."""
    if is_orthanc(client):
        for refuse in (
            lambda: client.delete_instance(STUDY, SERIES, slices[0].SOPInstanceUID),
            lambda: client.delete_series(STUDY, OTHER_SERIES), lambda: client.delete_study(STUDY),
        ):
            with pytest.raises(requests.HTTPError) as refused:
                refuse()
            assert refused.value.response.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        assert len(client.search_for_instances(STUDY)) == 4
        return
    client.delete_instance(STUDY, SERIES, slices[0].SOPInstanceUID)
    assert len(client.search_for_instances(STUDY, SERIES)) == 2
    client.delete_series(STUDY, OTHER_SERIES)
    settle(client, lambda: len(client.search_for_series(STUDY)) == 1)
    client.delete_study(STUDY)
    settle(client, lambda: client.search_for_studies(search_filters={"StudyInstanceUID": STUDY}) == [])
    # What is gone may come again, once the operation has ended.
    settle(client, lambda: is_stored(client, slices[0]))


def is_stored(client, instance) -> bool:
    try:
        return len(client.store_instances([instance]).ReferencedSOPSequence) == 1
    except requests.HTTPError as refused:
        assert refused.response.status_code == HTTPStatus.CONFLICT
        return False


def is_stored(client, instance):
    """False while the deletion of its study is under way."""
    try:
        return len(client.store_instances([instance]).ReferencedSOPSequence) == 1
    except requests.HTTPError as error:
        assert error.response.status_code == 409
        return False


def settle(client, holds, tries=1200):
    """A delete of more than one instance is an operation that goes on after its answer."""
    for _ in range(tries):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("the delete did not end")
