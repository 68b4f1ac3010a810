// The API keys: made, given another text, revoked. What a key's holder has is shown once.

import * as api from "./api.js";
import { announce, button, choice, confirmed, el, field, fill, form, problemNotice, showProblem } from "./dom.js";
import { dayStart, moment } from "./format.js";
import { Listing } from "./listing.js";
import { rotationForm, shownOnce } from "./once.js";

const shades = { active: "good", expired: "warn", revoked: "bad" };
const kinds = { text: "A text", file: "A key file, as Google’s client libraries read it" };
const soonMilliseconds = 14 * 24 * 60 * 60 * 1000;

export class KeyList {
  #may;
  #place = el("div", { class: "place", id: "new-key" });
  #listing = new Listing({
    label: "API keys",
    empty: "There are no keys.",
    load: (cursor, signal) => api.keys(cursor, signal),
    row: (key, entry) => this.#row(key, entry),
  });

  /** `may` tells whether the caller has a permission. */
  constructor(may) {
    this.#may = may;
    this.parts = [
      el(
        "div", { class: "section-head" },
        el("h2", {}, "API keys"),
        may("collimator.keys.manage") && button("New key", () => this.#ask(), { id: "open-new-key" }),
      ),
      this.#place,
      this.#listing.element,
    ];
  }

  reload() {
    this.#listing.reload();
  }

  /** Forgets what is shown, the text of a new key before all. */
  close() {
    this.#place.replaceChildren();
    this.#listing.close();
  }

  #row(key, entry) {
    const isSoon = key.state === "active" && key.expiresAt && Date.parse(key.expiresAt) - Date.now() < soonMilliseconds;
    return [
      el(
        "div", { class: "entry-text" },
        el(
          "p", { class: "entry-head" },
          el("bdi", { class: "name" }, key.name), " ", el("span", { class: `chip ${shades[key.state] ?? ""}` }, key.state),
          key.kind === "file" && el("span", { class: "chip" }, "key file"),
          isSoon && el("span", { class: "chip warn" }, "ends soon"),
        ),
        el("p", {}, el("bdi", { class: "code" }, key.principal)),
        key.secrets.map((secret) => el(
          "p", { class: "quiet secret" },
          el("span", { class: "code" }, `${secret.prefix}…`),
          ` since ${moment(secret.createdAt)}`,
          secret.endsAt && el("strong", {}, `, works until ${moment(secret.endsAt)}`),
        )),
        el("p", { class: "quiet" }, [
          `Made ${moment(key.createdAt)} by ${key.owner}`,
          key.lastUsedAt ? `used ${moment(key.lastUsedAt)}` : "never used",
          key.revokedAt ? `revoked ${moment(key.revokedAt)}` : key.expiresAt ? `ends ${moment(key.expiresAt)}` : "does not end by itself",
        ].join(" · ")),
      ),
      this.#may("collimator.keys.manage") && key.state === "active" && el(
        "div", { class: "choices" },
        button("Rotate", () => this.#askRotation(key, entry), { class: "rotate", "aria-label": `Rotate ${key.name}` }),
        button("Revoke", () => this.#revoke(key, entry), { class: "revoke", "aria-label": `Revoke ${key.name}` }),
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
      this.#listing.replace(entry, await api.key(key.id));
      announce(`${key.name} is revoked`);
    } catch (problem) {
      showProblem(entry, problem);
    }
  }

  #askRotation(key, entry) {
    const asked = rotationForm({
      title: ["Rotate ", el("bdi", {}, key.name)],
      said: "The key gets a new text. What its rules allow stays, and any earlier text but the last works no longer.",
      label: "Make the new text",
      rotate: async (overlap) => {
        const made = await api.rotateKey(key.id, overlap);
        // The view may have been left meanwhile; what is shown once is not shown then.
        if (!entry.isConnected) return;
        this.#listing.replace(entry, { ...made, key: undefined, keyFile: undefined });
        this.#show(made);
      },
      cancel: () => this.#close(entry.querySelector(".rotate")),
    });
    fill(this.#place, asked.element);
    this.#place.scrollIntoView({ block: "nearest" });
    asked.focus();
  }

  #ask() {
    const name = el("input", { required: true, maxlength: "100", autocomplete: "off", placeholder: "The referrers' portal" });
    const id = el("input", {
      pattern: "[a-z][a-z0-9\\-]{2,62}", maxlength: "63", autocomplete: "off", spellcheck: "false", placeholder: "portal",
    });
    const end = el("input", { type: "date" });
    const kind = choice({ id: "key-kind" }, Object.entries(kinds), "text");
    const fault = el("div", {});
    const make = async () => {
      const wish = { name: name.value.trim() };
      if (id.value) wish.id = id.value;
      if (end.value) wish.expiresAt = dayStart(end.value, 1);
      if (kind.value !== "text") wish.kind = kind.value;
      try {
        const made = await api.makeKey(wish);
        if (!fault.isConnected) return;
        this.#show(made);
        this.#listing.prepend({ ...made, key: undefined, keyFile: undefined });
      } catch (problem) {
        fill(fault, problemNotice(problem));
      }
    };
    fill(this.#place, form(
      { class: "panel" }, make,
      el("h3", {}, "New key"),
      el(
        "div", { class: "fields" },
        field("Name", name, "What people call it."),
        field("Id", id, "Rules name it client:id. Small letters, digits and hyphens; made up where it is empty."),
        field("Last day", end, "It works until the end of that day."),
        field("Its holder gets", kind),
      ),
      fault,
      el("div", { class: "choices" }, el("button", { class: "primary" }, "Make the key"), button("Cancel", () => this.#close())),
    ));
    name.focus();
  }

  /** What the holder gets stands here and nowhere else, until the view is left. */
  #show(made) {
    const file = made.keyFile && { name: `${made.id}-key-file.json`, content: `${JSON.stringify(made.keyFile, null, 2)}\n` };
    const shown = shownOnce({
      id: file ? "key-file" : "key-text", label: file ? "The key file" : "The key", name: made.name, text: made.key, file,
      said: file
        ? "This is the key file. It is given this once and its private key is kept nowhere: save it now."
        : "This is the key. It is shown this once and kept nowhere: copy it now.",
      more: el("p", { class: "quiet" }, "A rule for ", el("bdi", { class: "code" }, made.principal), " says what it may do."),
      choices: [
        this.#may("collimator.policy.update") &&
          el("a", { class: "button", href: `#/new-rule?principal=${encodeURIComponent(made.principal)}` }, "Make a rule for it"),
        button("Done", () => this.#close(), { id: "key-done" }),
      ],
    });
    fill(this.#place, shown.element);
    this.#place.scrollIntoView({ block: "nearest" });
    shown.focus();
  }

  #close(focused) {
    this.#place.replaceChildren();
    (focused ?? document.getElementById("open-new-key"))?.focus();
  }
}
