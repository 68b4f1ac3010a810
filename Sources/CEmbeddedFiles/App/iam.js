// The rules beside the IAM policies of a store: whether they have drifted, and what a plan would make of them.

import * as api from "./api.js";
import { button, byId, choice, el, field, fill, problemNotice } from "./dom.js";
import { count } from "./format.js";
import { iamStores, rulesNav } from "./rulesnav.js";

const drifts = [
  [false, "The policies are as the rules ask", "good"], [true, "The policies have drifted from the rules", "bad"],
  [null, "A policy cannot be read", "warn"],
];

const reasons = {
  "no-iam-member": "it does not say whom IAM would name", "no-iam-role": "IAM has no such role",
  "role-of-dataset": "its role is one of datasets, and it is about a store", "touched-by-denial": "a denial takes something from it, which IAM cannot",
  "suspended": "whom it names is kept out",
};

export class IAMPage {
  #element = byId("iam");
  #abort = new AbortController();

  /** Shows the store that the address names, or the first that the caller may see the policies of. */
  show(me, name) {
    this.close();
    const names = iamStores(me);
    const store = names.includes(name) ? name : names[0];
    const place = el("div", { id: "iam-store" });
    const select = choice(
      { id: "iam-choice", onchange: () => (location.hash = `#/iam/${encodeURIComponent(select.value)}`) },
      names.map((one) => [one, one]), store,
    );
    fill(
      this.#element,
      rulesNav("#/iam", me),
      el(
        "div", { class: "section-head" },
        el("h1", { tabindex: "-1" }, "Rules and IAM"),
        names.length > 1 && el("div", { class: "inline" }, field("Store", select)),
      ),
      el("p", { class: "quiet lead" }, "A rule marked as direct stands for a binding in the IAM policy of its store or dataset. This service reads those policies and never sets one."),
      place,
    );
    if (store) this.#tell(store, place);
    else fill(place, el("p", { class: "empty" }, "There is no store whose IAM policy you may see."));
  }

  close() {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#element.replaceChildren();
  }

  async #tell(store, place) {
    const { signal } = this.#abort;
    fill(place, el("p", { class: "quiet", role: "status" }, "Asking…"));
    try {
      const situation = await api.storeIAM(store, signal);
      if (signal.aborted) return;
      const [, words, shade] = drifts.find(([drift]) => drift === situation.drift) ?? drifts[2];
      const plan = el("div", { class: "place", id: "iam-plan", "aria-live": "polite" });
      fill(
        place,
        el(
          "div", { class: "panel" },
          el("p", { class: `verdict-line ${shade}`, id: "iam-drift" }, el("strong", {}, words)),
          el("p", { class: "quiet" }, `Store ${store}, by version ${situation.policyVersion} of the rules.`),
          el(
            "div", { class: "choices" },
            button("Look again", () => this.#tell(store, place)),
            button("What would be bound", () => this.#plan(store, plan), { id: "iam-plan-open" }),
          ),
        ),
        plan,
        situation.resources.map(resourcePanel),
        situation.unmapped.length > 0 && el(
          "div", { class: "panel", id: "iam-unmapped" },
          el("h2", {}, "Direct rules that no binding can stand for"),
          el("ul", {}, situation.unmapped.map(({ rule, reason }) => el(
            "li", {}, el("a", { href: `#/rules/${encodeURIComponent(rule)}` }, rule), `: ${reasons[reason] ?? reason}`,
          ))),
        ),
      );
    } catch (problem) {
      if (!signal.aborted) fill(place, problemNotice(problem, () => this.#tell(store, place)));
    }
  }

  async #plan(store, place) {
    const { signal } = this.#abort;
    try {
      const plan = await api.planIAM(store);
      if (signal.aborted) return;
      fill(place, el(
        "div", { class: "panel" },
        el("h2", {}, "What would be bound"),
        plan.resources.map(({ resource, bindingsAfter }) => el(
          "div", {},
          el("h3", { class: "code" }, resource),
          bindingsAfter.length === 0
            ? el("p", { class: "quiet" }, "Nothing.")
            : el("ul", { class: "grants" }, bindingsAfter.map(({ role, members, condition }) => el(
              "li", {}, el("span", { class: "code" }, role), ": ", el("bdi", {}, members.join(", ")),
              condition && el("span", { class: "quiet" }, ` where ${condition.title ?? condition.expression}`),
            ))),
        )),
        el("p", { class: "quiet" }, "Nothing was changed. Whoever may set the policies applies it, with a credential of their own:"),
        el("pre", {}, `collimator iam apply --store ${store}`),
      ));
    } catch (problem) {
      if (!signal.aborted) fill(place, problemNotice(problem));
    }
  }
}

/** One policy beside what the rules ask of it. */
function resourcePanel({ resource, kind, readable, additions, removals, kept, foreign }) {
  const group = (title, grants, shade) => grants.length > 0 && el(
    "div", {},
    el("h3", { class: shade }, `${title} (${grants.length})`),
    el("ul", { class: "grants" }, grants.map(({ role, member, rules = [], beyond = [] }) => el(
      "li", {},
      el("span", { class: "code" }, role), " ", el("bdi", {}, member),
      rules.length > 0 && [" for ", rules.map((rule) => [el("a", { href: `#/rules/${encodeURIComponent(rule)}` }, rule), " "])].flat(2),
      beyond.length > 0 && el("p", { class: "quiet" }, `It also allows ${beyond.join(", ")}.`),
    ))),
  );
  const isAsAsked = readable && additions.length === 0 && removals.length === 0;
  return el(
    "div", { class: "panel iam-resource", "data-kind": kind },
    el("h2", {}, kind === "store" ? "Policy of the store" : "Policy of the dataset"),
    el("p", { class: "code quiet" }, resource),
    !readable && el("p", { class: "warn" }, "This service may not read it (getIamPolicy)."),
    isAsAsked && el("p", {}, kept.length > 0 ? `${count(kept.length, "binding")} of rules, all there.` : "No rule asks for a binding here."),
    group("Asked for and not there", additions, "bad"),
    group("No longer asked for, and still there", removals, "bad"),
    group("Asked for and there", kept, "good"),
    group("Of others, and never touched", foreign),
  );
}
