// The access rules: the list of them, and one in a form, with what a change would do before it is made.

import * as api from "./api.js";
import { announce, backLink, button, byId, el, fill, form, problemNotice } from "./dom.js";
import { Listing } from "./listing.js";
import { principalHead } from "./people.js";
import { ChangePanel, removed, replaced } from "./policychange.js";
import { RuleForm } from "./ruleform.js";
import { rulesNav } from "./rulesnav.js";
import { conditionWords, resourceWords } from "./words.js";

const newRule = { id: "", effect: "allow", principal: "", role: "viewer", resource: "*" };

export class RulesPage {
  #element = byId("rules");
  #may = () => false;
  #stores = [];
  #listing = null;
  #abort = new AbortController();

  /** Shows the list. */
  show(me, may) {
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
      rulesNav("#/rules", me),
      el(
        "div", { class: "section-head" },
        el("h1", { tabindex: "-1" }, "Rules"),
        may("collimator.policy.update") && el("a", { class: "button primary", href: "#/new-rule" }, "New rule"),
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
    fill(this.#element, toRules(), el("p", { class: "quiet", role: "status" }, "Loading…"));
    try {
      const [roles, rule] = await Promise.all([
        api.roles(signal),
        id ? api.rule(id, signal) : { ...newRule, principal, resource: stores[0] ? `stores/${stores[0]}` : "*" },
      ]);
      if (!signal.aborted) this.#draw(rule, roles, !id);
    } catch (problem) {
      if (signal.aborted) return;
      fill(this.#element, toRules(), problemNotice(problem, () => this.edit(may, stores, { id, principal })));
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
        mayChange && button("Remove", () => this.#remove(rule, entry), { class: "remove", "aria-label": `Remove ${rule.id}` }),
      ),
    ];
  }

  #draw(rule, roles, isNew) {
    const ruleForm = new RuleForm(rule, { roles, stores: this.#stores, may: this.#may, isNew });
    const outcome = el("div", { class: "place", id: "rule-outcome", "aria-live": "polite" });
    const panel = new ChangePanel(outcome, this.#abort.signal);
    const element = form(
      // What was tried is no longer what would be saved.
      { class: "panel rule", id: "rule-form", oninput: () => outcome.replaceChildren() },
      () => void this.#try(isNew ? null : rule, ruleForm.rule, panel),
      ruleForm.parts,
      el(
        "div", { class: "choices" },
        el("button", { class: "primary", id: "rule-try" }, "What would change?"),
        el("a", { class: "button", href: "#/rules" }, "Cancel"),
      ),
    );
    fill(
      this.#element,
      toRules(),
      el("h1", { tabindex: "-1" }, isNew ? "New rule" : `Rule ${rule.id}`),
      element,
      outcome,
    );
    ruleForm.focus();
  }

  #try(old, rule, panel) {
    const done = () => {
      announce(`The rule ${rule.id} is in force`);
      location.hash = "#/rules";
    };
    return panel.try({ edit: edited(old, rule), label: "Save the rule", id: "rule-save", more: ruleSentence(rule), done });
  }

  async #remove(rule, entry) {
    if (await removed(entry, {
      edit: edited(rule, null),
      title: `Remove the rule ${rule.id}?`,
      more: ruleSentence(rule),
      said: `The rule ${rule.id} is removed`,
    })) this.#listing?.reload();
  }
}

/** What makes a policy with `now` in place of `old` of one. */
const edited = (old, now) => (policy) => ({ ...policy, rules: replaced(policy.rules ?? [], old, now, "id") });

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

const toRules = () => backLink("#/rules", "All rules");
