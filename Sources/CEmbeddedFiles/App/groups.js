// Local groups, and the roles that rules can name: the lists of them, and one in a form.

import * as api from "./api.js";
import { announce, backLink, button, byId, el, field, fill, form, problemNotice } from "./dom.js";
import { count } from "./format.js";
import { Listing } from "./listing.js";
import { ChangePanel, removed, replaced } from "./policychange.js";
import { rulesNav } from "./rulesnav.js";
import { principalInput } from "./suggest.js";
import { permissionNames, permissionWords } from "./words.js";

const shownMembersMax = 12;
const lines = (text) => [...new Set(text.split("\n").map((line) => line.trim()).filter(Boolean))];

/** What the two kinds of parts of a policy have in common. */
const kinds = { group: { part: "groups", word: "group" }, role: { part: "roles", word: "role" } };

export class GroupsPage {
  #element = byId("groups");
  #may = () => false;
  #lists = [];
  #abort = new AbortController();

  /** Shows the lists; `may` tells whether the caller has a permission. */
  show(me, may) {
    this.close();
    this.#may = may;
    const mayChange = may("collimator.policy.update");
    const groups = new Listing({
      label: "Local groups",
      empty: "There are no local groups. Rules can also name the groups of an issuer.",
      load: (cursor, signal) => api.groupPage(cursor, signal),
      row: (group, entry) => this.#groupRow(group, entry),
    });
    const roles = new Listing({
      label: "Roles",
      empty: "There are no roles.",
      load: (cursor, signal) => api.rolePage(cursor, signal),
      row: (role, entry) => this.#roleRow(role, entry),
    });
    this.#lists = [groups, roles];
    const head = (title, href, label) => el(
      "div", { class: "section-head" }, el("h2", {}, title), mayChange && el("a", { class: "button", href }, label),
    );
    fill(
      this.#element,
      rulesNav("#/groups", me),
      el("h1", { tabindex: "-1" }, "Groups and roles"),
      head("Local groups", "#/new-group", "New group"),
      groups.element,
      head("Roles", "#/new-role", "New role"),
      roles.element,
    );
    for (const list of this.#lists) list.reload();
  }

  /** Shows one in a form; without a name, a new one. `kind` is `group` or `role`. */
  async edit(kind, me, may, name) {
    this.close();
    this.#may = may;
    const { signal } = this.#abort;
    const { part, word } = kinds[kind];
    fill(this.#element, toGroups(), el("p", { class: "quiet", role: "status" }, "Loading…"));
    try {
      const one = name ? ((await api.policy()).policy[part] ?? []).find((other) => other.name === name) : null;
      if (signal.aborted) return;
      if (name && !one) throw new api.Problem({ title: `The policy has no ${word} of this name`, status: 404 });
      this.#draw(kind, one, me);
    } catch (problem) {
      if (signal.aborted) return;
      fill(this.#element, toGroups(), problemNotice(problem, () => this.edit(kind, me, may, name)));
    }
  }

  close() {
    this.#abort.abort();
    this.#abort = new AbortController();
    for (const list of this.#lists) list.close();
    this.#lists = [];
    this.#element.replaceChildren();
  }

  #groupRow(group, entry) {
    const shown = group.members.slice(0, shownMembersMax);
    return [
      el(
        "div", { class: "entry-text" },
        el(
          "p", { class: "entry-head" },
          el("bdi", { class: "name" }, group.name), el("bdi", { class: "code quiet" }, `group:local/${encodeURIComponent(group.name)}`),
        ),
        el(
          "p", {}, count(group.members.length, "member"), ": ",
          shown.map((member, index) => [index > 0 && ", ", el("bdi", { class: "code" }, member)]).flat(),
          group.members.length > shown.length && " …",
        ),
      ),
      this.#choices("group", group, entry),
    ];
  }

  #roleRow(role, entry) {
    return [
      el(
        "div", { class: "entry-text" },
        el(
          "p", { class: "entry-head" },
          el("bdi", { class: "name" }, role.name),
          el("span", { class: "chip" }, role.predefined ? "always there" : "of this policy"),
        ),
        role.summary && el("p", {}, el("bdi", {}, role.summary)),
        el(
          "details", {}, el("summary", {}, count(role.permissions.length, "permission")),
          el("div", { class: "rights" }, el("ul", {}, role.permissions.map((name) => el(
            "li", {}, permissionWords(name), " ", el("span", { class: "code quiet" }, name),
          )))),
        ),
      ),
      !role.predefined && this.#choices("role", role, entry),
    ];
  }

  #choices(kind, { name }, entry) {
    if (!this.#may("collimator.policy.update")) return null;
    return el(
      "div", { class: "choices" },
      el("a", { class: "button", href: `#/${kinds[kind].part}/${encodeURIComponent(name)}`, "aria-label": `Edit ${name}` }, "Edit"),
      button("Remove", () => this.#remove(kind, name, entry), { class: "remove", "aria-label": `Remove ${name}` }),
    );
  }

  async #remove(kind, name, entry) {
    const { part, word } = kinds[kind];
    const edit = (policy) => {
      const old = (policy[part] ?? []).find((one) => one.name === name);
      if (!old) throw new api.Problem({ title: `The ${word} is no longer there` });
      return { ...policy, [part]: replaced(policy[part], old, null, "name") };
    };
    const title = [`Remove the ${word} `, el("bdi", {}, name), "?"];
    if (await removed(entry, { edit, title, said: `The ${word} ${name} is removed` })) for (const list of this.#lists) list.reload();
  }

  #draw(kind, old, me) {
    const { part, word } = kinds[kind];
    const parts = kind === "group" ? groupForm(old, this.#may) : roleForm(old, me);
    const outcome = el("div", { class: "place", id: `${kind}-outcome`, "aria-live": "polite" });
    const panel = new ChangePanel(outcome, this.#abort.signal);
    const send = () => {
      const one = parts.value();
      const edit = (policy) => ({ ...policy, [part]: replaced(policy[part] ?? [], old, one, "name") });
      const done = () => {
        announce(`The ${word} ${one.name} is in force`);
        location.hash = "#/groups";
      };
      panel.try({ edit, label: `Save the ${word}`, id: `${kind}-save`, done });
    };
    fill(
      this.#element,
      toGroups(),
      el("h1", { tabindex: "-1" }, old ? [`The ${word} `, el("bdi", {}, old.name)] : `New ${word}`),
      form(
        { class: "panel", id: `${kind}-form`, oninput: () => outcome.replaceChildren() }, send, parts.elements,
        el(
          "div", { class: "choices" },
          el("button", { class: "primary", id: `${kind}-try` }, "What would change?"),
          el("a", { class: "button", href: "#/groups" }, "Cancel"),
        ),
      ),
      outcome,
    );
    (old ? parts.second : parts.name).focus();
  }
}

const nameInput = (old, id) => el("input", {
  id, value: old?.name, required: true, readonly: old !== null, maxlength: old ? undefined : "64",
  pattern: old ? undefined : "[a-z0-9._\\-]{1,64}", autocomplete: "off", spellcheck: "false", autocapitalize: "none",
});

/** The form of a group: a member on each line, and a field that knows who there is. */
function groupForm(old, may) {
  const name = nameInput(old, "group-name");
  const members = el("textarea", { id: "group-members", rows: "8", spellcheck: "false", required: true, class: "code" });
  members.value = (old?.members ?? []).join("\n");
  const { input, list } = principalInput({ id: "group-member" }, may);
  const add = () => {
    const member = input.value.trim();
    if (!member) return;
    members.value = lines(`${members.value}\n${member}`).join("\n");
    members.dispatchEvent(new Event("input", { bubbles: true }));
    input.value = "";
    input.focus();
    announce(`${member} is added`);
  };
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    // Enter adds a member, and does not send the form.
    event.preventDefault();
    add();
  });
  return {
    name,
    second: members,
    value: () => ({ ...old, name: name.value.trim(), members: lines(members.value) }),
    elements: el(
      "div", { class: "fields" },
      el("div", { class: "wide" }, field("Name of the group", name, !old && "Small letters, digits, and . _ -")),
      el("div", { class: "wide" }, field("Members", members, "One on each line: client:{id} or user:{issuer}/{subject}. Groups are not in groups.")),
      el(
        "div", { class: "field wide" }, el("label", { for: input.id }, "Add a member"),
        el("div", { class: "key-line" }, input, list, button("Add", add, { id: "add-member" })),
      ),
    ),
  };
}

/** The form of a role: what it allows. */
function roleForm(old, me) {
  const name = nameInput(old, "role-name");
  const summary = el("input", { id: "role-summary", value: old?.summary, autocomplete: "off" });
  const names = [...new Set([...permissionNames(me), ...(old?.permissions ?? [])])];
  const ticks = names.map((permission) => el(
    "label", { class: "tick" },
    el("input", { type: "checkbox", value: permission, checked: old?.permissions.includes(permission) }),
    el("span", {}, permissionWords(permission), " ", el("span", { class: "code quiet" }, permission)),
  ));
  const value = () => {
    const permissions = ticks.map((tick) => tick.querySelector("input")).filter((tick) => tick.checked).map((tick) => tick.value);
    const role = { ...old, name: name.value.trim(), summary: summary.value.trim(), permissions };
    if (!role.summary) delete role.summary;
    return role;
  };
  return {
    name,
    second: summary,
    value,
    elements: el(
      "div", { class: "fields" },
      field("Name of the role", name, !old && "Small letters, digits, and . _ -"),
      field("What it is for", summary),
      el(
        "div", { class: "field all", role: "group", "aria-label": "Permissions", id: "role-permissions" },
        el("span", { "aria-hidden": "true" }, "Permissions"), el("div", { class: "ticks" }, ticks),
      ),
    ),
  };
}

const toGroups = () => backLink("#/groups", "All groups and roles");
