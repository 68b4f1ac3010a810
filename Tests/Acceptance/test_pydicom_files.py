"""Every file that pydicom brings: stored whole or refused with a reason, and rendered as pydicom decodes it."""

import io
import secrets

import numpy
import pytest
from PIL import Image
from pydicom.uid import CTImageStorage

from support import corpus
from support.corpus import Row
from support.dicom import file_bytes, new_uid
from support.servers import error_of

# Refused although it is DICOM, and why that is right.
REFUSED = {
    "test_files/MR_truncated.dcm": "its pixel data ends early",
    "test_files/rtplan_truncated.dcm": "it ends within a sequence",
}

# Stored and decoded by pydicom, and rendered otherwise or not at all, and why.
RENDERED_OTHERWISE = {}

# The picture of a lossless source may differ by a rounding step; a lossy one also by its decoder's arithmetic.
LOSSLESS_DIFFERENCE_MAX = 2
LOSSY_DIFFERENCE_MEAN_MAX = 3.0

FILES = corpus.files()


@pytest.mark.parametrize("path", FILES, ids=corpus.name_of)
def test_file(path, emulator, report):
    name = corpus.name_of(path)
    data = path.read_bytes()
    dataset = corpus.read(path)
    # Many of the files share their UIDs: each gets a store of its own.
    store = emulator.make_store("file-" + secrets.token_hex(6))
    answer = store.post(data)
    row = Row(name, transfer_syntax_of(dataset), stored="no", rendered="-", is_fine=False)
    report.add(row)

    if answer.status_code != 200:
        row.note = reason_of(answer)
        assert store.instance_count() == 0
        assert name in REFUSED or not is_storable(dataset), f"refused: {row.note}"
        row.is_fine = True
        return

    assert name not in REFUSED, "stored, although it is on the list of files that are not"
    assert store.instance_count() == 1
    [found] = store.call("GET", "instances", params={"includefield": "all"}).json()
    instance = (
        f"studies/{found['0020000D']['Value'][0]}/series/{found['0020000E']['Value'][0]}"
        f"/instances/{found['00080018']['Value'][0]}"
    )
    assert store.as_stored(instance).content == data
    row.stored = "yes"
    assert store.call("GET", f"{instance}/metadata").status_code == 200
    check_pictures(store, instance, dataset, row)
    row.is_fine = True


IDENTIFIERS = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
WITHOUT_IDENTIFIERS = [path for path in FILES if corpus.has_pixels(path) and not corpus.has(path, IDENTIFIERS)]


@pytest.mark.parametrize("path", WITHOUT_IDENTIFIERS, ids=corpus.name_of)
def test_file_given_identifiers(path, emulator, report):
    """Pictures that could not be stored for want of a UID: given them, they are rendered like the others."""
    dataset = corpus.read(path)
    for keyword in IDENTIFIERS:
        if not dataset.get(keyword):
            setattr(dataset, keyword, CTImageStorage if keyword == "SOPClassUID" else new_uid(path.name, keyword))
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    row = Row(f"{corpus.name_of(path)}, given UIDs", transfer_syntax_of(dataset), stored="no", rendered="-", is_fine=False)
    report.add(row)
    store = emulator.make_store("given-" + secrets.token_hex(6))
    data = file_bytes(dataset)
    answer = store.post(data)
    assert answer.status_code == 200, answer.text
    assert store.as_stored(store.instance_path(dataset)).content == data
    row.stored = "yes"
    check_pictures(store, store.instance_path(dataset), dataset, row)
    row.is_fine = True


def check_pictures(store, instance, dataset, row):
    frames = corpus.frame_count(dataset) if dataset is not None else 1
    for index in {0, frames - 1}:
        answer = store.call("GET", f"{instance}/frames/{index + 1}/rendered", headers={"Accept": "image/png"})
        expected = corpus.shown(dataset, index) if dataset is not None and "PixelData" in dataset else None
        if answer.status_code != 200:
            row.rendered = "pydicom cannot" if expected is None else "no"
            assert 400 <= answer.status_code < 500, answer.text
            reason = error_of(answer)["message"]
            if expected is not None:
                row.note = RENDERED_OTHERWISE.get(row.name, "")
                assert row.note, f"pydicom can decode this: {reason}"
            continue
        picture = numpy.asarray(Image.open(io.BytesIO(answer.content)))
        if expected is None:
            row.rendered = "pydicom cannot"
            continue
        row.rendered = compare(picture, expected, row)


def compare(picture, expected, row) -> str:
    if picture.ndim == 2 and expected.ndim == 3 and (expected == expected[..., :1]).all():
        expected = expected[..., 0]
    assert picture.shape == expected.shape
    difference = numpy.abs(picture.astype(int) - expected.astype(int))
    text = f"greatest difference {difference.max()}, mean {difference.mean():.2f}"
    if row.transfer_syntax in corpus.LOSSY:
        fits = difference.mean() <= LOSSY_DIFFERENCE_MEAN_MAX
    else:
        fits = difference.max() <= LOSSLESS_DIFFERENCE_MAX
    if row.name in RENDERED_OTHERWISE:
        row.note = RENDERED_OTHERWISE[row.name]
        assert not fits, "rendered alike, although it is on the list of files that are not"
        return f"otherwise ({text})"
    assert fits, text
    return f"yes ({text})"


def is_storable(dataset) -> bool:
    """Whether the file is DICOM and says which instance it is."""
    if dataset is None:
        return False
    return all(dataset.get(keyword) for keyword in IDENTIFIERS)


def transfer_syntax_of(dataset) -> str:
    meta = getattr(dataset, "file_meta", None)
    return str(meta.get("TransferSyntaxUID", "")) if meta is not None else ""


def reason_of(answer) -> str:
    """Why a store failed, from whichever form of answer; a refusal without a reason fails here."""
    if answer.status_code == 409:
        failed = answer.json()["00081198"]["Value"][0]
        assert failed["00081197"]["Value"] == [272]
        texts = [str(value) for tag, element in failed.items() if tag.startswith("0009") for value in element["Value"]]
        assert any(texts), failed
        return " ".join(texts)[:120]
    assert answer.status_code == 400, answer.text
    return error_of(answer)["message"]


CHARACTER_SETS = [path for path in FILES if path.parent.name == "charset_files" and corpus.has(path, IDENTIFIERS)]


@pytest.mark.parametrize("path", CHARACTER_SETS, ids=corpus.name_of)
def test_names_are_decoded_as_pydicom_decodes_them(path, store):
    dataset = corpus.read(path)
    assert store.post(path.read_bytes()).status_code == 200
    [metadata] = store.call("GET", f"{store.instance_path(dataset)}/metadata").json()
    [name] = metadata["00100010"]["Value"]
    dataset.decode()
    groups = {"Alphabetic": "alphabetic", "Ideographic": "ideographic", "Phonetic": "phonetic"}
    expected = {key: getattr(dataset.PatientName, group) for key, group in groups.items()}
    assert name == {key: text for key, text in expected.items() if text}


def test_the_comparison_sees_what_differs():
    ramp = numpy.arange(256, dtype=numpy.uint8).reshape(16, 16)
    lossless = Row("x", "1.2.840.10008.1.2.1", stored="yes", rendered="-")
    assert compare(ramp, ramp, lossless).startswith("yes")
    for other in (255 - ramp, numpy.roll(ramp, 4), ramp[:8], numpy.dstack([ramp, ramp, 255 - ramp])):
        with pytest.raises(AssertionError):
            compare(ramp, other, lossless)
