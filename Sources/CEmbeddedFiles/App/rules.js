// The access rules: the list of them, and one in a form, with what a change would do before it is made.

import * as api from "./api.js";
import { announce, byId, confirmed, el, fill, icon, problemNotice } from "./dom.js";
import { Listing } from "./listing.js";
import { principalHead } from "./people.js";
import { RuleForm } from "./ruleform.js";
import { conditionWords, resourceWords } from "./words.js";

const newRule = { id: "", effect: "allow", principal: "", role: "viewer", resource: "*" };

export class RulesPage {
  #element = byId("rules");
  #may = () => false;
  #stores = [];
  #listing = null;
  #abort = new AbortController();

  /** Shows the list. */
  show(may) {
    this.close();
    this.#may = may;
    this.#listing = new Listing({
      label: "Rules",
      empty: "There are no rules yet: nobody but the holder of the administrator key may do anything.",
      load: (cursor, signal) => api.rules(cursor, signal),
      row: (rule, entry) => this.#row(rule, entry),
    });
    fill(
      this.#element,
      el(
        "div", { class: "section-head" },
        el("h1", { tabindex: "-1" }, "Rules"),
        el(
          "div", { class: "choices" },
          el("a", { class: "button", href: "#/explain" }, "Explain"),
          may("collimator.policy.update") && el("a", { class: "button primary", href: "#/new-rule" }, "New rule"),
        ),
      ),
      el("p", { class: "quiet lead" }, "What no rule allows is denied, and a rule that denies beats every rule that allows."),
      this.#listing.element,
    );
    this.#listing.reload();
  }

  /** Shows one rule in the form; without an id, a new one, for this principal. */
  async edit(may, stores, { id, principal }) {
    this.close();
    this.#may = may;
    this.#stores = stores;
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    fill(this.#element, backLink(), el("p", { class: "quiet", role: "status" }, "Loading…"));
    try {
      const [roles, rule] = await Promise.all([
        api.roles(signal),
        id ? api.rule(id, signal) : { ...newRule, principal, resource: stores[0] ? `stores/${stores[0]}` : "*" },
      ]);
      if (!signal.aborted) this.#draw(rule, roles, !id);
    } catch (problem) {
      if (signal.aborted) return;
      fill(this.#element, backLink(), problemNotice(problem, () => this.edit(may, stores, { id, principal })));
    }
  }

  close() {
    this.#abort.abort();
    this.#listing?.close();
    this.#listing = null;
    this.#element.replaceChildren();
  }

  #row(rule, entry) {
    const mayChange = this.#may("collimator.policy.update");
    return [
      el("div", { class: "entry-text" }, ruleSentence(rule)),
      el(
        "div", { class: "choices" },
        mayChange && el("a", { class: "button", href: `#/rules/${encodeURIComponent(rule.id)}`, "aria-label": `Edit ${rule.id}` }, "Edit"),
        mayChange && el(
          "button",
          { type: "button", class: "remove", "aria-label": `Remove ${rule.id}`, onclick: () => this.#remove(rule, entry) },
          "Remove",
        ),
      ),
    ];
  }

  #draw(rule, roles, isNew) {
    const form = new RuleForm(rule, { roles, stores: this.#stores, may: this.#may, isNew });
    const outcome = el("div", { class: "place", id: "rule-outcome", "aria-live": "polite" });
    const element = el(
      "form", {
        class: "panel rule", id: "rule-form",
        // What was tried is no longer what would be saved.
        oninput: () => outcome.replaceChildren(),
        onsubmit: (event) => {
          event.preventDefault();
          this.#try(isNew ? null : rule, form.rule, outcome);
        },
      },
      form.parts,
      el(
        "div", { class: "choices" },
        el("button", { class: "primary", id: "rule-try" }, "What would change?"),
        el("a", { class: "button", href: "#/rules" }, "Cancel"),
      ),
    );
    fill(
      this.#element,
      backLink(),
      el("h1", { tabindex: "-1" }, isNew ? "New rule" : `Rule ${rule.id}`),
      element,
      outcome,
    );
    form.focus();
  }

  /** Says what a change would do, and offers to make it: exactly that one, from exactly that version. */
  async #try(old, rule, outcome) {
    const { signal } = this.#abort;
    const trying = el("p", { class: "quiet", role: "status" }, "Trying…");
    fill(outcome, trying);
    try {
      const change = await PolicyChange.of(old, rule);
      // The view was left, or the form was changed meanwhile: this is no longer what would be saved.
      if (signal.aborted || !trying.isConnected) return;
      const save = el(
        "button", { type: "button", class: "primary", id: "rule-save", onclick: () => this.#save(change, rule, outcome) },
        "Save the rule",
      );
      fill(outcome, el(
        "div", { class: "panel" },
        el("h2", {}, "What would change"),
        changeSentence(change.effect),
        ruleSentence(rule),
        !change.isNothing && el("div", { class: "choices" }, save),
      ));
      outcome.scrollIntoView({ block: "nearest" });
      save.focus();
    } catch (problem) {
      if (!signal.aborted && trying.isConnected) fill(outcome, problemNotice(problem));
    }
  }

  async #save(change, rule, outcome) {
    const { signal } = this.#abort;
    try {
      await change.make();
      announce(`The rule ${rule.id} is in force`);
      if (!signal.aborted) location.hash = "#/rules";
    } catch (problem) {
      if (!signal.aborted) fill(outcome, problemNotice(problem));
    }
  }

  async #remove(rule, entry) {
    entry.querySelector(":scope > .problem")?.remove();
    try {
      const change = await PolicyChange.of(rule, null);
      if (!(await confirmed({
        title: `Remove the rule ${rule.id}?`,
        content: el("div", { class: "place" }, changeSentence(change.effect), ruleSentence(rule)),
        label: "Remove",
      }))) return;
      await change.make();
      announce(`The rule ${rule.id} is removed`);
      this.#listing?.reload();
    } catch (problem) {
      entry.append(problemNotice(problem));
    }
  }
}

