// Webhooks: who is called when something changes, one of them, and the form of one.

import * as api from "./api.js";
import { announce, backLink, byId, el, fill, problemNotice } from "./dom.js";
import { moment } from "./format.js";
import { endpointState, filterWords, pauseWords } from "./hookwords.js";
import { Listing } from "./listing.js";
import { WebhookForm } from "./webhookform.js";
import { WebhookView } from "./webhook.js";

/** Endpoints that are asked at the same time when they were called last. */
const askedMax = 3;

export class WebhooksPage {
  #element = byId("webhooks");
  #listing = null;
  #view = null;
  #abort = new AbortController();

  /** Shows the list; `may` tells whether the caller has a permission. */
  show(may) {
    this.close();
    const lasts = new Lasts(this.#abort.signal);
    this.#listing = new Listing({
      label: "Endpoints",
      empty: "Nobody is called yet.",
      load: (cursor, signal) => api.webhooks(cursor, signal),
      row: (endpoint) => this.#row(endpoint, lasts),
    });
    fill(
      this.#element,
      el(
        "div", { class: "section-head" },
        el("h1", { tabindex: "-1" }, "Webhooks"),
        may("collimator.webhooks.manage") && el("a", { class: "button primary", href: "#/new-webhook" }, "New endpoint"),
      ),
      el(
        "p", { class: "quiet lead" },
        "Who is called when something changes. An endpoint hears of what rules let it see, and of nothing before it was verified.",
      ),
      this.#listing.element,
    );
    this.#listing.reload();
  }

  /** Shows one endpoint. */
  async showOne(may, id) {
    this.close();
    await this.#load(id, (endpoint) => this.#draw(endpoint, may));
  }

  /** Shows the form of an endpoint; without an id, of a new one. */
  async edit(may, stores, id) {
    this.close();
    if (id) await this.#load(id, (endpoint) => this.#form(endpoint, may, stores));
    else this.#form(null, may, stores);
  }

  close() {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#listing?.close();
    this.#listing = null;
    this.#view?.close();
    this.#view = null;
    this.#element.replaceChildren();
  }

  async #load(id, draw) {
    const { signal } = this.#abort;
    fill(this.#element, toWebhooks(), el("p", { class: "quiet", role: "status" }, "Loading…"));
    try {
      const endpoint = await api.webhook(id, signal);
      if (!signal.aborted) draw(endpoint);
    } catch (problem) {
      if (signal.aborted) return;
      fill(this.#element, toWebhooks(), problemNotice(problem, () => this.#load(id, draw)));
    }
  }

  /** Shows an endpoint, with its secret where it was just made. */
  #draw({ secret, ...endpoint }, may) {
    this.#view?.close();
    this.#view = new WebhookView(endpoint, may);
    document.title = `${endpoint.name} – Collimator`;
    fill(this.#element, toWebhooks(), this.#view.element);
    this.#view.start(secret);
  }

  #form(endpoint, may, stores) {
    const { signal } = this.#abort;
    const done = (kept) => {
      announce(endpoint ? `${kept.name} is changed` : `${kept.name} is made`);
      if (signal.aborted) return;
      // In place of the form, which is not to be come back to; the secret goes from here to there and nowhere else.
      history.replaceState(null, "", `#/webhooks/${encodeURIComponent(kept.id)}`);
      scrollTo(0, 0);
      this.#draw(kept, may);
      if (!kept.secret) this.#element.querySelector("h1").focus({ preventScroll: true });
    };
    const form = new WebhookForm(endpoint, stores, done);
    fill(
      this.#element,
      toWebhooks(),
      el("h1", { tabindex: "-1" }, endpoint ? ["Endpoint ", el("bdi", {}, endpoint.name)] : "New endpoint"),
      form.element,
    );
    form.focus();
  }

  #row(endpoint, lasts) {
    const [state, shade] = endpointState(endpoint);
    const pause = pauseWords(endpoint);
    const last = el("span", {});
    lasts.tell(endpoint, last);
    return [
      el(
        "div", { class: "entry-text" },
        el(
          "p", { class: "entry-head" },
          el("a", { class: "name", href: `#/webhooks/${encodeURIComponent(endpoint.id)}` }, el("bdi", {}, endpoint.name)),
          el("span", { class: `chip ${shade}` }, state),
          pause && el("span", { class: "chip warn" }, pause),
        ),
        el("p", {}, el("bdi", { class: "code" }, endpoint.url)),
        el("p", { class: "quiet" }, el("bdi", {}, filterWords(endpoint))),
        el(
          "p", { class: "quiet" },
          last,
          endpoint.failuresInARow > 0 &&
            el("span", { class: "warn" }, ` · the last ${endpoint.failuresInARow === 1 ? "call" : `${endpoint.failuresInARow} calls`} failed`),
        ),
      ),
    ];
  }
}

/** When endpoints were called last with success: asked for a few at a time. */
class Lasts {
  #waiting = [];
  #asking = 0;
  #signal;

  constructor(signal) {
    this.#signal = signal;
  }

  tell(endpoint, place) {
    this.#waiting.push({ endpoint, place });
    this.#next();
  }

  async #next() {
    if (this.#asking >= askedMax || this.#waiting.length === 0 || this.#signal.aborted) return;
    const { endpoint, place } = this.#waiting.shift();
    this.#asking += 1;
    try {
      const { items: [last] } = await api.deliveries(endpoint.id, { state: "delivered", limit: 1 }, null, this.#signal);
      place.textContent = last ? `Took ${last.type} last, ${moment(last.endedAt)}` : "Has taken nothing yet";
    } catch {
      // The row says the rest all the same.
    }
    this.#asking -= 1;
    this.#next();
  }
}

const toWebhooks = () => backLink("#/webhooks", "All endpoints");
