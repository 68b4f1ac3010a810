// Rules, rights and decisions as sentences.

import { moment } from "./format.js";

/** What each permission allows; one that is not here is called by its own name. */
const permissions = {
  "healthcare.dicomStores.dicomWebRead": "search, retrieve and render imaging",
  "healthcare.dicomStores.dicomWebWrite": "store imaging",
  "healthcare.dicomStores.dicomWebDelete": "delete imaging",
  "collimator.dicomStores.setBlobStorageSettings": "change the storage class of imaging",
  "healthcare.dicomStores.get": "see that a store exists and how it is set up",
  "healthcare.dicomStores.update": "change the settings of a store",
  "healthcare.dicomStores.delete": "delete a store with all that is in it",
  "healthcare.dicomStores.import": "import files from Cloud Storage",
  "healthcare.dicomStores.export": "export a whole store",
  "healthcare.dicomStores.deidentify": "copy a whole store de-identified",
  "healthcare.dicomStores.getIamPolicy": "see the IAM policy of a store",
  "healthcare.dicomStores.setIamPolicy": "change the IAM policy of a store",
  "collimator.catalog.rebuild": "make the index of a store anew",
  "healthcare.operations.list": "list long-running operations",
  "healthcare.operations.get": "see how far an operation is",
  "healthcare.operations.cancel": "cancel an operation",
  "healthcare.dicomStores.list": "list the stores",
  "healthcare.dicomStores.create": "make DICOM stores",
  "healthcare.datasets.list": "list the datasets of a project",
  "healthcare.datasets.get": "see the settings of a dataset",
  "healthcare.datasets.create": "make datasets",
  "healthcare.datasets.update": "change the settings of a dataset",
  "healthcare.datasets.delete": "delete a dataset with its stores",
  "healthcare.locations.list": "list the locations of a project",
  "healthcare.locations.get": "see a location of a project",
  "collimator.signIns.create": "make a link that signs a browser in",
  "collimator.keys.list": "see the API keys, without their texts",
  "collimator.keys.manage": "make, rotate and revoke API keys",
  "collimator.principals.list": "see who has called",
  "collimator.principals.suspend": "keep callers out and let them in",
  "collimator.policy.get": "see the access rules",
  "collimator.policy.update": "change the access rules",
  "collimator.audit.read": "see who saw and did what",
  "collimator.events.read": "ask what changed",
  "collimator.events.readOrders": "get order numbers and dates in events",
  "collimator.events.readDemographics": "get orders and patients in events",
  "collimator.webhooks.list": "see who is called when what changes",
  "collimator.webhooks.manage": "have others called on changes",
  "collimator.eventRejections.list": "see which messages about the stores could not be used",
  "collimator.thumbnails.get": "see how the kept pictures do",
  "collimator.thumbnails.purge": "forget the kept pictures",
};

/** Every permission that can be asked about: those that are known here, and what else the caller has. */
export const permissionNames = (me) =>
  [...new Set([...Object.keys(permissions), ...me.permissions, ...me.stores.flatMap((store) => store.permissions)])];

/** What a permission allows. */
export const permissionWords = (name) => permissions[name] ?? name;

const methods = {
  "administrator-key": "the administrator key", "session": "a browser’s session", "oidc-token": "a token of its issuer",
  "google-access-token": "a Google access token", "service-account-token": "a key file", "api-key": "an API key",
  "signed-url": "a signed link", "webhook": "a webhook", "anonymous": "no credential",
};

/** With what a caller showed who it is. */
export const methodWords = (method) => methods[method] ?? method;

const kinds = {
  "administrator": "Administrator", "user": "Person", "client": "App", "group": "Group", "local group": "Local group",
  "authenticated": "Everybody", "anonymous": "Anybody",
};

/** A principal in parts: its kind, its name as people read it, and the issuer where there is one. */
export function principalParts(principal) {
  const [, kind, rest = ""] = /^([a-z]+)(?::(.*))?$/s.exec(principal) ?? [null, "", principal];
  const [issuer, ...name] = rest.split("/");
  if (kind === "group" && issuer === "local") return { kind: kinds["local group"], name: plain(name.join("/")) };
  if (kind === "user" || kind === "group") return { kind: kinds[kind], name: plain(name.join("/")), issuer: plain(issuer) };
  if (kind === "authenticated") return { kind: kinds[kind], name: plain(rest) };
  return { kind: kinds[kind] ?? "Caller", name: plain(rest) || principal };
}

