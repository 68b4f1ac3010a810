// The upload panel: what is sent, how far it is, and what became of each file.

import { announce, byId, el, fill, icon } from "./dom.js";
import { filesOfDrop, filesOfInput } from "./files.js";
import { size } from "./format.js";
import { outcomes, Sending } from "./sending.js";

const rowsMax = 200;

const words = {
  waiting: "waiting", sending: "sending", stored: "stored", duplicate: "already there", skipped: "skipped",
  refused: "refused", failed: "failed", cancelled: "cancelled",
};

export class UploadPanel {
  #element = byId("upload");
  #rows = new Map();
  #sending = new Sending((upload) => this.#changed(upload));
  #store;
  #onStored;
  #isDrawing = false;
  #wasBusy = false;

  /** `store()` gives the store to send to; `onStored()` is called when a round has stored something. */
  constructor(store, onStored) {
    this.#store = store;
    this.#onStored = onStored;
    this.files = this.#chooser({ multiple: true, id: "choose-files" });
    this.folder = this.#chooser({ multiple: true, webkitdirectory: true, id: "choose-folder" });
    this.title = el("h2", {}, "Upload");
    this.progress = el("progress", { max: "1", value: "0", "aria-label": "All files" });
    this.summary = el("p", { class: "summary", id: "upload-summary" });
    this.list = el("ul", { class: "uploads" });
    this.retry = el("button", { type: "button", onclick: () => this.#sending.retry() }, "Try failed again");
    this.cancel = el("button", { type: "button", onclick: () => this.#sending.cancel() }, "Cancel");
    this.clear = el("button", { type: "button", onclick: () => this.#clear() }, "Clear list");
    fill(
      this.#element,
      el(
        "header", {}, this.title,
        el("button", { type: "button", "aria-label": "Close the upload panel", onclick: () => this.toggle(false) }, icon("close")),
      ),
      el(
        "p", { class: "choosers" },
        el("button", { type: "button", class: "primary", onclick: () => this.files.click() }, "Choose files"),
        el("button", { type: "button", onclick: () => this.folder.click() }, "Choose a folder"),
        this.files, this.folder,
      ),
      el("p", { class: "quiet" }, "Or drop DICOM files, folders or zip archives anywhere on the page."),
      this.progress, this.summary, this.list,
      el("p", { class: "choosers" }, this.retry, this.cancel, this.clear),
    );
    this.#acceptDrops();
    addEventListener("beforeunload", (event) => {
      if (this.#sending.isBusy) event.preventDefault();
    });
    this.#draw();
  }

  /** Shows or hides the panel. */
  toggle(isShown = this.#element.hidden) {
    this.#element.hidden = !isShown;
    if (isShown) {
      this.title.textContent = `Upload to ${this.#store()}`;
      this.#element.querySelector(".primary").focus();
    } else {
      byId("open-upload").focus();
    }
  }

  /** Stops everything, for a sign-out. */
  stop() {
    this.#sending.cancel();
    this.#clear();
    this.#element.hidden = true;
  }

  #chooser(properties) {
    return el("input", {
      type: "file", class: "hidden", tabindex: "-1", "aria-hidden": "true", ...properties,
      onchange: (event) => {
        this.#add(filesOfInput(event.target));
        event.target.value = "";
      },
    });
  }

  #add(files) {
    this.#element.hidden = false;
    this.title.textContent = `Upload to ${this.#store()}`;
    if (files.length === 0) {
      announce("There is no file in it");
      return;
    }
    this.#sending.add(files, this.#store());
    this.#soon();
  }

  #clear() {
    this.#sending.clear();
    for (const [upload, row] of this.#rows) {
      if (!outcomes.includes(upload.state)) continue;
      row.element.remove();
      this.#rows.delete(upload);
    }
    this.#soon();
  }

  #changed(upload) {
    let row = this.#rows.get(upload);
    if (!row) {
      row = uploadRow(upload);
      this.#rows.set(upload, row);
      this.list.prepend(row.element);
      this.#makeRoom();
    }
    row.update();
    this.#soon();
  }

  /** A long list keeps what somebody has to look at: rows of what was stored go first. */
  #makeRoom() {
    if (this.#rows.size <= rowsMax) return;
    const ended = [...this.#rows.keys()].filter((upload) => outcomes.includes(upload.state));
    const gone = ended.find((upload) => upload.state === "stored") ?? ended[0];
    if (!gone) return;
    this.#rows.get(gone).element.remove();
    this.#rows.delete(gone);
  }

  /** Many changes make one drawing. */
  #soon() {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => {
      this.#isDrawing = false;
      this.#draw();
    });
  }

  #draw() {
    const totals = this.#sending.totals;
    const { isBusy } = this.#sending;
    const ends = outcomes.filter((outcome) => totals[outcome] > 0).map((outcome) => `${totals[outcome]} ${words[outcome]}`);
    const text = totals.files === 0 ? "" : [
      `${totals.ended} of ${totals.files} files`, `${size(totals.sent)} of ${size(totals.bytes)}`, ...ends,
    ].join(" · ");
    this.summary.textContent = text;
    this.progress.hidden = totals.files === 0;
    this.progress.value = totals.bytes > 0 ? totals.sent / totals.bytes : 0;
    this.retry.hidden = isBusy || totals.failed + totals.cancelled === 0;
    this.cancel.hidden = !isBusy;
    this.clear.hidden = isBusy || totals.files === 0;
    if (this.#wasBusy && !isBusy) {
      announce(`Upload ended: ${ends.join(", ")}`);
      if (totals.stored > 0) this.#onStored();
    }
    this.#wasBusy = isBusy;
  }

  #acceptDrops() {
    const veil = byId("drop");
    const hasFiles = (event) => this.#store() && event.dataTransfer?.types.includes("Files");
    // `dragleave` fires for every element on the way: only the count tells when the page is left.
    let depth = 0;
    const over = (change) => (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = Math.max(0, depth + change);
      veil.hidden = depth === 0;
    };
    addEventListener("dragenter", over(1));
    addEventListener("dragleave", over(-1));
    addEventListener("dragover", over(0));
    addEventListener("drop", async (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      veil.hidden = true;
      try {
        this.#add(await filesOfDrop(event.dataTransfer));
      } catch {
        announce("What was dropped cannot be read");
      }
    });
  }
}

function uploadRow(upload) {
  const state = el("span", { class: "state" });
  const detail = el("span", { class: "detail" });
  const progress = el("progress", { max: "1", value: "0", "aria-label": `Sent of ${upload.name}` });
  const element = el("li", {}, el("bdi", { class: "file", title: upload.name }, upload.name), state, progress, detail);
  const update = () => {
    element.dataset.state = upload.state;
    state.textContent = words[upload.state];
    detail.textContent = upload.detail;
    progress.hidden = upload.state !== "sending";
    progress.value = upload.file.size > 0 ? upload.sent / upload.file.size : 1;
  };
  return { element, update };
}
