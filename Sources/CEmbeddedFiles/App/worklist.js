// The list of studies of a store: search as you type, filters, totals, pages, a picture for each study.

import * as api from "./api.js";
import { announce, byId, el, fill, problemNotice } from "./dom.js";
import { count, kind, patientFacts, patientName, studyDate } from "./format.js";
import { lazyPicture } from "./pictures.js";

const pageSize = 50;
const typingPauseMilliseconds = 300;
const suggestionsMax = 12;
// How soon a list that is empty, not complete yet or has just changed is asked for again, and for how long one that changed.
const lookAgainMilliseconds = 3_000;
const lookAgainMillisecondsMax = 60_000;
const lookAgainAfterChangeMilliseconds = 60_000;

const fields = {
  q: { label: "Words anywhere", example: "smith chest" },
  patientName: { label: "Patient's name begins with", example: "smi jo" },
  patientId: { label: "Patient ID is", example: "MRN-1" },
  accessionNumber: { label: "Accession number is", example: "A-77" },
};

/** What could be meant by what is being typed, taken from the studies that are shown. */
const suggestions = {
  q: (study) => nameToType(study),
  patientName: (study) => nameToType(study),
  patientId: (study) => study.patient?.id,
  accessionNumber: (study) => study.accessionNumber,
};

const nameToType = (study) => study.patient?.name?.display?.replaceAll(",", "");

const modalities = ["CR", "CT", "DX", "IO", "MG", "MR", "NM", "OT", "PT", "PX", "RF", "SC", "SEG", "SM", "SR", "US", "XA", "XC"];

const orders = { "": "Newest first", date: "Oldest first", patientName: "By name", "-updatedAt": "Changed last" };

export class Worklist {
  #element = byId("worklist");
  #store = null;
  #cursor = null;
  #abort = new AbortController();
  #isLoading = false;
  #timer = 0;
  #lookingAgain = 0;
  #changedAt = 0;
  #pause = lookAgainMilliseconds;

