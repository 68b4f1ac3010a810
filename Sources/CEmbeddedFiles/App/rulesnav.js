// The views that belong to the rules, as links at their head.

import { el } from "./dom.js";

/** The stores whose IAM policies the caller may see. */
export const iamStores = (me) =>
  me.stores.filter((store) => store.permissions.includes("healthcare.dicomStores.getIamPolicy")).map((store) => store.name);

/** The links, with the one that is shown marked; what the caller may not see is not there. */
export function rulesNav(current, me) {
  const links = [
    ["#/rules", "Rules"], ["#/groups", "Groups and roles"], ["#/versions", "Versions"],
    iamStores(me).length > 0 && ["#/iam", "IAM"], ["#/explain", "Explain"],
  ].filter(Boolean);
  return el(
    "nav", { class: "tabs", "aria-label": "Rules and what belongs to them" },
    links.map(([href, label]) => el("a", { href, "aria-current": href === current ? "page" : undefined }, label)),
  );
}
