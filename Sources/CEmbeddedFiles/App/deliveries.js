// What is delivered to an endpoint, and the calls that were made for it.

import * as api from "./api.js";
import { announce, button, choice, el, field, fill, problemNotice, showProblem } from "./dom.js";
import { count, moment, took } from "./format.js";
import { deliveryChoices, deliveryState, outcomeWords } from "./hookwords.js";
import { Listing } from "./listing.js";

export class DeliveryList {
  #id;
  #mayManage;
  #state = choice({ id: "delivery-state", onchange: () => this.reload() }, deliveryChoices, "");
  #listing = new Listing({
    label: "Deliveries",
    empty: () => (this.#state.value ? "There is no such delivery." : "Nothing was to be delivered yet."),
    load: (cursor, signal) => api.deliveries(this.#id, { state: this.#state.value }, cursor, signal),
    row: (delivery, entry) => this.#row(delivery, entry),
  });

  /** Of the endpoint of this id. */
  constructor(id, mayManage) {
    this.#id = id;
    this.#mayManage = mayManage;
    this.element = el(
      "section", { id: "deliveries", "aria-labelledby": "deliveries-title" },
      el(
        "div", { class: "section-head" },
        el("h2", { id: "deliveries-title" }, "Deliveries"),
        el("div", { class: "choices" }, el("div", { class: "inline" }, field("Show", this.#state)), button("Look again", () => this.reload())),
      ),
      this.#listing.element,
    );
  }

  reload() {
    return this.#listing.reload();
  }

  close() {
    this.#listing.close();
  }

  #row(delivery, entry) {
    const { event, type, store, study, state, attempts, createdAt, nextAttemptAt, endedAt } = delivery;
    const [words, shade] = deliveryState(state);
    const isEnded = ["delivered", "failed", "withheld"].includes(state);
    return [
      el(
        "div", { class: "entry-text" },
        el(
          "p", { class: "entry-head" },
          el("span", { class: "name" }, type), el("span", { class: `chip ${shade}` }, words), el("bdi", { class: "code quiet" }, event),
        ),
        study && el(
          "p", {},
          "Study ",
          el("a", { class: "code", href: `#/studies/${encodeURIComponent(store)}/${encodeURIComponent(study)}` }, study),
          ` · Store ${store}`,
        ),
        el("p", { class: "quiet" }, [
          `Came ${moment(createdAt, true)}`,
          count(attempts, "call"),
          nextAttemptAt && `next ${moment(nextAttemptAt, true)}`,
          endedAt && `ended ${moment(endedAt, true)}`,
        ].filter(Boolean).join(" · ")),
        this.#attempts(event),
      ),
      this.#mayManage && isEnded && el(
        "div", { class: "choices" },
        button("Deliver again", () => this.#redeliver(event, entry), { class: "redeliver", "aria-label": `Deliver ${event} again` }),
      ),
    ];
  }

  /** The calls are asked for when somebody wants to see them. */
  #attempts(event) {
    const content = el("ol", { class: "attempts" });
    const tell = async () => {
      fill(content, el("li", { class: "quiet" }, "Loading…"));
      try {
        const items = await api.attempts(this.#id, event);
        fill(content, items.map((attempt) => el(
          "li", {},
          el("span", { class: "when" }, moment(attempt.startedAt, true)),
          ` ${outcomeWords(attempt)}, after ${took(attempt.durationMilliseconds)}`,
        )));
        if (items.length === 0) fill(content, el("li", { class: "quiet" }, "It has not been called for this yet."));
      } catch (problem) {
        fill(content, el("li", {}, problemNotice(problem, tell)));
      }
    };
    return el(
      // Asked anew each time: there may have been more.
      "details", { ontoggle: (toggled) => toggled.target.open && tell() },
      el("summary", {}, "Calls"),
      content,
    );
  }

  async #redeliver(event, entry) {
    try {
      this.#listing.replace(entry, await api.redeliver(this.#id, event));
      announce(`${event} is delivered again`);
    } catch (problem) {
      showProblem(entry, problem);
    }
  }
}
