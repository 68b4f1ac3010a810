// Sends files to the service, a few at a time, and says what became of each.

import * as api from "./api.js";

const atOnceMax = 3;

/** What can become of a file. Only the last two can be tried again. */
export const outcomes = ["stored", "duplicate", "skipped", "refused", "failed", "cancelled"];

export class Sending {
  #waiting = [];
  #running = new Set();
  #onChange;

  /** `onChange(upload)` is called whenever something about an upload has changed. */
  constructor(onChange) {
    this.#onChange = onChange;
    this.uploads = [];
  }

  /** Uploads of `{file, name}` to a store; one with a `fault` is not sent and listed with it. */
  add(files, store) {
    for (const { file, name, fault } of files) {
      const upload = { file, name, store, sent: 0, state: "waiting", detail: "", request: null };
      this.uploads.push(upload);
      if (fault) this.#end(upload, "refused", fault);
      else this.#waiting.push(upload);
    }
    this.#next();
  }

  get isBusy() {
    return this.#waiting.length + this.#running.size > 0;
  }

  /** How many have come to each end, and how many bytes of all have been sent. */
  get totals() {
    const totals = { files: this.uploads.length, ended: 0, bytes: 0, sent: 0 };
    for (const outcome of outcomes) totals[outcome] = 0;
    for (const upload of this.uploads) {
      totals.bytes += upload.file.size;
      totals.sent += upload.sent;
      if (!outcomes.includes(upload.state)) continue;
      totals.ended += 1;
      totals[upload.state] += 1;
    }
    return totals;
  }

  /** Sends again what failed or was cancelled. */
  retry() {
    for (const upload of this.uploads) {
      if (upload.state !== "failed" && upload.state !== "cancelled") continue;
      Object.assign(upload, { sent: 0, state: "waiting", detail: "" });
      this.#waiting.push(upload);
      this.#onChange(upload);
    }
    this.#next();
  }

  /** Stops what is under way and what waits. */
  cancel() {
    for (const upload of this.#waiting.splice(0)) this.#end(upload, "cancelled");
    for (const upload of this.#running) upload.request.abort();
  }

  /** Forgets what has ended. */
  clear() {
    this.uploads = this.uploads.filter((upload) => !outcomes.includes(upload.state));
  }

  #next() {
    while (this.#running.size < atOnceMax && this.#waiting.length > 0) this.#send(this.#waiting.shift());
  }

  // Of the ways to send, only this one tells how far it is.
  #send(upload) {
    const request = new XMLHttpRequest();
    const end = (state, detail) => {
      this.#running.delete(upload);
      this.#end(upload, state, detail);
      this.#next();
    };
    request.upload.onprogress = (event) => {
      upload.sent = Math.min(event.loaded, upload.file.size);
      this.#onChange(upload);
    };
    request.onload = () => end(...outcomeOf(request));
    request.onerror = () => end("failed", "The connection broke, or the file can no longer be read.");
    request.onabort = () => end("cancelled");
    request.open("POST", api.uploadURL(upload.store));
    request.setRequestHeader("Content-Type", mediaType(upload.name));
    request.setRequestHeader("Accept", "application/json");
    Object.assign(upload, { state: "sending", request });
    this.#running.add(upload);
    this.#onChange(upload);
    request.send(upload.file);
  }

  #end(upload, state, detail = "") {
    const isSent = state !== "failed" && state !== "cancelled";
    Object.assign(upload, { state, detail, request: null, sent: isSent ? upload.file.size : 0 });
    this.#onChange(upload);
  }
}

const mediaType = (name) => (name.toLowerCase().endsWith(".zip") ? "application/zip" : "application/dicom");

/** The outcome and its reason, from the service's answer. */
function outcomeOf(request) {
  const body = parsed(request.responseText);
  if (Array.isArray(body?.items) && body.counts) return ofItems(body);
  if (request.status >= 200 && request.status < 300) {
    return [body?.outcome === "already-there" ? "duplicate" : "stored"];
  }
  const problem = api.Problem.from(request.status, request.responseText, request.getResponseHeader("Request-Id"));
  if (request.status === 401) api.signedOut(problem);
  const text = [problem.detail ?? problem.title, problem.requestId && `Request ${problem.requestId}`];
  return [problem.isPassing || request.status === 401 ? "failed" : "refused", text.filter(Boolean).join(" ")];
}

/** Of several files in one, as in a zip, the worst end is the end of all, with the numbers of each. */
function ofItems({ counts, items }) {
  const worst = ["refused", "stored", "duplicate", "skipped"].find((outcome) => counts[outcome] > 0) ?? "skipped";
  const reason = items.find((item) => item.outcome === worst);
  const why = worst === "stored" || worst === "duplicate" ? "" : reason?.detail ?? reason?.reason ?? "";
  if (items.length <= 1) return [worst, why];
  const numbers = Object.entries(counts).filter(([, number]) => number > 0)
    .map(([outcome, number]) => `${number} ${outcome}`).join(", ");
  return [worst, [numbers, why].filter(Boolean).join(". ")];
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
