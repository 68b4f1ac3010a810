"""DICOM files made up for a test."""

import io

import numpy
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

PREFIX = "1.2.826.0.1.3680043.10.1338."


def new_uid(*entropy: object) -> str:
    """A UID that depends only on `entropy`, or is random without."""
    return str(generate_uid(PREFIX, entropy_srcs=[str(part) for part in entropy] or None))


def slice_of(*entropy: object, study: str | None = None, series: str | None = None, size: int = 64, **attributes) -> FileDataset:
    """A small CT slice; equal `entropy` makes equal bytes."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = new_uid(*entropy, "instance")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = PREFIX + "1"
    dataset = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID = study or new_uid(*entropy, "study")
    dataset.SeriesInstanceUID = series or new_uid(*entropy, "series")
    dataset.PatientName = "Acceptance^Test"
    dataset.PatientID = "AT-1"
    dataset.StudyDate = "20260105"
    dataset.StudyTime = "103000"
    dataset.AccessionNumber = "A-1"
    dataset.ReferringPhysicianName = "Lee^Ann"
    dataset.StudyID = "1"
    dataset.Modality = "CT"
    dataset.InstanceNumber = 1
    dataset.Rows = dataset.Columns = size
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 0
    seed = int.from_bytes(repr(entropy).encode()[-8:], "little")
    dataset.PixelData = numpy.random.default_rng(seed).integers(0, 4096, size * size, dtype="<u2").tobytes()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def file_bytes(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()

