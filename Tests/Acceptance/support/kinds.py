"""An object of each kind, made up or out of pydicom's own files."""

import numpy
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    MPEG4HP41, BasicTextSRStorage, ComputedRadiographyImageStorage, EncapsulatedPDFStorage, MRImageStorage, RLELossless,
    SecondaryCaptureImageStorage, SegmentationStorage, UltrasoundMultiFrameImageStorage, VideoEndoscopicImageStorage,
)

from support.dicom import new_uid, slice_of

VIDEO = b"\0\0\0\x18ftypisom\0\0\2\0isommp41" + bytes(range(256)) * 400
PDF = b"%PDF-1.4\n" + b"1 0 obj<<>>endobj\n" * 20 + b"%%EOF\n"


def _of(name: str, sop_class: str, modality: str, **attributes):
    dataset = slice_of("kinds", name, Modality=modality, PatientID=f"K-{name}", **attributes)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = sop_class
    return dataset


def _picture(name: str, sop_class: str, modality: str, pixels: numpy.ndarray, **attributes):
    """An image of 8 or 16 bits, grey or RGB, of one frame or of several."""
    dataset = _of(name, sop_class, modality)
    colour = pixels.shape[-1] == 3
    frames = pixels.shape[0] if pixels.ndim == (4 if colour else 3) else 1
    rows, columns = pixels.shape[-3:-1] if colour else pixels.shape[-2:]
    dataset.Rows, dataset.Columns = rows, columns
    dataset.SamplesPerPixel = 3 if colour else 1
    if colour:
        dataset.PhotometricInterpretation, dataset.PlanarConfiguration = "RGB", 0
    bits = pixels.dtype.itemsize * 8
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    if frames > 1:
        dataset.NumberOfFrames = frames
    data = pixels.tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def ramp(rows: int, columns: int, most: int = 4095, kind: str = "<u2") -> numpy.ndarray:
    """Dark at the upper left, light at the lower right, with a light square in the upper right."""
    down, across = numpy.mgrid[0:rows, 0:columns]
    pixels = (down / max(1, rows - 1) + across / max(1, columns - 1)) / 2 * most
    pixels[: rows // 4, columns - columns // 4:] = most
    return pixels.astype(kind)


def colours(rows: int, columns: int) -> numpy.ndarray:
    """Red to the left, green in the middle, blue to the right."""
    pixels = numpy.zeros((rows, columns, 3), "u1")
    for index in range(3):
        pixels[:, index * columns // 3:(index + 1) * columns // 3, index] = 220
    return pixels


WINDOW = {"WindowCenter": "2048", "WindowWidth": "4096"}


def _compressed(dataset, syntax):
    dataset.compress(syntax)
    return dataset


def pictures() -> dict:
    """What is shown as a picture, by a name."""
    loop = numpy.stack([colours(60, 90)] * 5)
    palette = _picture("palette", SecondaryCaptureImageStorage, "SC", ramp(48, 96, 255, "u1"), BurnedInAnnotation="NO")
    palette.PhotometricInterpretation = "PALETTE COLOR"
    table = numpy.arange(256, dtype="<u2") * 257
    for colour, values in (("Red", table), ("Green", table[::-1].copy()), ("Blue", table * 0)):
        setattr(palette, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(palette, f"{colour}PaletteColorLookupTableData", values.tobytes())
    return {
        "ct": _picture("ct", "1.2.840.10008.5.1.4.1.1.2", "CT", ramp(64, 64), **WINDOW),
        "mr": _picture("mr", MRImageStorage, "MR", ramp(96, 64), **WINDOW),
        "cr": _picture("cr", ComputedRadiographyImageStorage, "CR", ramp(300, 200), **WINDOW),
        "twelve-bits": _picture("twelve", MRImageStorage, "MR", ramp(64, 96), BitsStored=12, HighBit=11, **WINDOW),
        "grey-loop": _picture("loop", MRImageStorage, "MR", numpy.stack([ramp(64, 96)] * 4), **WINDOW),
        "us-loop": _picture("us", UltrasoundMultiFrameImageStorage, "US", loop, BurnedInAnnotation="NO"),
        "colour": _picture("rgb", SecondaryCaptureImageStorage, "SC", colours(60, 90), BurnedInAnnotation="NO"),
        "palette": palette,
        "rle": _compressed(_picture("rle", MRImageStorage, "MR", ramp(64, 96), **WINDOW), RLELossless),
    }


def others() -> dict:
    """What has no picture, or none that is shown, by the word on its icon."""
    report = _of("sr", BasicTextSRStorage, "SR")
    del report.PixelData, report.Rows, report.Columns, report.BitsAllocated, report.BitsStored, report.HighBit
    title = Dataset()
    title.CodeValue, title.CodingSchemeDesignator, title.CodeMeaning = "18748-4", "LN", "Imaging <b>Report</b>"
    item = Dataset()
    item.RelationshipType, item.ValueType = "CONTAINS", "TEXT"
    item.ConceptNameCodeSequence, item.TextValue = Sequence([title]), "<script>alert(1)</script>"
    report.ValueType, report.ContinuityOfContent = "CONTAINER", "SEPARATE"
    report.ConceptNameCodeSequence, report.ContentSequence = Sequence([title]), Sequence([item])
    report.CompletionFlag, report.VerificationFlag = "COMPLETE", "UNVERIFIED"

    document = _of("pdf", EncapsulatedPDFStorage, "DOC")
    del document.PixelData, document.Rows, document.Columns
    document.MIMETypeOfEncapsulatedDocument = "application/pdf"
    document.EncapsulatedDocument = PDF + b"\0" * (len(PDF) % 2)

    segmentation = _picture("seg", SegmentationStorage, "SEG", ramp(32, 32, 255, "u1"))
    capture = _picture("capture", SecondaryCaptureImageStorage, "SC", ramp(32, 32, 255, "u1"))
    return {"SR": report, "PDF": document, "SEG": segmentation, "SC": capture, "VIDEO": video()}


def video(*fragments: bytes, **attributes):
    """An endoscopic video in one fragment, or in those given."""
    dataset = _of(f"video-{len(fragments)}", VideoEndoscopicImageStorage, "ES", BurnedInAnnotation="NO", **attributes)
    dataset.file_meta.TransferSyntaxUID = MPEG4HP41
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = 1080, 1920, 3
    dataset.PhotometricInterpretation, dataset.PlanarConfiguration = "YBR_PARTIAL_420", 0
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.NumberOfFrames = 30
    dataset.PixelData = encapsulate(list(fragments or [VIDEO]), has_bot=False)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return dataset
