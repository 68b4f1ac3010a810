// A list that comes page by page, by the cursor of the page before.

import { announce, el, fill, problemNotice } from "./dom.js";

export class Listing {
  #load;
  #row;
  #empty;
  #cursor = null;
  #isLoading = false;
  #abort = new AbortController();

  /** `load` gives the page after a cursor, `row` what is shown of an item; `empty` is said where there is none, or says it. */
  constructor({ label, empty, load, row }) {
    this.#load = load;
    this.#row = row;
    this.#empty = empty;
    this.rows = el("ol", { class: "rows entries", "aria-label": label });
    this.end = el("div", { class: "list-end" });
    this.more = el("button", { type: "button", class: "more", onclick: () => this.#next(true) }, "Load more");
    this.element = el("div", {}, this.rows, this.end);
  }

  /** Begins again at the first page. */
  async reload() {
    this.close();
    this.#abort = new AbortController();
    await this.#next(false);
  }

  /** Gives up what is under way, and shows nothing any more. */
  close() {
    this.#abort.abort();
    this.#isLoading = false;
    this.#cursor = null;
    this.rows.replaceChildren();
    this.end.replaceChildren();
  }

  /** Shows this item in place of the one that stood in the row. */
  replace(row, item) {
    const entry = this.#entry(item);
    row.replaceWith(entry);
    entry.querySelector("button, a")?.focus();
  }

  /** Shows this item first. */
  prepend(item) {
    if (this.rows.childElementCount === 0) this.end.replaceChildren();
    this.rows.prepend(this.#entry(item));
  }

  get #nothing() {
    return typeof this.#empty === "function" ? this.#empty() : this.#empty;
  }

  #entry(item) {
    const entry = el("li", { class: "entry" });
    fill(entry, this.#row(item, entry));
    return entry;
  }

  async #next(isAsked) {
    if (this.#isLoading) return;
    const { signal } = this.#abort;
    this.#isLoading = true;
    fill(this.end, el("p", { class: "quiet", role: "status" }, "Loading…"));
    try {
      const page = await this.#load(this.#cursor, signal);
      if (signal.aborted) return;
      const entries = page.items.map((item) => this.#entry(item));
      this.rows.append(...entries);
      this.#cursor = page.nextCursor;
      fill(this.end, this.#cursor ? this.more : this.rows.childElementCount === 0 && el("p", { class: "empty" }, this.#nothing));
      if (isAsked) {
        announce(`${entries.length} more`);
        entries[0]?.querySelector("a, button, summary")?.focus();
      }
    } catch (problem) {
      if (signal.aborted) return;
      fill(this.end, problemNotice(problem, () => this.#next(isAsked)));
    } finally {
      if (!signal.aborted) this.#isLoading = false;
    }
  }
}
