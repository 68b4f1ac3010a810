// Endpoints, deliveries and calls as people read them.

import { moment } from "./format.js";
import { conditionWords } from "./words.js";

/** The types of events that an endpoint can ask for. */
export const eventTypes = {
  "study.created": "a study has come",
  "study.updated": "a study has grown or changed",
  "study.stable": "a study has come to rest",
  "study.deleted": "a study is gone",
  "study.removed": "a study has left what the endpoint may see",
  "series.stored": "a series has come",
  "operation.finished": "a long-running operation has ended",
  "webhook.disabled": "an endpoint is called no more",
  "access.emergency": "somebody looked at a study for an emergency",
};

export const dataPolicies = {
  uids: "Names of things, counts and links",
  orders: "And accession number, date and modalities",
  demographics: "And the patient",
};

const states = {
  active: ["active", "good"], unverified: ["not verified", "warn"], suspended: ["switched off", "bad"],
  gone: ["gone: it answered 410", "bad"], failing: ["given up: it did nothing but fail", "bad"],
};

/** The state of an endpoint, and its shade. */
export const endpointState = ({ state }) => states[state] ?? [state, ""];

/** Until when an endpoint is left alone because its calls failed; nothing where it is not. */
export const pauseWords = ({ pausedUntil }) =>
  pausedUntil && Date.parse(pausedUntil) > Date.now() ? `left alone until ${moment(pausedUntil, true)}` : undefined;

/** What an endpoint asks for, as a sentence. */
export function filterWords({ types, stores, modalities, condition }) {
  return [
    types.length > 0 ? types.join(", ") : "Every event",
    stores.length > 0 && `of ${stores.length === 1 ? "store" : "the stores"} ${stores.join(", ")}`,
    modalities.length > 0 && `with ${modalities.join(" or ")}`,
    condition && `where ${conditionWords({ condition }).join(", and ")}`,
  ].filter(Boolean).join(" ");
}

const deliveryStates = {
  waiting: ["waiting", "warn"], underway: ["under way", "warn"], delivered: ["delivered", "good"],
  failed: ["given up", "bad"], withheld: ["withheld: it may not have it", ""],
};

/** The states of deliveries, each with its name and its shade. */
export const deliveryState = (state) => deliveryStates[state] ?? [state, ""];

/** What deliveries can be narrowed to. */
export const deliveryChoices = [["", "All"], ...Object.entries(deliveryStates).map(([name, [label]]) => [name, label.split(":")[0]])];

const failures = {
  "address-refused": "the address is one that is not called", "name-unknown": "the name has no address",
  "unreachable": "nobody answered there", "encryption": "the certificate or the encryption was not accepted",
  "timeout": "no answer in time", "broken": "the answer broke off or was none",
  "queue-full": "given up: too many were waiting", "waited-too-long": "given up: the endpoint was not called for too long",
  "secret-unreadable": "the endpoint's secret or credentials cannot be read: give it new ones",
};

/** What came of a call. */
export const outcomeWords = ({ status, failure }) => (status ? `status ${status}` : failures[failure] ?? failure ?? "no answer");
