// One endpoint: what is known of it, what can be done with it, what is delivered to it, and its replays.

import * as api from "./api.js";
import { announce, button, confirmed, el, facts, fill, problemNotice } from "./dom.js";
import { DeliveryList } from "./deliveries.js";
import { moment, took } from "./format.js";
import { dataPolicies, endpointState, filterWords, outcomeWords, pauseWords } from "./hookwords.js";
import { rotationForm, shownOnce } from "./once.js";
import { ReplayList } from "./replays.js";

export class WebhookView {
  #endpoint;
  #may;
  #abort = new AbortController();
  #head = el("div", {});
  #place = el("div", { class: "place", id: "webhook-outcome", "aria-live": "polite" });
  #secretPlace = el("div", { class: "place", id: "webhook-secret" });

  /** `may` tells whether the caller has a permission. */
  constructor(endpoint, may) {
    this.#endpoint = endpoint;
    this.#may = may;
    const mayManage = may("collimator.webhooks.manage");
    this.deliveries = new DeliveryList(endpoint.id, mayManage);
    this.replays = new ReplayList(endpoint.id, mayManage, () => this.deliveries.reload());
    this.element = el(
      "div", { id: "webhook" }, this.#head, this.#secretPlace, this.#place, this.deliveries.element, this.replays.element,
    );
    this.#draw();
  }

  /** Asks for what is not known yet; `secret` is shown once, where the endpoint was just made. */
  start(secret) {
    if (secret) this.#showSecret(secret, "The endpoint is made.");
    this.deliveries.reload();
    this.replays.reload();
    this.#tellLasts();
  }

  close() {
    this.#abort.abort();
    this.deliveries.close();
    this.replays.close();
    this.element.replaceChildren();
  }

  #draw() {
    const endpoint = this.#endpoint;
    const [state, shade] = endpointState(endpoint);
    const pause = pauseWords(endpoint);
    this.lasts = el("div", { id: "webhook-lasts" });
    fill(
      this.#head,
      el(
        "h1", { tabindex: "-1", class: "entry-head" },
        el("bdi", {}, endpoint.name), el("span", { class: `chip ${shade}` }, state), pause && el("span", { class: "chip warn" }, pause),
      ),
      el(
        "div", { class: "panel" },
        facts({
          "Address": el("bdi", { class: "code" }, endpoint.url),
          "Rules name it": el("bdi", { class: "code" }, endpoint.principal),
          "Asks for": filterWords(endpoint),
          "Is told": dataPolicies[endpoint.dataPolicy] ?? endpoint.dataPolicy,
          "Calls": [
            endpoint.callsPerMinute ? `at most ${endpoint.callsPerMinute.toLocaleString("en")} in a minute` : "as many as it takes",
            endpoint.ordered && "one event of a study after the other",
          ].filter(Boolean).join(", "),
          "Headers": endpoint.headerNames?.join(", "),
          "Certificate": endpoint.clientCertificate && `ours, until ${moment(endpoint.clientCertificate.endsAt)}`,
          "Made": moment(endpoint.createdAt),
          "Secret": endpoint.previousSecretEndsAt && `the one before signs too, until ${moment(endpoint.previousSecretEndsAt)}`,
          "Failures": endpoint.failuresInARow > 0 && `the last ${endpoint.failuresInARow} in a row`,
        }),
        this.lasts,
        el("div", { class: "choices" }, this.#choices()),
      ),
    );
  }

