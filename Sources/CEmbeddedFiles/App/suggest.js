// Whom a rule or a question can name: offered while somebody types.

import * as api from "./api.js";
import { el, fill } from "./dom.js";

const offeredMax = 200;

/**
 * An input for a principal, with those that are known as suggestions; `may` tells whether the caller has a permission, so that
 * nothing is asked that is refused.
 */
export function principalInput(properties, may, hasGroups) {
  const list = el("datalist", { id: `principals-${properties.id}` });
  const input = el("input", {
    autocomplete: "off", spellcheck: "false", autocapitalize: "none", placeholder: "client:portal", list: list.id,
    ...properties,
  });
  const offer = async () => {
    // What cannot be had is not offered; the others are.
    const [principals, keys, groups] = await Promise.allSettled([
      may("collimator.principals.list") && api.principals(),
      may("collimator.keys.list") && api.keys(),
      hasGroups && may("collimator.policy.get") && api.groups(),
    ]);
    const texts = [
      ...(keys.value?.items ?? []).filter((key) => key.state === "active").map((key) => key.principal),
      ...(principals.value?.items ?? []).flatMap((one) => [one.principal, ...(hasGroups ? one.memberships : [])]),
      ...(groups.value || []).map((group) => `group:local/${encodeURIComponent(group.name)}`),
    ];
    fill(list, [...new Set(texts)].slice(0, offeredMax).map((value) => el("option", { value })));
  };
  input.addEventListener("focus", offer, { once: true });
  return { input, list };
}
