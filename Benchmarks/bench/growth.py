"""How search and metadata change as the store grows: the same requests at each size, on real uploads."""

import random
import time
from pathlib import Path

import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from .beside_orthanc import BOUNDARY
from .load import Load
from .servers import Emulator, Orthanc

INSTANCES_PER_STUDY = 100
BODIES_PER_RUN = 400
CONNECTIONS = 8
# Orthanc fills some times slower, and its searches then take seconds.
ORTHANC_INSTANCES_MAX = 10_000
FAMILIES = ["Smith", "Nguyen", "Garcia", "Müller", "Kowalski", "Tanaka", "Okafor", "Rossi", "Larsen", "Haddad"]
PREFIX = "1.2.826.0.1.3680043.10.1338.9."


def measure(load: Load, folder: Path, sizes: list[int], seconds: float, say) -> list[dict]:
    rows = []
    for kind in (Emulator, Orthanc):
        wanted = [size for size in sizes if kind is Emulator or size <= ORTHANC_INSTANCES_MAX]
        with kind(folder / f"growth-{kind.__name__.lower()}") as peer:
            studies = 0
            for size in wanted:
                began, before = time.monotonic(), studies
                while studies * INSTANCES_PER_STUDY < size:
                    count = min(BODIES_PER_RUN, size // INSTANCES_PER_STUDY - studies)
                    store(load, peer, folder, range(studies, studies + count))
                    studies += count
                    say(f"growth: {peer.name}: {studies * INSTANCES_PER_STUDY:,} of {size:,} instances")
                stored = (studies - before) * INSTANCES_PER_STUDY / (time.monotonic() - began)
                figures = searches(load, peer, studies, seconds, say)
                rows.append({"server": peer.name, "instances": size, "stored_per_second": stored, "figures": figures})
    return rows


class Template:
    """One small instance whose fields of fixed length are replaced, which is faster than writing it anew."""

    def __init__(self):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = PREFIX + "7777777"
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset.SOPClassUID = CTImageStorage
        dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
        dataset.StudyInstanceUID = PREFIX + "1.6666666"
        dataset.SeriesInstanceUID = PREFIX + "2.5555555"
        dataset.PatientName = "FAMILYNAME^GIVEN"
        dataset.PatientID = "PID4444444"
        dataset.StudyDate = "20191231"
        dataset.StudyTime = "101500"
        dataset.AccessionNumber = "ACC4444444"
        dataset.ReferringPhysicianName = "Lee^Ann"
        dataset.StudyID = "1"
        dataset.Modality = "CT"
        dataset.SeriesNumber = 1
        dataset.InstanceNumber = 1
        dataset.Rows = dataset.Columns = 16
        dataset.BitsAllocated = dataset.BitsStored = 8
        dataset.HighBit = 7
        dataset.SamplesPerPixel = 1
        dataset.PixelRepresentation = 0
        dataset.PhotometricInterpretation = "MONOCHROME2"
        dataset.PixelData = bytes(256)
        buffer = DicomBytesIO()
        pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
        self.bytes = buffer.getvalue()

    def study(self, number: int) -> bytes:
        chance = random.Random(number)
        # Ten bytes in UTF-8, as in the template.
        family = chance.choice(FAMILIES).encode()[:10].ljust(10, b"a")
        date = f"20{chance.randrange(10, 26):02}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"
        return (
            self.bytes.replace(b"1.6666666", b"1.%07d" % (number + 1_000_000))
            .replace(b"FAMILYNAME", family).replace(b"PID4444444", b"PID%07d" % number)
            .replace(b"ACC4444444", b"ACC%07d" % number).replace(b"20191231", date.encode())
        )

    def body(self, number: int) -> bytes:
        head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        study = self.study(number)
        parts = []
        for index in range(INSTANCES_PER_STUDY):
            instance = number * INSTANCES_PER_STUDY + index + 1_000_000
            series = number * 2 + index % 2 + 1_000_000
            parts.append(
                head + study.replace(PREFIX.encode() + b"7777777", PREFIX.encode() + b"%07d" % instance)
                .replace(b"2.5555555", b"2.%07d" % series) + b"\r\n"
            )
        return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


TEMPLATE = Template()


def store(load: Load, peer, folder: Path, numbers: range):
    bodies = []
    for number in numbers:
        path = folder / f"growth-{number}.multipart"
        path.write_bytes(TEMPLATE.body(number))
        bodies.append(path)
    headers = {
        "Content-Type": f'multipart/related; type="application/dicom"; boundary={BOUNDARY}',
        "Accept": "application/dicom+json",
    }
    load.run(peer, [f"POST {peer.dicomweb}/studies {path}" for path in bodies], headers, CONNECTIONS)
    for path in bodies:
        path.unlink()


def searches(load: Load, peer, studies: int, seconds: float, say) -> dict:
    """Each of many studies, so that no answer is one that was just given."""
    chance = random.Random(7)
    chosen = [chance.randrange(studies) for _ in range(500)]
    root = f"GET {peer.dicomweb}/studies"
    study_of = [f"{PREFIX}1.{number + 1_000_000:07}" for number in chosen]
    plans = {
        "one patient": [f"{root}?PatientID=PID{number:07}" for number in chosen],
        "one day": [f"{root}?StudyDate=20{chance.randrange(10, 26):02}0{chance.randrange(1, 9)}15" for _ in chosen],
        "first 100": [root],
        "instances of a study": [f"{root}/{uid}/instances" for uid in study_of],
        "metadata of a study": [f"{root}/{uid}/metadata" for uid in study_of],
    }
    figures = {}
    for name, lines in plans.items():
        say(f"growth: {peer.name}: {studies * INSTANCES_PER_STUDY:,} instances: {name}")
        result = load.run(
            peer, lines, {"Accept": "application/dicom+json"}, CONNECTIONS, seconds, statuses={"200", "204"}
        )
        figures[name] = {key: result[key] for key in ("rate", "p50", "p99", "requests")}
    return figures