  constructor() {
    this.field = el(
      "select", { "aria-label": "Search in", onchange: () => this.#fieldChanged() },
      Object.entries(fields).map(([name, { label }]) => el("option", { value: name }, label)),
    );
    this.text = el("input", {
      type: "search", id: "search", "aria-label": "Search for", autocomplete: "off", spellcheck: "false",
      maxlength: "64", placeholder: fields.q.example, list: "suggestions", oninput: () => this.#soon(),
    });
    this.suggestions = el("datalist", { id: "suggestions" });
    this.modality = el(
      "select", { onchange: () => this.reload() },
      el("option", { value: "" }, "Any"),
      modalities.map((code) => el("option", { value: code, title: kind(code) }, code)),
    );
    this.order = el(
      "select", { "aria-label": "Order", onchange: () => this.reload() },
      Object.entries(orders).map(([value, label]) => el("option", { value }, label)),
    );
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
    clearTimeout(this.#lookingAgain);
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#isLoading = false;
    this.#cursor = null;
    this.#changedAt = 0;
    this.#pause = lookAgainMilliseconds;
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
      el("div", { class: "search-text" }, this.field, this.text, this.suggestions),
      el("label", {}, "Modality ", this.modality),
      el("label", {}, "From ", this.from),
      el("label", {}, "To ", this.to),
      this.order,
      el("button", { type: "button", onclick: () => this.#clear() }, "Clear"),
    );
  }

  #clear() {
    for (const input of [this.text, this.modality, this.from, this.to, this.order]) input.value = "";
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
      [this.field.value]: this.text.value.trim(), modality: this.modality.value, from: this.from.value, to: this.to.value,
      sort: this.order.value, limit: pageSize,
    };
  }

  async #load() {
    if (this.#isLoading || !this.#store) return;
    const { signal } = this.#abort;
    const isFirst = this.rows.childElementCount === 0;
    this.#isLoading = true;
    clearTimeout(this.#lookingAgain);
    fill(this.end, isFirst ? skeleton() : el("p", { class: "quiet" }, "Loading…"));
    if (isFirst) this.status.textContent = "Searching…";
    try {
      const page = await api.studies(this.#store, this.#filters, this.#cursor, signal);
      this.rows.append(...page.items.map(rowItem));
      this.#suggest(page.items, isFirst);
      this.#isLoading = false;
      this.#finish(page);
      announce(this.rows.childElementCount === 0 ? "No study found" : this.status.textContent);
    } catch (problem) {
      if (signal.aborted) return;
      this.#isLoading = false;
      if (isFirst) this.status.textContent = "";
      fill(this.end, problemNotice(problem, () => this.#load()));
    }
  }

  #finish(page) {
    this.#cursor = page.nextCursor;
    const shown = this.rows.childElementCount;
    this.status.textContent = [summary(shown, page), page.complete ? "" : "The store is not indexed to its end: more may come."]
      .filter(Boolean).join(" · ");
    if (this.#cursor) fill(this.end, this.more);
    else if (shown > 0) fill(this.end);
    else if (!page.complete) fill(this.end, stillIndexing());
    else fill(this.end, this.#isSearch ? nothingFound() : emptyStore());
    const isFresh = performance.now() - this.#changedAt < lookAgainAfterChangeMilliseconds && this.#changedAt > 0;
    if (!page.complete || isFresh || (shown === 0 && !this.#isSearch)) this.#lookAgainSoon();
  }

  get #isSearch() {
    return [this.text, this.modality, this.from, this.to].some((input) => input.value.trim());
  }

  /** Less and less often while nothing changes: a store may never be complete. */
  #lookAgainSoon() {
    clearTimeout(this.#lookingAgain);
    this.#lookingAgain = setTimeout(() => this.#lookAgain(), this.#pause);
    this.#pause = Math.min(this.#pause * 1.2, lookAgainMillisecondsMax);
  }

  /** Asks for the first page again and puts in what is new; rows that stay keep their picture and the focus. */
  async #lookAgain() {
    if (!this.#store || this.#isLoading) return;
    if (document.hidden || this.#element.hidden) {
      this.#lookAgainSoon();
      return;
    }
    const { signal } = this.#abort;
    try {
      const page = await api.studies(this.#store, this.#filters, null, signal);
      if (signal.aborted || this.#isLoading) return;
      // What was scrolled through stays as it is; only what is said of it changes.
      if (this.rows.childElementCount > pageSize) {
        this.#finish({ ...page, nextCursor: this.#cursor });
        return;
      }
      if (this.#put(page.items)) {
        this.#changedAt = performance.now();
        this.#pause = lookAgainMilliseconds;
      }
      this.#suggest(page.items, true);
      this.#finish(page);
    } catch (problem) {
      if (!signal.aborted && problem.status !== 401) this.#lookAgainSoon();
    }
  }

  /** Makes the rows those of these studies, and tells whether any had to change. */
  #put(studies) {
    const known = new Map([...this.rows.children].map((item) => [item.firstChild.dataset.study, item]));
    const items = studies.map((study) => {
      const item = known.get(study.uid);
      return item && item.dataset.version === version(study) ? item : rowItem(study);
    });
    if (items.length === known.size && items.every((item, index) => item === this.rows.children[index])) return false;
    const focused = this.rows.contains(document.activeElement) ? document.activeElement.dataset.study : null;
    this.rows.replaceChildren(...items);
    if (focused) this.focusStudy(focused);
    return true;
  }

  #suggest(studies, isFirst) {
    const before = isFirst ? [] : [...this.suggestions.children].map((option) => option.value);
    const values = studies.map(suggestions[this.field.value]).filter(Boolean);
    const all = [...new Set([...before, ...values])].slice(0, suggestionsMax);
    fill(this.suggestions, all.map((value) => el("option", { value })));
  }

  #move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const links = [...this.rows.querySelectorAll("a")];
    links[links.indexOf(document.activeElement) + step]?.focus();
    event.preventDefault();
  }
}

/** What of a study is shown changes with this. */
const version = (study) => JSON.stringify([study.updatedAt, study.seriesCount, study.instanceCount, study.modalities]);

const rowItem = (study) => el("li", { "data-version": version(study) }, row(study));

/** How many are shown, and of how many. */
function summary(shown, page) {
  if (shown === 0) return "";
  const hasTotal = page.total !== null && page.total > shown;
  if (hasTotal) return `${shown.toLocaleString("en")} of ${page.total.toLocaleString("en")}${page.totalIsLowerBound ? " or more" : ""} studies`;
  return `${count(shown, "study", "studies")}${page.nextCursor ? ", and more" : ""}`;
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

const stillIndexing = () =>
  el("div", { class: "empty" }, el("strong", {}, "Still being indexed"), el("p", {}, "Studies are shown here as they are read from the store."));

const nothingFound = () =>
  el("div", { class: "empty" }, el("strong", {}, "No study matches"), el("p", {}, "Words match from their beginning; a patient ID and an accession number match whole."));

const emptyStore = () =>
  el("div", { class: "empty" }, el("strong", {}, "No studies yet"), el("p", {}, "Drop DICOM files, folders or zip archives anywhere on this page."));
