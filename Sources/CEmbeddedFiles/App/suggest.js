// Whom a rule or a question can name: offered while somebody types.

import * as api from "./api.js";
import { el, fill } from "./dom.js";

const offeredMax = 200;

/** An input for a principal, with those that are known as suggestions. */
export function principalInput(properties, hasGroups) {
  const list = el("datalist", { id: `principals-${properties.id}` });
  const input = el("input", {
    autocomplete: "off", spellcheck: "false", autocapitalize: "none", placeholder: "client:portal", list: list.id,
    ...properties,
  });
  const offer = async () => {
    // Whoever may not see one of them is offered the others.
    const [principals, keys, groups] = await Promise.allSettled(
      [api.principals(), api.keys(), hasGroups ? api.groups() : []],
    );
    const texts = [
      ...(keys.value?.items ?? []).filter((key) => key.state === "active").map((key) => key.principal),
      ...(principals.value?.items ?? []).flatMap((one) => [one.principal, ...(hasGroups ? one.memberships : [])]),
      ...(groups.value ?? []).map((group) => `group:local/${encodeURIComponent(group.name)}`),
    ];
    fill(list, [...new Set(texts)].slice(0, offeredMax).map((value) => el("option", { value })));
  };
  input.addEventListener("focus", offer, { once: true });
  return { input, list };
}
