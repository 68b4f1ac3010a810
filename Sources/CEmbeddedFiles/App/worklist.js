// The list of studies of a store: search, pages, a picture for each study.

import * as api from "./api.js";
import { announce, byId, el, fill, problemNotice } from "./dom.js";
import { count, patientFacts, patientName, studyDate } from "./format.js";
import { lazyPicture } from "./pictures.js";

const pageSize = 50;
const typingPauseMilliseconds = 300;

const fields = {
  patientName: { label: "Patient's name begins with", example: "smi jo" },
  patientId: { label: "Patient ID is", example: "MRN-1" },
  accessionNumber: { label: "Accession number is", example: "A-77" },
};

export class Worklist {
  #element = byId("worklist");
  #store = null;
  #cursor = null;
  #abort = new AbortController();
  #isLoading = false;
  #timer = 0;

  constructor() {
    this.field = el(
      "select", { "aria-label": "Search in", onchange: () => this.#fieldChanged() },
      Object.entries(fields).map(([name, { label }]) => el("option", { value: name }, label)),
    );
    this.text = el("input", {
      type: "search", id: "search", "aria-label": "Search for", autocomplete: "off", spellcheck: "false",
      maxlength: "64", placeholder: fields.patientName.example, oninput: () => this.#soon(),
    });
    this.from = el("input", { type: "date", onchange: () => this.reload() });
    this.to = el("input", { type: "date", onchange: () => this.reload() });
    this.status = el("p", { class: "count quiet" });
    this.rows = el("ol", { class: "rows", onkeydown: (event) => this.#move(event) });
    this.end = el("div", { class: "list-end" });
    this.more = el("button", { type: "button", onclick: () => this.#load() }, "Load more");
    new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) this.#load();
    }, { rootMargin: "300px" }).observe(this.more);
    fill(this.#element, this.#searchForm(), this.status, this.rows, this.end);
  }

  /** Shows the studies of a store; the list that is there already stays as it was left. */
  show(store) {
    if (store === this.#store) return;
    this.#store = store;
    this.reload();
  }

  /** Begins again at the first page. */
  reload() {
    clearTimeout(this.#timer);
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#isLoading = false;
    this.#cursor = null;
    this.rows.replaceChildren();
    if (this.#store) this.#load();
  }

  focusSearch() {
    this.text.focus();
    this.text.select();
  }

  /** Gives the focus back to the study that was looked at. */
  focusStudy(uid) {
    this.rows.querySelector(`[data-study="${CSS.escape(uid)}"]`)?.focus();
  }

  #searchForm() {
    return el(
      "form", {
        class: "search", role: "search",
        onsubmit: (event) => {
          event.preventDefault();
          this.reload();
        },
      },
      el("div", { class: "search-text" }, this.field, this.text),
      el("label", {}, "From ", this.from),
      el("label", {}, "To ", this.to),
      el("button", { type: "button", onclick: () => this.#clear() }, "Clear"),
    );
  }

  #clear() {
    for (const input of [this.text, this.from, this.to]) input.value = "";
    this.reload();
    this.text.focus();
  }

  #fieldChanged() {
    this.text.placeholder = fields[this.field.value].example;
    if (this.text.value.trim()) this.reload();
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.reload(), typingPauseMilliseconds);
  }

  get #filters() {
    return {
      [this.field.value]: this.text.value.trim(), from: this.from.value, to: this.to.value, limit: pageSize,
    };
  }

  async #load() {
    if (this.#isLoading || !this.#store) return;
    const { signal } = this.#abort;
    const isFirst = this.rows.childElementCount === 0;
    this.#isLoading = true;
    fill(this.end, isFirst ? skeleton() : el("p", { class: "quiet" }, "Loading…"));
    if (isFirst) this.status.textContent = "Searching…";
    try {
      const page = await api.studies(this.#store, this.#filters, this.#cursor, signal);
      this.rows.append(...page.items.map((study) => el("li", {}, row(study))));
      this.#cursor = page.nextCursor;
      this.#isLoading = false;
      this.#finish();
    } catch (problem) {
      if (signal.aborted) return;
      this.#isLoading = false;
      if (isFirst) this.status.textContent = "";
      fill(this.end, problemNotice(problem, () => this.#load()));
    }
  }

  #finish() {
    const shown = this.rows.childElementCount;
    const isSearch = Boolean(this.text.value.trim() || this.from.value || this.to.value);
    this.status.textContent =
      shown === 0 ? "" : `${count(shown, "study", "studies")}${this.#cursor ? ", and more" : ""}`;
    announce(shown === 0 ? "No study found" : this.status.textContent);
    if (this.#cursor) fill(this.end, this.more);
    else if (shown === 0) fill(this.end, isSearch ? nothingFound() : emptyStore());
    else fill(this.end);
  }

  #move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const links = [...this.rows.querySelectorAll("a")];
    links[links.indexOf(document.activeElement) + step]?.focus();
    event.preventDefault();
  }
}

function row(study) {
  const modalities = el("span", { class: "modalities" });
  const counts = el("span", { class: "quiet" });
  const tell = (known) => {
    fill(modalities, (known.modalities ?? []).map((modality) => el("span", { class: "chip" }, modality)));
    counts.textContent =
      [count(known.seriesCount, "series", "series"), count(known.instanceCount, "instance")]
        .filter(Boolean).join(" · ");
  };
  tell(study);
  const picture = lazyPicture(async (signal) => {
    // What a list does not know, the study itself does; it is asked when the row comes into view.
    if (study.instanceCount === null || study.modalities === null) {
      tell(await api.studyAlone(study.store, study.uid, signal));
    }
    return { store: study.store, study: study.uid };
  });
  return el(
    "a", { class: "row", href: `#/studies/${encodeURIComponent(study.store)}/${encodeURIComponent(study.uid)}`, "data-study": study.uid },
    picture,
    el("span", { class: "who" }, el("bdi", { class: "name" }, patientName(study)), el("bdi", { class: "quiet" }, patientFacts(study))),
    el(
      "span", { class: "what" },
      el("bdi", {}, study.description ?? "No description"),
      el("bdi", { class: "quiet" }, study.accessionNumber ? `Accession ${study.accessionNumber}` : ""),
    ),
    el("span", { class: "when" }, studyDate(study)),
    el("span", { class: "much" }, modalities, counts),
  );
}

const skeleton = () =>
  el("div", { class: "skeleton", "aria-hidden": "true" }, Array.from({ length: 6 }, () => el("div", {})));

const nothingFound = () =>
  el("div", { class: "empty" }, el("strong", {}, "No study matches"), el("p", {}, "Names match from the beginning of each part; identifiers match whole."));

const emptyStore = () =>
  el("div", { class: "empty" }, el("strong", {}, "No studies yet"), el("p", {}, "Drop DICOM files, folders or zip archives anywhere on this page."));
