// How values read. Dates and times of DICOM are shown as they are, never moved to another time zone.

const kinds = {
  AU: "Audio", CR: "Computed radiography", CT: "Computed tomography", DOC: "Document", DX: "Digital radiography",
  ECG: "Electrocardiogram", FID: "Spatial fiducials", IO: "Intra-oral radiography", KO: "Key object selection",
  MG: "Mammography", MR: "Magnetic resonance", NM: "Nuclear medicine", OT: "Other", PR: "Presentation state",
  PT: "Positron emission tomography", PX: "Panoramic X-ray", REG: "Spatial registration", RF: "Fluoroscopy",
  RTDOSE: "Radiotherapy dose", RTIMAGE: "Radiotherapy image", RTPLAN: "Radiotherapy plan",
  RTSTRUCT: "Radiotherapy structures", SC: "Secondary capture", SEG: "Segmentation", SM: "Slide microscopy",
  SR: "Structured report", US: "Ultrasound", XA: "Angiography", XC: "Photograph",
};

/** What a modality's code stands for. */
export const kind = (modality) => kinds[modality] ?? modality ?? "Unknown kind";

/** The patient's name, or that there is none. */
export const patientName = (study) => study.patient?.name?.display ?? "No name";

/** Identifier, birth date and sex, as far as they are known. */
export const patientFacts = (study) =>
  [study.patient?.id, study.patient?.birthDate && `born ${study.patient.birthDate}`, study.patient?.sex]
    .filter(Boolean).join(" · ");

/** Day and minute; what was impossible is shown as it came. */
export function studyDate(study) {
  const day = study.date ?? study.raw?.date;
  return day ? [day, study.time?.slice(0, 5)].filter(Boolean).join(" ") : "No date";
}

/** `1 image`, `3 images`; nothing where nobody has counted. */
export const count = (number, one, many = `${one}s`) =>
  number === null || number === undefined ? "" : `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

/** A size in units that people use. */
export function size(bytes) {
  const units = ["bytes", "kB", "MB", "GB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${unit > 0 && bytes < 10 ? bytes.toFixed(1) : Math.round(bytes)} ${units[unit]}`;
}

const two = (number) => String(number).padStart(2, "0");

/** A moment that the service tells, by the clock of this device: day and minute, with seconds where they matter. */
export function moment(text, hasSeconds = false) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  const time = [at.getHours(), at.getMinutes(), ...(hasSeconds ? [at.getSeconds()] : [])].map(two).join(":");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

/** The moment at which a day begins here, `days` later, as the service takes it. */
export function dayStart(date, days = 0) {
  const [year, month, day] = date.split("-").map(Number);
  return wire(new Date(year, month - 1, day + days));
}

/** A moment as the service takes it. */
export const wire = (at) => at.toISOString().replace(/\.\d+Z$/, "Z");

/** A moment as `datetime-local` has it. */
export function localInput(text) {
  if (!text) return "";
  const at = new Date(text);
  return wire(new Date(at.getTime() - at.getTimezoneOffset() * 60_000)).slice(0, 16);
}

/** A time that something took. */
export const took = (milliseconds) => milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
