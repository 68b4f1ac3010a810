// The versions of the policy: what each changed, and back to one, with who gains and who loses by it first.

import * as api from "./api.js";
import { announce, backLink, button, byId, el, fill, problemNotice } from "./dom.js";
import { moment } from "./format.js";
import { Listing } from "./listing.js";
import { changeSentence, isSame } from "./policychange.js";
import { ruleSentence } from "./rules.js";
import { rulesNav } from "./rulesnav.js";

/** How many parts of a difference are shown. */
const shownMax = 100;

export class VersionsPage {
  #element = byId("versions");
  #listing = null;
  #abort = new AbortController();

  /** Shows the list. */
  show(me) {
    this.close();
    let newest = null;
    this.#listing = new Listing({
      label: "Versions of the policy",
      empty: "The policy was never changed: it has no rules.",
      load: (cursor, signal) => api.policyVersions(cursor, signal),
      row: (version) => {
        newest ??= version.version;
        return row(version, version.version === newest);
      },
    });
    fill(
      this.#element,
      rulesNav("#/versions", me),
      el("h1", { tabindex: "-1" }, "Versions of the policy"),
      el("p", { class: "quiet lead" }, "Each change of rules, groups or roles makes a version. An earlier one is brought back as a new one."),
      this.#listing.element,
    );
    this.#listing.reload();
  }

  /** Shows what one version changed, and what bringing it back would do. */
  async showOne(may, text) {
    this.close();
    const number = Number(text);
    const { signal } = this.#abort;
    const changed = el("div", { id: "version-changed" }, el("p", { class: "quiet", role: "status" }, "Loading…"));
    const outcome = el("div", { class: "place", id: "version-outcome", "aria-live": "polite" });
    fill(
      this.#element, backLink("#/versions", "All versions"), el("h1", { tabindex: "-1" }, `Version ${text}`), changed, outcome,
    );
    try {
      const [then, before, { policy: now, tag }] = await Promise.all([
        api.policyVersion(text, signal), number > 0 ? earlier(number - 1, signal) : null, api.policy(),
      ]);
      if (signal.aborted) return;
      const isNow = tag === `"${number}"`;
      fill(
        changed,
        number > 0 && el("h2", {}, "What it changed"),
        number > 0 && (before ? difference(before, then) : el("p", { class: "quiet" }, "The version before it is no longer kept.")),
        el("h2", {}, isNow ? "It is in force" : "What bringing it back would change"),
        isNow ? null : difference(now, then),
        !isNow && may("collimator.policy.update") && el(
          "div", { class: "choices" },
          button("Who would gain, who would lose?", () => this.#try(number, then, outcome), { class: "primary", id: "version-try" }),
        ),
      );
    } catch (problem) {
      if (!signal.aborted) fill(changed, problemNotice(problem, () => this.showOne(may, text)));
    }
  }

  close() {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#listing?.close();
    this.#listing = null;
    this.#element.replaceChildren();
  }

  /** Tries it on the policy in force, and offers to bring it back in the place of that one and no other. */
  async #try(number, then, outcome) {
    const { signal } = this.#abort;
    fill(outcome, el("p", { class: "quiet", role: "status" }, "Trying…"));
    try {
      const { tag } = await api.policy();
      const effect = await api.replacePolicy(then, tag, true);
      if (signal.aborted) return;
      const restore = button(`Bring version ${number} back`, () => this.#restore(number, tag, outcome), { class: "primary", id: "version-restore" });
      fill(outcome, el(
        "div", { class: "panel" }, el("h2", {}, "Who gains, who loses"), changeSentence(effect), el("div", { class: "choices" }, restore),
      ));
      outcome.scrollIntoView({ block: "nearest" });
      restore.focus();
    } catch (problem) {
      if (!signal.aborted) fill(outcome, problemNotice(problem));
    }
  }

  async #restore(number, tag, outcome) {
    const { signal } = this.#abort;
    try {
      const { version } = await api.restorePolicy(number, tag);
      announce(`Version ${number} is in force again, as version ${version}`);
      if (!signal.aborted) location.hash = "#/versions";
    } catch (problem) {
      if (!signal.aborted) fill(outcome, problemNotice(problem));
    }
  }
}

function row({ version, madeBy, madeAt, restored }, isNewest) {
  return [
    el(
      "div", { class: "entry-text" },
      el(
        "p", { class: "entry-head" },
        el("span", { class: "name" }, `Version ${version}`), isNewest && el("span", { class: "chip good" }, "in force"),
        restored !== null && el("span", { class: "chip" }, `brought version ${restored} back`),
      ),
      el("p", { class: "quiet" }, `${moment(madeAt, true)}, by `, el("bdi", {}, madeBy)),
    ),
    el(
      "div", { class: "choices" },
      el("a", { class: "button", href: `#/versions/${version}`, "aria-label": `What version ${version} changed` }, isNewest ? "What changed" : "What changed, and back"),
    ),
  ];
}

/** A version that may no longer be kept. */
async function earlier(number, signal) {
  try {
    return await api.policyVersion(String(number), signal);
  } catch (problem) {
    if (problem.status === 404) return null;
    throw problem;
  }
}

const parts = [["rules", "id", "rule"], ["groups", "name", "group"], ["roles", "name", "role"]];

/** What leads from one policy to another, part by part. */
function difference(from, to) {
  const entries = parts.flatMap(([part, key, word]) => changes(from[part] ?? [], to[part] ?? [], key).map((change) => ({ ...change, word })));
  if (entries.length === 0) return el("p", { class: "quiet" }, "Nothing: the two say the same.");
  return el(
    "div", {},
    el("ol", { class: "rows entries", "aria-label": "Differences" }, entries.slice(0, shownMax).map((entry) => el("li", { class: "entry" }, changed(entry)))),
    entries.length > shownMax && el("p", { class: "quiet" }, `And ${entries.length - shownMax} more.`),
  );
}

function changes(from, to, key) {
  const before = new Map(from.map((one) => [one[key], one]));
  const after = new Map(to.map((one) => [one[key], one]));
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((name) => ({ name, old: before.get(name), now: after.get(name) }))
    .filter(({ old, now }) => !isSame(old, now));
}

function changed({ name, old, now, word }) {
  const [label, shade] = !old ? ["Added", "good"] : !now ? ["Removed", "bad"] : ["Changed", "warn"];
  return el(
    "div", { class: "entry-text" },
    el("p", { class: "entry-head" }, el("span", { class: `chip ${shade}` }, label), ` ${word} `, el("bdi", { class: "name" }, name)),
    old && now ? el("div", { class: "before-after" }, aside("Before", old, word), aside("After", now, word)) : described(old ?? now, word),
  );
}

const aside = (label, one, word) => el("div", { class: "quote" }, el("p", { class: "quiet" }, label), described(one, word));

function described(one, word) {
  if (word === "rule") return ruleSentence(one);
  return el("p", {}, el("bdi", { class: "code" }, (one.members ?? one.permissions).join(", ")));
}
