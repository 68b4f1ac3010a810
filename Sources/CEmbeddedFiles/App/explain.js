// Why somebody may do something, or may not: a question, and the decision with its rule in words.

import * as api from "./api.js";
import { byId, choice, el, field, fill, form, problemNotice } from "./dom.js";
import { ruleSentence } from "./rules.js";
import { rulesNav } from "./rulesnav.js";
import { principalInput } from "./suggest.js";
import { decisionWords, permissionNames, permissionWords } from "./words.js";

export class ExplainPage {
  #element = byId("explain");
  #asking = 0;

  /** Shows the form, filled in as far as `asked` says; asks at once where that is enough. */
  show(me, may, stores, asked) {
    const { input, list } = principalInput({ id: "explain-principal", value: asked.principal, required: true }, may);
    const permission = choice({ id: "explain-permission" }, permissionNames(me).map((name) => [name, permissionWords(name)]));
    const places = [...new Set([...stores, ...(asked.store ? [asked.store] : [])])];
    const store = choice(
      { id: "explain-store" }, [...places.map((name) => [name, `Store ${name}`]), ["", "The service as a whole"]], asked.store,
    );
    const study = el("input", {
      id: "explain-study", value: asked.study, pattern: "[0-9.]{1,64}", maxlength: "64", autocomplete: "off",
      placeholder: "the store as a whole",
    });
    const purpose = el("input", { autocomplete: "off", placeholder: "TREAT" });
    const answer = el("div", { class: "place", id: "explanation", "aria-live": "polite" });
    const narrow = () => {
      study.disabled = store.value === "";
      if (study.disabled) study.value = "";
    };
    const ask = async () => {
      const question = { principal: input.value.trim(), permission: permission.value };
      if (store.value) question.store = store.value;
      if (study.value.trim()) question.study = study.value.trim();
      if (purpose.value.trim()) question.purposeOfUse = purpose.value.trim();
      // The last question is the one whose answer stands.
      const number = ++this.#asking;
      fill(answer, el("p", { class: "quiet", role: "status" }, "Asking…"));
      const told = await this.#answer(question, may("collimator.policy.update")).catch((problem) => problemNotice(problem));
      if (number === this.#asking) fill(answer, told);
    };
    store.addEventListener("change", narrow);
    narrow();
    fill(
      this.#element,
      rulesNav("#/explain", me),
      el("h1", { tabindex: "-1" }, "Why, or why not"),
      el("p", { class: "quiet lead" }, "The decision that a request would meet now, with the groups that the caller had when it called last."),
      form(
        {
          class: "panel", id: "explain-form", oninput: () => {
            this.#asking += 1;
            answer.replaceChildren();
          },
        },
        () => void ask(),
        el(
          "div", { class: "fields" },
          el("div", { class: "field wide" }, el("label", { for: input.id }, "Who"), input, list),
          el("div", { class: "wide" }, field("Wants to", permission)),
          field("In", store), field("Study UID", study), field("Purpose of use", purpose),
        ),
        el("div", { class: "choices" }, el("button", { class: "primary" }, "Explain")),
      ),
      answer,
    );
    if (asked.principal) ask();
    else input.focus();
  }

  close() {
    this.#element.replaceChildren();
  }

  async #answer(question, mayChange) {
    const decision = await api.explain(question);
    const { verdict, what, because, further } = decisionWords(decision, question);
    return el(
      "div", { class: "panel verdict", "data-outcome": decision.outcome },
      el("h2", {}, verdict),
      el("p", {}, el("bdi", {}, what)),
      el("p", {}, el("strong", {}, because)),
      further && el("p", { class: "quiet" }, further),
      decision.series && el(
        "div", {},
        el("p", {}, "It reaches these series:"),
        el("ul", { class: "conditions" }, decision.series.map((uid) => el("li", { class: "code" }, uid))),
      ),
      decision.rule && (await this.#rule(decision.rule, mayChange)),
    );
  }

  async #rule(id, mayChange) {
    try {
      const rule = await api.rule(id);
      return el(
        "div", { class: "quote" },
        ruleSentence(rule),
        mayChange && el(
          "div", { class: "choices" },
          el("a", { class: "button", href: `#/rules/${encodeURIComponent(id)}` }, "Edit the rule"),
        ),
      );
    } catch (problem) {
      // A rule that a binding in IAM stands for, or that has gone meanwhile.
      if (problem.status === 404) return null;
      throw problem;
    }
  }
}