  #choices() {
    const { id, state, principal } = this.#endpoint;
    const isCalled = state === "active";
    const isNew = state === "unverified";
    return [
      ...(this.#may("collimator.webhooks.manage") ? [
        !isCalled && this.#action("webhook-verify", isNew ? "Verify" : "Verify and call again", () => this.#verify(), "primary"),
        isCalled && this.#action("webhook-test", "Send a test", () => this.#test()),
        el("a", { class: "button", id: "webhook-edit", href: `#/edit-webhook/${encodeURIComponent(id)}` }, "Edit"),
        this.#action("webhook-rotate", "New secret", () => this.#askRotation()),
        isCalled && this.#action("webhook-suspend", "Switch off", () => this.#suspend()),
        this.#action("webhook-remove", "Delete", () => this.#remove()),
      ] : []),
      this.#may("collimator.policy.update") &&
        el("a", { class: "button", href: `#/new-rule?principal=${encodeURIComponent(principal)}` }, "Make a rule for it"),
      this.#may("collimator.policy.get") &&
        el("a", { class: "button", href: `#/explain?principal=${encodeURIComponent(principal)}` }, "What may it see?"),
    ];
  }

  /** A button whose failure is said under the head. */
  #action(id, label, action, shade) {
    return button(label, async () => {
      this.#place.replaceChildren();
      try {
        await action();
      } catch (problem) {
        if (!this.#abort.signal.aborted) fill(this.#place, problemNotice(problem));
      }
    }, { id, class: shade });
  }

  /** Shows the endpoint as it is now; the focus stays where it was, or goes to the heading. */
  #become(endpoint, said) {
    if (this.#abort.signal.aborted) return;
    const { id } = document.activeElement ?? {};
    const hadFocus = this.#head.contains(document.activeElement);
    this.#endpoint = endpoint;
    this.#draw();
    this.#tellLasts();
    announce(said);
    if (!hadFocus) return;
    const again = id && this.#head.querySelector(`#${CSS.escape(id)}`);
    (again || this.#head.querySelector("h1")).focus({ preventScroll: true });
  }

  async #verify() {
    const endpoint = await api.verifyWebhook(this.#endpoint.id);
    this.#become(endpoint, `${endpoint.name} is active`);
    fill(this.#place, el("p", { class: "good" }, "It has answered the challenge and is called from now on."));
    this.deliveries.reload();
  }

  async #test() {
    const outcome = await api.testWebhook(this.#endpoint.id);
    const after = `${outcomeWords(outcome)}, after ${took(outcome.durationMilliseconds)}.`;
    fill(this.#place, outcome.delivered
      ? el("p", { class: "good" }, `It took the test: ${after}`)
      : el("p", { class: "bad" }, `It did not take the test: ${after}`));
  }

  async #suspend() {
    const { name, id } = this.#endpoint;
    if (!(await confirmed({
      title: ["Switch ", el("bdi", {}, name), " off?"],
      content: el("p", {}, "It is called no more until it is verified again. What waits is kept; what changes meanwhile can be replayed."),
      label: "Switch off",
    }))) return;
    this.#become(await api.suspendWebhook(id), `${name} is switched off`);
  }

  async #remove() {
    const { name, id } = this.#endpoint;
    if (!(await confirmed({
      title: ["Delete ", el("bdi", {}, name), "?"],
      content: el("p", {}, "With all that waits for it. Its secret and its address are forgotten; rules that name it stay."),
      label: "Delete",
    }))) return;
    await api.removeWebhook(id);
    announce(`${name} is deleted`);
    if (!this.#abort.signal.aborted) location.hash = "#/webhooks";
  }

  #askRotation() {
    const asked = rotationForm({
      title: "New secret",
      said: "Messages are signed with both for the time that you choose, so that the receiver can change over within it.",
      label: "Make the secret",
      rotate: async (overlap) => {
        const { secret, ...endpoint } = await api.rotateWebhook(this.#endpoint.id, overlap);
        if (this.#abort.signal.aborted) return;
        this.#become(endpoint, "There is a new secret");
        this.#showSecret(secret, "The secret is another.");
      },
      cancel: () => this.#closeSecret(),
    });
    fill(this.#secretPlace, asked.element);
    asked.focus();
  }

  #showSecret(secret, said) {
    const shown = shownOnce({
      id: "secret-text", label: "The secret", name: this.#endpoint.name, text: secret,
      said: `${said} This is what its receiver verifies messages with. It is shown this once: copy it now.`,
      more: this.#endpoint.state === "unverified" &&
        el("p", { class: "quiet" }, "Give it to the receiver, then verify the endpoint, and make a rule that says what it hears of."),
      choices: button("Done", () => this.#closeSecret(), { id: "secret-done" }),
    });
    fill(this.#secretPlace, shown.element);
    shown.focus();
  }

  #closeSecret() {
    this.#secretPlace.replaceChildren();
    this.#head.querySelector("#webhook-verify, #webhook-rotate")?.focus();
  }

  /** What it took last, and what was last given up. */
  async #tellLasts() {
    const { signal } = this.#abort;
    const place = this.lasts;
    const last = async (state) => (await api.deliveries(this.#endpoint.id, { state, limit: 1 }, null, signal)).items[0];
    try {
      const [taken, lost] = await Promise.all([last("delivered"), last("failed")]);
      fill(place, facts({
        "Last taken": taken ? `${taken.type}, ${moment(taken.endedAt, true)}` : "nothing yet",
        "Last given up": lost && `${lost.type}, ${moment(lost.endedAt, true)}`,
      }));
    } catch {
      // The list of deliveries says what went wrong.
    }
  }
}