function plain(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What a rule is about. */
export function resourceWords(resource) {
  const [, store, , study, , series] = resource.split("/");
  if (resource === "*") return "everything";
  if (series) return `series ${series} of study ${study} in store ${store}`;
  return study ? `study ${study} in store ${store}` : `store ${store}`;
}

const anyOf = (texts) => texts.join(" or ");

/** `20260105` as `2026-01-05`. */
export const dashed = (date) => date.replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3");

/** What has to hold for a rule to count, one text for each condition. */
export function conditionWords(rule) {
  const { condition = {}, request = {} } = rule;
  const { timeOfDay } = request;
  return [
    condition.modality && `series of modality ${anyOf(condition.modality)}`,
    condition.modalitiesInStudy && `studies with modality ${anyOf(condition.modalitiesInStudy)}`,
    condition.patients && `patient ${anyOf(condition.patients.map(({ id, issuer }) => (issuer ? `${id} of ${issuer}` : id)))}`,
    condition.dateFrom && `study date from ${dashed(condition.dateFrom)}`,
    condition.dateTo && `study date up to ${dashed(condition.dateTo)}`,
    condition.institution && `institution ${anyOf(condition.institution)}`,
    condition.referringPhysician && `referred by ${anyOf(condition.referringPhysician)}`,
    condition.accessionNumber && `accession number ${anyOf(condition.accessionNumber)}`,
    condition.description && `study described as ${anyOf(condition.description)}`,
    condition.ownUploads && "what was uploaded by the caller",
    request.purposeOfUse && `purpose ${anyOf(request.purposeOfUse)}`,
    timeOfDay && `from ${timeOfDay.from} to ${timeOfDay.to} o’clock, ${timeOfDay.zone}`,
    request.notBefore && `not before ${moment(request.notBefore)}`,
    request.expiresAt && `until ${moment(request.expiresAt)}`,
    rule.includeDerived === false && "without reports and the like",
    rule.direct && "stands for a binding in IAM",
  ].filter(Boolean);
}

/** A decision as a sentence, with its verdict first. */
export function decisionWords({ outcome, reason, rule, extent }, { principal, permission, store, study }) {
  const where = study ? `this study in store ${store}` : store ? `store ${store}` : "the service as a whole";
  const what = `${principal} ${outcome === "allowed" ? "may" : "may not"} ${permissionWords(permission)}: ${where}.`;
  const because = {
    "administrator-may-all": "The administrator key may do everything; no rule is asked.",
    "allowed-by-rule": `The rule ${rule} allows it.`,
    "denied-by-rule": `The rule ${rule} denies it. A denial beats every allowance.`,
    "list-is-filtered": "Everybody may ask this; what is shown is what the caller may see.",
    "nothing-granted": "No rule allows it, and what no rule allows is denied.",
    "permission-does-not-apply": "This permission is not one for such a thing.",
  }[reason] ?? reason;
  return {
    verdict: outcome === "allowed" ? (extent === "series" ? "In part" : "Yes") : "No",
    what,
    because,
    further: outcome === "hidden" ? "The answer to the caller is that there is no such thing." : null,
  };
}

const grounds = {
  "administrator-may-all": "the administrator key may do everything", "allowed-by-rule": "allowed by a rule",
  "denied-by-rule": "denied by a rule", "list-is-filtered": "shown as far as the caller may see",
  "nothing-granted": "no rule allows it", "permission-does-not-apply": "not a permission for such a thing",
};

/** What decided, as a record has it: `allowed-by-rule`, or with the rule and the version of the policy, `…:portal@7`. */
export function groundsWords(text) {
  const [, reason, rule, version] = /^([a-z-]+)(?::(.*)@(\d+))?$/s.exec(text ?? "") ?? [];
  const words = grounds[reason];
  if (!words) return text;
  return rule ? `${words}: ${rule}, in version ${version} of the policy` : words;
}
