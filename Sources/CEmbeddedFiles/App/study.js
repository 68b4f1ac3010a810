// One study: who and what, its series as tiles, and the images of one of them as a stack.

import * as api from "./api.js";
import { byId, el, fill, icon, problemNotice } from "./dom.js";
import { count, kind, patientFacts, patientName, studyDate } from "./format.js";
import { imagesOf, lazyPicture, pictureOf } from "./pictures.js";
import { Stack } from "./stack.js";

export class StudyPage {
  #element = byId("study");
  #abort = new AbortController();
  #stack = null;
  #study = null;
  #may;

  /** `may` tells whether the caller has a permission. */
  constructor(may) {
    this.#may = may;
  }

  /** Loads and shows a study. */
  async show(store, uid) {
    this.close();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    fill(this.#element, backLink(), el("p", { class: "quiet", role: "status" }, "Loading…"));
    try {
      this.#study = await api.study(store, uid, signal);
      this.#draw();
    } catch (problem) {
      if (signal.aborted) return;
      fill(this.#element, backLink(), problemNotice(problem, () => this.show(store, uid)));
    }
  }

  /** Gives up all that is under way. */
  close() {
    this.#abort.abort();
    this.#stack?.close();
    this.#stack = null;
    this.#element.replaceChildren();
  }

  #draw() {
    const study = this.#study;
    this.viewer = el("div", { class: "viewer" });
    this.tiles = el("ol", { class: "tiles", "aria-label": "Series" });
    for (const series of study.series ?? []) this.tiles.append(el("li", {}, this.#tile(series)));
    fill(
      this.#element,
      backLink(),
      this.#head(),
      el("div", { class: "study-body" }, this.tiles, this.viewer),
    );
    const first = this.#firstSeries();
    if (first) this.#select(first);
    else fill(this.viewer, el("p", { class: "empty" }, "This study has no series."));
    document.title = `${patientName(study)} – Collimator`;
  }

  /** The series whose picture stands for the study, else the first. */
  #firstSeries() {
    const series = this.#study.series ?? [];
    const image = pictureOf(this.#study);
    return series.find((one) => one.uid === image?.series) ?? series[0];
  }

  #head() {
    const study = this.#study;
    const facts = [
      studyDate(study),
      study.accessionNumber && `Accession ${study.accessionNumber}`,
      study.referringPhysician && `Referred by ${study.referringPhysician.display}`,
      count(study.seriesCount ?? study.series?.length, "series", "series"),
      count(study.instanceCount, "instance"),
    ].filter(Boolean).join(" · ");
    return el(
      "header", { class: "study-head" },
      el(
        "div", {},
        el("h1", { tabindex: "-1" }, el("bdi", {}, patientName(study)), " ", el("bdi", { class: "facts" }, patientFacts(study))),
        el("p", {}, el("bdi", {}, study.description ?? "No description")),
        el("p", { class: "quiet" }, el("bdi", {}, facts)),
      ),
      el(
        "div", { class: "choices head-choices" },
        this.#may("collimator.audit.read") && el("a", { class: "button", href: `#/audit?${this.#asked}` }, "Who saw it"),
        this.#may("collimator.policy.get") && el("a", { class: "button", href: `#/explain?${this.#asked}` }, "Who may see it"),
        el("a", { class: "button", id: "download-study", href: api.archiveURL(study.store, study.uid), download: true },
          icon("down"), "Download study"),
      ),
    );
  }

  /** This study, for the addresses of the views that ask about it. */
  get #asked() {
    return new URLSearchParams({ store: this.#study.store, study: this.#study.uid });
  }

  #tile(series) {
    const images = imagesOf(this.#study, series);
    return el(
      "button", { type: "button", class: "tile", "data-series": series.uid, onclick: () => this.#select(series, true) },
      lazyPicture(async () =>
        images.length > 0 ? { store: this.#study.store, study: this.#study.uid, series: series.uid } : null),
      el(
        "span", { class: "tile-text" },
        el("span", {}, el("span", { class: "chip" }, series.modality ?? "?"), ` ${series.number ?? ""}`),
        el("bdi", {}, series.description ?? kind(series.modality)),
        el("span", { class: "quiet" }, images.length > 0 ? count(images.length, "image") : "no picture"),
      ),
    );
  }

  #select(series, takesFocus = false) {
    for (const tile of this.tiles.querySelectorAll(".tile")) {
      tile.setAttribute("aria-pressed", String(tile.dataset.series === series.uid));
    }
    this.#stack?.close();
    this.#stack = null;
    const images = imagesOf(this.#study, series);
    if (images.length === 0) {
      this.#showDocuments(series);
      return;
    }
    const file = el("a", { class: "button", id: "download-image", download: true }, icon("down"), "Image file");
    const label = `Images of series ${series.number ?? ""} ${series.description ?? kind(series.modality)}`;
    this.#stack = new Stack(images, label, (image) => {
      file.href = api.fileURL(image);
    });
    fill(this.viewer, this.#stack.element, this.#toolbar(series, file));
    if (takesFocus) this.#stack.stage.focus();
  }

  #toolbar(series, ...more) {
    return el(
      "div", { class: "toolbar" },
      el("p", {}, el("strong", {}, kind(series.modality)), " ", el("bdi", {}, series.description ?? "")),
      ...more,
      el("a", { class: "button", id: "download-series", href: api.archiveURL(this.#study.store, this.#study.uid, series.uid), download: true },
        icon("down"), "Series"),
    );
  }

  /** What has no picture says what it is, and can be taken away. */
  #showDocuments(series) {
    const files = (series.instances ?? []).map((instance) => {
      const place = { store: this.#study.store, study: this.#study.uid, series: series.uid, instance: instance.uid };
      return el("li", {}, el("a", { href: api.fileURL(place), download: true }, `File ${instance.number ?? ""}`.trim()));
    });
    fill(
      this.viewer,
      el(
        "div", { class: "no-picture" },
        icon("document"),
        el("h2", {}, kind(series.modality)),
        el("p", { class: "quiet" }, "This series has no pictures. It can be downloaded."),
        el("ul", {}, files),
      ),
      this.#toolbar(series),
    );
  }
}

const backLink = () => el("a", { class: "back", href: "#/" }, icon("back"), "All studies");