/** A change of one rule, made from a version of the policy and tried on it. */
class PolicyChange {
  #policy;
  #tag;

  /** From `old` to `now`; the one is null where the rule is new, the other where it goes. */
  static async of(old, now) {
    const change = new PolicyChange();
    const { policy, tag } = await api.policy();
    const rules = policy.rules ?? [];
    const id = (old ?? now).id;
    const index = rules.findIndex((rule) => rule.id === id);
    if (old && (index < 0 || !isSame(rules[index], old))) throw changedMeanwhile();
    if (!old && index >= 0) throw new api.Problem({ title: "There is a rule of this name already" });
    const place = old ? index : rules.length;
    change.#policy = { ...policy, rules: [...rules.slice(0, place), ...(now ? [now] : []), ...rules.slice(place + 1)] };
    change.#tag = tag;
    try {
      change.effect = await api.replacePolicy(change.#policy, tag, true);
    } catch (problem) {
      throw withPlaces(problem, place, id);
    }
    return change;
  }

  get isNothing() {
    const { added, removed, changed } = this.effect;
    return [added, removed, changed].every((ids) => ids.length === 0);
  }

  /** Puts it in force, where nothing else has changed since it was tried. */
  make() {
    return api.replacePolicy(this.#policy, this.#tag, false);
  }
}

const changedMeanwhile = () =>
  new api.Problem({ title: "The rule was changed meanwhile", detail: "Go back to the list and open it again." });

/** Faults name rules by their place in the policy, which nobody sees here. */
function withPlaces(problem, place, id) {
  for (const error of problem.errors ?? []) if (error.place === `rules[${place}]`) error.place = `Rule ${id}`;
  return problem;
}

const isSame = (one, other) => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));

const sorted = (value) => {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
};

/** Who gains and who loses by a change. */
function changeSentence({ added, removed, changed, mayGain, mayLose }) {
  const what = [
    added.length > 0 && `Adds ${added.join(", ")}.`, removed.length > 0 && `Removes ${removed.join(", ")}.`,
    changed.length > 0 && `Changes ${changed.join(", ")}.`,
  ].filter(Boolean).join(" ") || "Nothing would change.";
  const group = (name, id, principals) => principals.length > 0 &&
    el("div", { id }, el("dt", {}, name), el("dd", {}, principals.map((one) => el("bdi", { class: "code" }, one))));
  return el(
    "div", { class: "change" },
    el("p", {}, what),
    el("dl", {}, group("May gain", "may-gain", mayGain), group("May lose", "may-lose", mayLose)),
  );
}

/** A rule as people read it. */
export function ruleSentence(rule) {
  const conditions = conditionWords(rule);
  return el(
    "div", { class: "sentence" },
    el(
      "p", { class: "entry-head" },
      rule.effect === "deny" ? el("span", { class: "chip bad" }, "Deny") : el("span", { class: "chip good" }, "Allow"),
      " ", el("bdi", { class: "name" }, rule.id),
    ),
    principalHead(rule.principal),
    el("p", {}, "as ", el("strong", {}, rule.role), " on ", el("bdi", {}, resourceWords(rule.resource))),
    conditions.length > 0 && el("ul", { class: "conditions" }, conditions.map((text) => el("li", {}, el("bdi", {}, text)))),
  );
}

const backLink = () => el("a", { class: "back", href: "#/rules" }, icon("back"), "All rules");
