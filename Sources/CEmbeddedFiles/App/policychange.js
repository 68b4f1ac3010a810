// A change of the policy: tried on the version that it was made from, put in force on that version and no other.

import * as api from "./api.js";
import { announce, button, confirmed, el, fill, problemNotice, showProblem } from "./dom.js";

export class PolicyChange {
  #policy;
  #tag;

  /** What `edit` makes of the policy in force; where it throws, nothing was changed. */
  static async of(edit) {
    const change = new PolicyChange();
    const { policy, tag } = await api.policy();
    change.#policy = edit(policy);
    change.#tag = tag;
    try {
      change.effect = await api.replacePolicy(change.#policy, tag, true);
    } catch (problem) {
      throw withNames(problem, change.#policy);
    }
    const { added, removed, changed } = change.effect;
    change.isNothing = [added, removed, changed].every((ids) => ids.length === 0) &&
      ["roles", "groups"].every((part) => isSame(policy[part] ?? [], change.#policy[part] ?? []));
    return change;
  }

  /** Puts it in force, where nothing else has changed since it was tried. */
  make() {
    return api.replacePolicy(this.#policy, this.#tag, false);
  }
}

const kinds = { rules: ["Rule", "id"], groups: ["Group", "name"], roles: ["Role", "name"] };

/** Faults name parts by their place in the policy, which nobody sees here. */
function withNames(problem, policy) {
  for (const error of problem.errors ?? []) {
    const [, part, index, rest] = /^(rules|groups|roles)\[(\d+)\](.*)$/s.exec(error.place) ?? [];
    const one = policy[part]?.[Number(index)];
    if (one) error.place = `${kinds[part][0]} ${one[kinds[part][1]]}${rest}`;
  }
  return problem;
}

/** The list with `now` in place of `old`; the one is null where it is new, the other where it goes. */
export function replaced(list, old, now, key) {
  const name = (old ?? now)[key];
  const index = list.findIndex((one) => one[key] === name);
  if (old && (index < 0 || !isSame(list[index], old))) {
    throw new api.Problem({ title: `${name} was changed meanwhile`, detail: "Go back to the list and open it again." });
  }
  if (!old && index >= 0) throw new api.Problem({ title: `There is one of the name ${name} already` });
  const place = old ? index : list.length;
  return [...list.slice(0, place), ...(now ? [now] : []), ...list.slice(place + 1)];
}

export const isSame = (one, other) => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

/** Who gains and who loses by a change. */
export function changeSentence({ added, removed, changed, mayGain, mayLose }, isNothing) {
  const rules = [
    added.length > 0 && `Adds ${added.join(", ")}.`, removed.length > 0 && `Removes ${removed.join(", ")}.`,
    changed.length > 0 && `Changes ${changed.join(", ")}.`,
  ].filter(Boolean).join(" ");
  const what = rules || (isNothing ? "Nothing would change." : "No rule changes.");
  const group = (name, id, principals) => principals.length > 0 &&
    el("div", { id }, el("dt", {}, name), el("dd", {}, principals.map((one) => el("bdi", { class: "code" }, one))));
  const isQuiet = !isNothing && mayGain.length === 0 && mayLose.length === 0;
  return el(
    "div", { class: "change" },
    el("p", {}, what),
    el("dl", {}, group("May gain", "may-gain", mayGain), group("May lose", "may-lose", mayLose)),
    isQuiet && el("p", { class: "quiet" }, "Nobody gains or loses by it."),
  );
}

/** Whether a change that was begun still belongs to what is shown. */
export class ChangePanel {
  #place;
  #signal;

  /** `place` shows what would change; `signal` tells that the view was left. */
  constructor(place, signal) {
    this.#place = place;
    this.#signal = signal;
  }

  /** Says what a change would do, and offers to make it: exactly that one, from exactly that version. */
  async try({ edit, label, id, more, done }) {
    const trying = el("p", { class: "quiet", role: "status" }, "Trying…");
    fill(this.#place, trying);
    // The view was left, or the form was changed meanwhile: this is no longer what would be saved.
    const isGone = () => this.#signal.aborted || !trying.isConnected;
    try {
      const change = await PolicyChange.of(edit);
      if (isGone()) return;
      const save = button(label, () => this.#make(change, done), { class: "primary", id });
      fill(this.#place, el(
        "div", { class: "panel" },
        el("h2", {}, "What would change"),
        changeSentence(change.effect, change.isNothing),
        more,
        !change.isNothing && el("div", { class: "choices" }, save),
      ));
      this.#place.scrollIntoView({ block: "nearest" });
      save.focus();
    } catch (problem) {
      if (!isGone()) fill(this.#place, problemNotice(problem));
    }
  }

  async #make(change, done) {
    try {
      await change.make();
      if (!this.#signal.aborted) done();
    } catch (problem) {
      if (!this.#signal.aborted) fill(this.#place, problemNotice(problem));
    }
  }
}

/** Removes something from the policy once somebody has seen who loses by it; tells whether it was. */
export async function removed(entry, { edit, title, more, said }) {
  entry.querySelector(":scope > .problem")?.remove();
  try {
    const change = await PolicyChange.of(edit);
    const content = el("div", { class: "place" }, changeSentence(change.effect, change.isNothing), more);
    if (!(await confirmed({ title, content, label: "Remove" }))) return false;
    await change.make();
    announce(said);
    return true;
  } catch (problem) {
    showProblem(entry, problem);
    return false;
  }
}
