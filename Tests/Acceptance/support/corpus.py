"""pydicom's own files, what pydicom makes of them, and the report on what the emulator made of them."""

import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy
import pydicom
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi

DATA = Path(pydicom.__file__).parent / "data"

LOSSY = {
    "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.93", "1.2.840.10008.1.2.4.203",
}


def files() -> list[Path]:
    """Everything that the package brings, whether DICOM or not."""
    folders = (DATA / "test_files", DATA / "charset_files", DATA / "palettes")
    return sorted(
        path for folder in folders for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    )


def name_of(path: Path) -> str:
    return str(path.relative_to(DATA))


def read(path: Path) -> pydicom.FileDataset | None:
    """The data set, or nothing where pydicom itself would need to be forced."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pydicom.dcmread(path)
    except Exception:
        return None


def has(path: Path, keywords) -> bool:
    dataset = read(path)
    return dataset is not None and all(dataset.get(keyword) for keyword in keywords)


def has_pixels(path: Path) -> bool:
    """Whether pydicom can make a picture of the file as it is."""
    dataset = read(path)
    return dataset is not None and "PixelData" in dataset and shown(dataset, 0) is not None


def frame_count(dataset: pydicom.Dataset) -> int:
    try:
        return int(dataset.get("NumberOfFrames") or 1)
    except ValueError:
        return 1


def shown(dataset: pydicom.Dataset, index: int) -> numpy.ndarray | None:
    """The 8-bit grey or RGB picture of a frame, with the file's first window; nothing where pydicom cannot decode."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pixels = dataset.pixel_array
            if frame_count(dataset) > 1:
                pixels = pixels[index]
            return _colour(dataset, pixels) if pixels.ndim == 3 or _is_palette(dataset) else _grey(dataset, pixels)
    except Exception:
        return None


def _is_palette(dataset) -> bool:
    return dataset.PhotometricInterpretation == "PALETTE COLOR"


def _colour(dataset, pixels) -> numpy.ndarray:
    bits = dataset.BitsStored
    if _is_palette(dataset):
        pixels = apply_color_lut(pixels, dataset)
        bits = dataset.RedPaletteColorLookupTableDescriptor[2]
    scaled = pixels.astype(numpy.float64) * (255.0 / (2**bits - 1))
    return numpy.clip(numpy.rint(scaled), 0, 255).astype(numpy.uint8)


def _grey(dataset, pixels) -> numpy.ndarray:
    values = apply_modality_lut(pixels, dataset).astype(numpy.float64)
    centre, width = _first(dataset, "WindowCenter"), _first(dataset, "WindowWidth")
    if centre is not None and width is not None and width >= 1:
        unit = _windowed(values, centre, width, dataset.get("VOILUTFunction", "LINEAR"))
    elif dataset.get("VOILUTSequence"):
        table = apply_voi(apply_modality_lut(pixels, dataset), dataset).astype(numpy.float64)
        unit = table / (2 ** dataset.VOILUTSequence[0].LUTDescriptor[2] - 1)
    else:
        low, high = values.min(), values.max()
        unit = (values - low) / (high - low) if high > low else numpy.zeros_like(values)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        unit = 1 - unit
    return numpy.clip(numpy.rint(unit * 255), 0, 255).astype(numpy.uint8)


def _windowed(values, centre, width, function) -> numpy.ndarray:
    """PS3.3 C.11.2.1.2 and C.11.2.1.3."""
    if function == "SIGMOID":
        return 1 / (1 + numpy.exp(-4 * (values - centre) / width))
    if function == "LINEAR_EXACT":
        return numpy.clip((values - centre) / width + 0.5, 0, 1)
    if width == 1:
        return (values > centre - 0.5).astype(numpy.float64)
    return numpy.clip((values - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)


def _first(dataset, keyword) -> float | None:
    value = dataset.get(keyword)
    if value is None or value == "":
        return None
    return float(value[0]) if isinstance(value, pydicom.multival.MultiValue) else float(value)


@dataclass
class Row:
    name: str
    transfer_syntax: str
    stored: str
    rendered: str
    note: str = ""
    is_fine: bool = True


@dataclass
class Report:
    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row):
        self.rows.append(row)

    @staticmethod
    def table(rows) -> str:
        lines = ["| file | transfer syntax | stored | rendered | note |", "| --- | --- | --- | --- | --- |"]
        lines += [f"| {r.name} | {r.transfer_syntax} | {r.stored} | {r.rendered} | {r.note} |" for r in rows]
        return "\n".join(lines) + "\n"

    def summary(self) -> str:
        stored = sum(row.stored == "yes" for row in self.rows)
        wanted = [row for row in self.rows if row.rendered not in ("-", "pydicom cannot")]
        good = sum(row.rendered.startswith("yes") for row in wanted)
        text = (
            f"{len(self.rows)} files: {stored} stored and the same bytes on the way back, "
            f"{len(self.rows) - stored} refused; pydicom decodes {len(wanted)}, {good} rendered alike\n"
        )
        odd = [row for row in self.rows if not row.is_fine or row.note]
        return text + (self.table(odd) if odd else "")
