// The replays of an endpoint: what changed since a time is delivered again, and how far that is.

import * as api from "./api.js";
import { announce, button, el, field, fill, form, problemNotice, showProblem } from "./dom.js";
import { count, moment, wire } from "./format.js";

const pollMilliseconds = 1000;
const states = { running: ["running", "warn"], finished: ["finished", "good"], cancelled: ["ended early", "bad"] };

export class ReplayList {
  #id;
  #mayManage;
  #ended;
  #abort = new AbortController();
  #form = el("div", { class: "place" });
  #none = el("p", { class: "empty", hidden: true }, "Nothing was replayed yet.");
  #list = el("ol", { class: "rows entries", "aria-label": "Replays" });

  /** Of the endpoint of this id; `ended` is told when a replay has ended. */
  constructor(id, mayManage, ended) {
    this.#id = id;
    this.#mayManage = mayManage;
    this.#ended = ended;
    this.element = el(
      "section", { id: "replays", "aria-labelledby": "replays-title" },
      el(
        "div", { class: "section-head" },
        el("h2", { id: "replays-title" }, "Replays"),
        mayManage && button("Replay", () => this.#ask(), { id: "open-replay" }),
      ),
      this.#form,
      this.#list,
      this.#none,
    );
  }

  async reload() {
    const { signal } = this.#abort;
    try {
      const items = await api.replays(this.#id, signal);
      if (signal.aborted) return;
      fill(this.#list, items.map((replay) => this.#entry(replay)));
      this.#none.hidden = items.length > 0;
    } catch (problem) {
      if (!signal.aborted) fill(this.#list, el("li", { class: "entry" }, problemNotice(problem, () => this.reload())));
    }
  }

  close() {
    this.#abort.abort();
  }

  #entry(replay) {
    const entry = el("li", { class: "entry" });
    fill(entry, this.#row(replay, entry));
    if (replay.state === "running") this.#follow(replay, entry);
    return entry;
  }

  #row(replay, entry) {
    const [words, shade] = states[replay.state] ?? [replay.state, ""];
    const span = `Since ${moment(replay.since)}${replay.until ? ` until ${moment(replay.until)}` : ""}`;
    return [
      el(
        "div", { class: "entry-text" },
        el("p", { class: "entry-head" }, el("span", { class: "name" }, span), el("span", { class: `chip ${shade}` }, words)),
        replay.state === "running" && el("progress", { max: Math.max(1, replay.events), value: replay.eventsDone, "aria-label": span }),
        el("p", { class: "quiet" }, [
          `${count(replay.eventsDone, "event")} of ${replay.events.toLocaleString("en")} looked at`,
          `${count(replay.deliveries, "delivery", "deliveries")} asked for`,
          replay.includeDelivered && "also what was delivered",
          replay.endedAt && `ended ${moment(replay.endedAt, true)}`,
        ].filter(Boolean).join(" · ")),
        !replay.complete && el("p", { class: "warn" }, "The feed no longer had everything since that time."),
      ),
      this.#mayManage && replay.state === "running" && el(
        "div", { class: "choices" }, button("End it", () => this.#cancel(replay, entry), { class: "cancel-replay" }),
      ),
    ];
  }

  /** Asks how far it is until it has ended or the view was left. */
  async #follow(replay, entry) {
    const { signal } = this.#abort;
    for (let now = replay; now.state === "running";) {
      await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
      if (signal.aborted || !entry.isConnected) return;
      try {
        now = await api.replay(this.#id, replay.id, signal);
      } catch (problem) {
        if (!signal.aborted && !problem.isPassing) showProblem(entry, problem);
        if (signal.aborted || !problem.isPassing) return;
        continue;
      }
      if (signal.aborted || !entry.isConnected) return;
      const hadFocus = entry.contains(document.activeElement);
      fill(entry, this.#row(now, entry));
      if (hadFocus) (entry.querySelector("button") ?? this.element.querySelector("#open-replay"))?.focus();
    }
    announce("The replay has ended");
    this.#ended();
  }

  async #cancel(replay, entry) {
    try {
      const now = await api.cancelReplay(this.#id, replay.id);
      fill(entry, this.#row(now, entry));
    } catch (problem) {
      showProblem(entry, problem);
    }
  }

  #ask() {
    const since = el("input", { type: "datetime-local", required: true, id: "replay-since" });
    const until = el("input", { type: "datetime-local" });
    const all = el("input", { type: "checkbox", id: "replay-all" });
    const fault = el("div", {});
    const close = () => {
      this.#form.replaceChildren();
      this.element.querySelector("#open-replay")?.focus();
    };
    const begin = async () => {
      const wish = { since: wire(new Date(since.value)), includeDelivered: all.checked };
      if (until.value) wish.until = wire(new Date(until.value));
      try {
        const replay = await api.beginReplay(this.#id, wish);
        close();
        announce("The replay has begun");
        this.#none.hidden = true;
        this.#list.prepend(this.#entry(replay));
      } catch (problem) {
        fill(fault, problemNotice(problem));
      }
    };
    fill(this.#form, form(
      { class: "panel", id: "replay-form" }, begin,
      el("h3", {}, "Replay"),
      el("p", {}, "What changed in this time and was not delivered is delivered now, with the ids of the first time."),
      el(
        "div", { class: "fields" },
        field("Since", since), field("Until", until, "Up to now where it is empty."),
        el("div", { class: "ticks" }, el("label", { class: "tick" }, all, " Also what was delivered")),
      ),
      fault,
      el("div", { class: "choices" }, el("button", { class: "primary" }, "Begin"), button("Cancel", close)),
    ));
    since.focus();
  }
}
