// The places for administrators: what each shows by which address, and who may go there.

import { AuditPage } from "./audit.js";
import { ExplainPage } from "./explain.js";
import { GroupsPage } from "./groups.js";
import { IAMPage } from "./iam.js";
import { PeoplePage } from "./people.js";
import { RulesPage } from "./rules.js";
import { VersionsPage } from "./versions.js";
import { WebhooksPage } from "./webhooks.js";

/** What a place of the bar needs: one of these permissions. Places that nobody could use are not shown. */
const needs = {
  people: ["collimator.principals.list", "collimator.keys.list"],
  rules: ["collimator.policy.get"],
  webhooks: ["collimator.webhooks.list"],
  audit: ["collimator.audit.read"],
};

const mayChange = ["collimator.policy.update"];
const mayManage = ["collimator.webhooks.manage"];

export class Places {
  #may;
  #open = null;
  #views = {
    people: new PeoplePage(), rules: new RulesPage(), groups: new GroupsPage(), versions: new VersionsPage(), iam: new IAMPage(),
    explain: new ExplainPage(), webhooks: new WebhooksPage(), audit: new AuditPage(),
  };

  /** `may` tells whether the caller has a permission. */
  constructor(may) {
    this.#may = may;
  }

  get views() {
    return Object.keys(this.#views);
  }

  /**
   * What an address shows, by its first part: the place it belongs to, its title, where Escape leads from there, and which
   * permission it needs beyond that of the place, with what is shown to those who have it not.
   */
  #pages(id) {
    const mayEdit = id && mayChange.some(this.#may);
    return { ...this.#ofRules(id, mayEdit), ...this.#ofWebhooks(id), ...this.#others() };
  }

  #others() {
    const { people, audit } = this.#views;
    return {
      "people": { place: "people", title: "People and apps", show: ({ me, may }) => people.show(me.principal, may) },
      "audit": { place: "audit", title: "Audit", show: ({ me, may, stores, asked }) => audit.show(me, may, stores, asked) },
    };
  }

  #ofRules(id, mayEdit) {
    const { rules, groups, versions, iam, explain } = this.#views;
    const place = "rules";
    const list = { place, title: "Rules", show: ({ me, may }) => rules.show(me, may) };
    const lists = { place, view: "groups", title: "Groups and roles", show: ({ me, may }) => groups.show(me, may) };
    const part = (kind, title) => ({
      place, view: "groups", title, needs: mayChange, otherwise: "groups", show: ({ me, may }) => groups.edit(kind, me, may, id),
    });
    return {
      "rules": mayEdit
        ? { place, title: "Rules", show: ({ may, stores }) => rules.edit(may, stores, { id, principal: "" }) }
        : list,
      "new-rule": {
        place, title: "Rules", needs: mayChange,
        show: ({ may, stores, asked }) => rules.edit(may, stores, { principal: asked.principal ?? "" }),
      },
      "groups": mayEdit ? part("group", "Group") : lists,
      "roles": mayEdit ? part("role", "Role") : lists,
      "new-group": part("group", "New group"),
      "new-role": part("role", "New role"),
      "versions": id
        ? { place, view: "versions", title: "Version", above: "#/versions", show: ({ may }) => versions.showOne(may, id) }
        : { place, view: "versions", title: "Versions", show: ({ me }) => versions.show(me) },
      "iam": { place, view: "iam", title: "Rules and IAM", show: ({ me }) => iam.show(me, id) },
      "explain": {
        place, view: "explain", title: "Why, or why not", above: "#/rules",
        show: ({ me, may, stores, asked }) => explain.show(me, may, stores, asked),
      },
    };
  }

  #ofWebhooks(id) {
    const { webhooks } = this.#views;
    const place = "webhooks";
    return {
      "webhooks": id
        ? { place, title: "Webhook", above: "#/webhooks", show: ({ may }) => webhooks.showOne(may, id) }
        : { place, title: "Webhooks", show: ({ may }) => webhooks.show(may) },
      "new-webhook": { place, title: "New webhook", needs: mayManage, show: ({ may, stores }) => webhooks.edit(may, stores) },
      "edit-webhook": id && { place, title: "Webhook", needs: mayManage, show: ({ may, stores }) => webhooks.edit(may, stores, id) },
    };
  }

  mayOpen(place) {
    return needs[place].some(this.#may);
  }

  /** The place that a view belongs to. */
  ofView(view) {
    return ["groups", "versions", "iam", "explain"].includes(view) ? "rules" : view;
  }

  /** What is shown for an address, where the caller may see it. */
  page(name, id) {
    const pages = this.#pages(id);
    const page = Object.hasOwn(pages, name ?? "") ? pages[name] : null;
    if (!page || !this.mayOpen(page.place)) return null;
    if (page.needs && !page.needs.some(this.#may)) return this.page(page.otherwise ?? page.place);
    const { show, ...more } = page;
    return {
      view: page.place,
      ...more,
      show: (context) => {
        this.#open = page;
        return show(context);
      },
    };
  }

  /** Where Escape leads from what is shown: nowhere from a form, or from what is shown once. */
  get above() {
    return document.querySelector("main .once") ? undefined : this.#open?.above;
  }

  /** What administrators see is forgotten when they leave it. */
  close() {
    this.#open = null;
    for (const view of Object.values(this.#views)) view.close();
  }
}
