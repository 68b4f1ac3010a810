// The places for administrators: what each shows by which address, and who may go there.

import { AuditPage } from "./audit.js";
import { ExplainPage } from "./explain.js";
import { PeoplePage } from "./people.js";
import { RulesPage } from "./rules.js";
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
    people: new PeoplePage(), rules: new RulesPage(), explain: new ExplainPage(), webhooks: new WebhooksPage(),
    audit: new AuditPage(),
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
   * permission it needs beyond that of the place.
   */
  #pages(id) {
    const { people, rules, explain, webhooks, audit } = this.#views;
    return {
      "people": { place: "people", title: "People and apps", show: ({ me, may }) => people.show(me.principal, may) },
      "rules": id && mayChange.some(this.#may)
        ? { place: "rules", title: "Rules", show: ({ may, stores }) => rules.edit(may, stores, { id, principal: "" }) }
        : { place: "rules", title: "Rules", show: ({ may }) => rules.show(may) },
      "new-rule": {
        place: "rules", title: "Rules", needs: mayChange,
        show: ({ may, stores, asked }) => rules.edit(may, stores, { principal: asked.principal ?? "" }),
      },
      "explain": {
        place: "rules", view: "explain", title: "Why, or why not", above: "#/rules",
        show: ({ me, may, stores, asked }) => explain.show(me, may, stores, asked),
      },
      "webhooks": id
        ? { place: "webhooks", title: "Webhook", above: "#/webhooks", show: ({ may }) => webhooks.showOne(may, id) }
        : { place: "webhooks", title: "Webhooks", show: ({ may }) => webhooks.show(may) },
      "new-webhook": { place: "webhooks", title: "New webhook", needs: mayManage, show: ({ may, stores }) => webhooks.edit(may, stores) },
      "edit-webhook": id && { place: "webhooks", title: "Webhook", needs: mayManage, show: ({ may, stores }) => webhooks.edit(may, stores, id) },
      "audit": { place: "audit", title: "Audit", show: ({ me, may, stores, asked }) => audit.show(me, may, stores, asked) },
    };
  }

  mayOpen(place) {
    return needs[place].some(this.#may);
  }

  /** The place that a view belongs to. */
  ofView(view) {
    return view === "explain" ? "rules" : view;
  }

  /** What is shown for an address, where the caller may see it. */
  page(name, id) {
    const pages = this.#pages(id);
    const page = Object.hasOwn(pages, name ?? "") ? pages[name] : null;
    if (!page || !this.mayOpen(page.place)) return null;
    if (page.needs && !page.needs.some(this.#may)) return this.page(page.place);
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
