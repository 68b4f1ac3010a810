// People and apps: who has called, who is kept out, and the API keys.

import * as api from "./api.js";
import { announce, button, byId, confirmed, el, fill, problemNotice, showProblem } from "./dom.js";
import { moment } from "./format.js";
import { KeyList } from "./keys.js";
import { Listing } from "./listing.js";
import { methodWords, permissionWords, principalParts } from "./words.js";

export class PeoplePage {
  #element = byId("people");
  #may = () => false;
  #principal = null;
  #principals = null;
  #keys = null;

  /** Shows what the caller may see of it; `may` tells whether it has a permission. */
  show(principal, may) {
    this.close();
    this.#principal = principal;
    this.#may = may;
    this.#principals = new Listing({
      label: "People and apps",
      empty: "Nobody has called yet.",
      load: (cursor, signal) => api.principals(cursor, signal),
      row: (item, entry) => this.#principalRow(item, entry),
    });
    this.#keys = new KeyList(may);
    fill(
      this.#element,
      el("h1", { tabindex: "-1" }, "People and apps"),
      may("collimator.principals.list") && [
        el("p", { class: "quiet lead" }, "Who has called, and who is kept out. Times are by the clock of this device."),
        this.#principals.element,
      ],
      may("collimator.keys.list") && this.#keys.parts,
    );
    if (may("collimator.principals.list")) this.#principals.reload();
    if (may("collimator.keys.list")) this.#keys.reload();
  }

  /** Forgets what is shown, the text of a new key before all. */
  close() {
    this.#principals?.close();
    this.#keys?.close();
    this.#element.replaceChildren();
  }

  #principalRow(item, entry) {
    const isOther = item.principal !== this.#principal && item.principal !== "administrator";
    const seen = item.lastSeenAt
      ? [`Last seen ${moment(item.lastSeenAt)}`, item.authenticationMethod && `with ${methodWords(item.authenticationMethod)}`]
      : ["Never called"];
    return [
      el(
        "div", { class: "entry-text" },
        principalHead(item.principal, item.suspended && el("span", { class: "chip bad" }, "Kept out")),
        el("p", {}, el("bdi", {}, seen.filter(Boolean).join(" "))),
        item.suspended && el("p", { class: "quiet" }, el("bdi", {}, `Kept out since ${moment(item.suspendedAt)} by ${item.suspendedBy}`)),
        item.memberships.length > 0 && el("p", { class: "quiet" }, el("bdi", {}, `Also ${item.memberships.join(", ")}`)),
        this.#rights(item),
      ),
      el(
        "div", { class: "choices" },
        this.#may("collimator.audit.read") &&
          el("a", { class: "button", href: `#/audit?caller=${encodeURIComponent(item.principal)}` }, "What it did"),
        this.#may("collimator.principals.suspend") && isOther && button(
          item.suspended ? "Let in again" : "Keep out", () => this.#turn(item, entry), { class: item.suspended ? "let-in" : "suspend" },
        ),
      ),
    ];
  }

  /** What a principal may do is asked when somebody wants to see it. */
  #rights(item) {
    const content = el("div", { class: "rights" });
    const tell = async () => {
      fill(content, el("p", { class: "quiet" }, "Loading…"));
      try {
        const { effectiveRights } = await api.principal(item.id);
        const groups = [
          ["The service", effectiveRights.permissions],
          ...effectiveRights.stores.map((one) => [`Store ${one.name}`, one.permissions]),
        ].filter(([, permissions]) => permissions.length > 0);
        fill(
          content,
          groups.flatMap(([name, permissions]) =>
            [el("h3", {}, name), el("ul", {}, permissions.map((one) => el("li", {}, permissionWords(one))))]),
          groups.length === 0 &&
            el("p", { class: "quiet" }, "Nothing on a whole store or the service; rules may give it single studies."),
          item.memberships.length > 0 && el("p", { class: "quiet" }, "Its groups may add to it."),
        );
      } catch (problem) {
        fill(content, problemNotice(problem, tell));
      }
    };
    return el(
      "details", { ontoggle: (event) => event.target.open && content.childElementCount === 0 && tell() },
      el("summary", {}, "What it may do"),
      content,
    );
  }

  async #turn(item, entry) {
    const { name } = principalParts(item.principal);
    if (!item.suspended && !(await confirmed({
      title: ["Keep ", el("bdi", {}, name), " out?"],
      content: el("p", {}, "Sessions end, and keys, tokens and signed links no longer work, until it is let in again."),
      label: "Keep out",
    }))) return;
    try {
      if (item.suspended) await api.letIn(item.id);
      const now = item.suspended ? await api.principal(item.id) : await api.suspend(item.id);
      this.#principals.replace(entry, now);
      announce(now.suspended ? `${name} is kept out` : `${name} is let in again`);
    } catch (problem) {
      showProblem(entry, problem);
    }
  }
}

/** A principal's kind and name, and as rules name it. */
export function principalHead(principal, ...more) {
  const { kind, name, issuer } = principalParts(principal);
  return el(
    "p", { class: "entry-head" },
    el("span", { class: "chip" }, kind), " ", el("bdi", { class: "name" }, name), issuer && el("span", { class: "quiet" }, ` of ${issuer}`),
    name !== principal && el("bdi", { class: "code quiet" }, principal), ...more,
  );
}
