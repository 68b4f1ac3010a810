// People and apps: who has called, who is kept out, and the API keys.

import * as api from "./api.js";
import { announce, byId, confirmed, el, field, fill, problemNotice } from "./dom.js";
import { dayStart, moment } from "./format.js";
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
    this.#keys = new Listing({
      label: "API keys",
      empty: "There are no keys.",
      load: (cursor, signal) => api.keys(cursor, signal),
      row: (item, entry) => this.#keyRow(item, entry),
    });
    this.keyPlace = el("div", { class: "place", id: "new-key" });
    fill(
      this.#element,
      el("h1", { tabindex: "-1" }, "People and apps"),
      may("collimator.principals.list") && [
        el("p", { class: "quiet lead" }, "Who has called, and who is kept out. Times are by the clock of this device."),
        this.#principals.element,
      ],
      may("collimator.keys.list") && [
        el(
          "div", { class: "section-head" },
          el("h2", {}, "API keys"),
          may("collimator.keys.manage") &&
            el("button", { type: "button", id: "open-new-key", onclick: () => this.#askForKey() }, "New key"),
        ),
        this.keyPlace,
        this.#keys.element,
      ],
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
        this.#may("collimator.principals.suspend") && isOther && el(
          "button",
          { type: "button", class: item.suspended ? "let-in" : "suspend", onclick: () => this.#turn(item, entry) },
          item.suspended ? "Let in again" : "Keep out",
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

  #keyRow(key, entry) {
    const states = { active: "good", expired: "warn", revoked: "bad" };
    return [
      el(
        "div", { class: "entry-text" },
        el(
          "p", { class: "entry-head" },
          el("bdi", { class: "name" }, key.name), " ", el("span", { class: `chip ${states[key.state] ?? ""}` }, key.state),
        ),
        el(
          "p", {},
          el("bdi", { class: "code" }, key.principal),
          key.secrets.map((secret) => el("span", { class: "code quiet" }, ` ${secret.prefix}…`)),
        ),
        el("p", { class: "quiet" }, [
          `Made ${moment(key.createdAt)} by ${key.owner}`,
          key.lastUsedAt ? `used ${moment(key.lastUsedAt)}` : "never used",
          key.revokedAt ? `revoked ${moment(key.revokedAt)}` : key.expiresAt ? `ends ${moment(key.expiresAt)}` : "does not end by itself",
        ].join(" · ")),
      ),
      this.#may("collimator.keys.manage") && key.state === "active" && el(
        "div", { class: "choices" },
        el("button", { type: "button", class: "revoke", onclick: () => this.#revoke(key, entry) }, "Revoke"),
      ),
    ];
  }

  async #revoke(key, entry) {
    if (!(await confirmed({
      title: ["Revoke ", el("bdi", {}, key.name), "?"],
      content: el("p", {}, "The app that holds it is refused from now on. A key that was revoked never works again."),
      label: "Revoke",
    }))) return;
    try {
      await api.revokeKey(key.id);
      this.#keys.replace(entry, await api.key(key.id));
      announce(`${key.name} is revoked`);
    } catch (problem) {
      showProblem(entry, problem);
    }
  }

  #askForKey() {
    const name = el("input", { required: true, maxlength: "100", autocomplete: "off", placeholder: "The referrers' portal" });
    const id = el("input", {
      pattern: "[a-z][a-z0-9\\-]{2,62}", maxlength: "63", autocomplete: "off", spellcheck: "false", placeholder: "portal",
    });
    const end = el("input", { type: "date" });
    const fault = el("div", {});
    const form = el(
      "form", {
        class: "panel",
        onsubmit: (event) => {
          event.preventDefault();
          make();
        },
      },
      el("h3", {}, "New key"),
      el(
        "div", { class: "fields" },
        field("Name", name, "What people call it."),
        field("Id", id, "Rules name it client:id. Small letters, digits and hyphens; made up where it is empty."),
        field("Last day", end, "It works until the end of that day."),
      ),
      fault,
      el(
        "div", { class: "choices" },
        el("button", { class: "primary" }, "Make the key"),
        el("button", { type: "button", onclick: () => this.#closeKey() }, "Cancel"),
      ),
    );
    const make = async () => {
      const wish = { name: name.value.trim() };
      if (id.value) wish.id = id.value;
      if (end.value) wish.expiresAt = dayStart(end.value, 1);
      try {
        const made = await api.makeKey(wish);
        this.#showKey(made);
        this.#keys.prepend({ ...made, key: undefined });
      } catch (problem) {
        fill(fault, problemNotice(problem));
      }
    };
    fill(this.keyPlace, form);
    name.focus();
  }

  /** The text of a new key stands here and nowhere else, until the view is left. */
  #showKey(made) {
    const text = el("input", {
      class: "code", id: "key-text", readonly: true, value: made.key, "aria-label": "The key", onfocus: () => text.select(),
    });
    const copy = el("button", {
      type: "button",
      onclick: async () => {
        try {
          await navigator.clipboard.writeText(made.key);
          announce("Copied");
          copy.textContent = "Copied";
        } catch {
          text.focus();
        }
      },
    }, "Copy");
    fill(this.keyPlace, el(
      "div", { class: "panel", role: "group", "aria-label": `The key ${made.name}` },
      el("h3", {}, el("bdi", {}, made.name)),
      el("p", {}, "This is the key. It is shown this once and kept nowhere: copy it now."),
      el("div", { class: "key-line" }, text, navigator.clipboard && copy),
      el("p", { class: "quiet" }, "It may do nothing yet. A rule for ", el("bdi", { class: "code" }, made.principal), " says what it may do."),
      el(
        "div", { class: "choices" },
        this.#may("collimator.policy.update") &&
          el("a", { class: "button", href: `#/new-rule?principal=${encodeURIComponent(made.principal)}` }, "Make a rule for it"),
        el("button", { type: "button", id: "key-done", onclick: () => this.#closeKey() }, "Done"),
      ),
    ));
    text.focus();
  }

  #closeKey() {
    this.keyPlace.replaceChildren();
    byId("open-new-key")?.focus();
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

function showProblem(entry, problem) {
  entry.querySelector(":scope > .problem")?.remove();
  entry.append(problemNotice(problem));
}
