// The calls of the page: `/api/v1` and the way in and out, nothing else.

const root = new URL("../api/v1/", document.baseURI);
const auth = new URL("../auth/", document.baseURI);

/** A refusal or failure, in the words of the service where it has some (RFC 9457). */
export class Problem extends Error {
  constructor({ title, detail, requestId, status = 0, errors = [] }) {
    super(title);
    Object.assign(this, { title, detail, requestId, status, errors });
  }

  /** Whether trying again later may help. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  static async of(response) {
    return Problem.from(response.status, await response.text(), response.headers.get("Request-Id"));
  }

  static from(status, text, requestId) {
    let body = {};
    try {
      body = JSON.parse(text) ?? {};
    } catch {
      // Not ours: something between here and the service has answered.
    }
    return new Problem({
      title: body.title ?? `The service answered with status ${status}`,
      detail: body.detail,
      requestId: body.requestId ?? requestId,
      status,
      errors: Array.isArray(body.errors) ? body.errors : [],
    });
  }

  static unreachable() {
    return new Problem({ title: "The service cannot be reached", detail: "Is it still running?" });
  }
}

let whenSignedOut = () => {};

/** Who is to hear that a session is needed. */
export function onSignedOut(listener) {
  whenSignedOut = listener;
}

/** Tells it, for calls that are made elsewhere. */
export const signedOut = (problem) => whenSignedOut(problem);

async function call(url, options = {}) {
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw Problem.unreachable();
  }
  if (response.ok) return response;
  const problem = await Problem.of(response);
  if (response.status === 401 && !options.isSigningIn) whenSignedOut(problem);
  throw problem;
}

const path = (...segments) => new URL(segments.map(encodeURIComponent).join("/"), root);

const json = async (url, signal) =>
  (await call(url, { signal, headers: { Accept: "application/json" } })).json();

/** A page of a list; `parameters` without a value are left out. */
function page(url, parameters, signal) {
  for (const [name, value] of Object.entries(parameters)) if (value) url.searchParams.set(name, value);
  return json(url, signal);
}

const send = (method, url, body, headers) =>
  call(url, {
    method,
    headers: { "Accept": "application/json", ...(body && { "Content-Type": "application/json" }), ...headers },
    body: body && JSON.stringify(body),
  });

export const signIn = (token) =>
  call(new URL("sign-ins", auth), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token }),
    isSigningIn: true,
  });

export const signOut = () => call(new URL("logout", auth), { method: "POST", isSigningIn: true });

/** Where people can log in: each with a name, a label and the address that leads there. */
export const issuers = async () => (await json(new URL("issuers", auth))).items;

/** Who is signed in, and what that caller may do. */
export const me = () => json(path("me"));

/** Who is signed in now, in whatever part of the browser; nothing where nobody is, or it cannot be told. */
export async function signedIn() {
  try {
    return (await (await call(path("me"), { isSigningIn: true, headers: { Accept: "application/json" } })).json()).principal;
  } catch {
    return undefined;
  }
}

export const stores = async (signal) => (await json(path("stores"), signal)).items;

/** One page of studies; `filters` are the parameters of the search, `cursor` is that of the page before. */
export function studies(store, filters, cursor, signal) {
  return page(path("stores", store, "studies"), { ...filters, cursor }, signal);
}

/** A study by itself. */
export const studyAlone = (store, uid, signal) => json(path("stores", store, "studies", uid), signal);

/** A study with its series and their instances. */
export function study(store, uid, signal) {
  const url = path("stores", store, "studies", uid);
  url.searchParams.set("include", "series,instances");
  return json(url, signal);
}

/** Where files are sent to. */
export const uploadURL = (store) => path("stores", store, "studies").href;

/** The zip of a study or, with `series`, of one series. */
export const archiveURL = (store, study, series) =>
  path("stores", store, "studies", study, ...(series ? ["series", series] : []), "archive").href;

const instancePath = (image) =>
  ["stores", image.store, "studies", image.study, "series", image.series, "instances", image.instance];

/** The file of an instance, as it was stored. */
export const fileURL = (image) => path(...instancePath(image), "file").href;

/** The small picture of a study, or of a series of it; `edge` is its longest side in pixels. */
export async function thumbnail({ store, study, series }, edge, signal) {
  const url = path("stores", store, "studies", study, ...(series ? ["series", series] : []), "thumbnail");
  url.searchParams.set("size", edge);
  return (await call(url, { signal, headers: { Accept: "image/webp, image/jpeg;q=0.9" } })).blob();
}

/** The picture of an image within a square of `edge` pixels, or in its own size. */
export async function picture(image, edge, signal) {
  const frame = image.frame ? ["frames", String(image.frame)] : [];
  const url = path(...instancePath(image), ...frame, "rendered");
  if (edge) {
    url.searchParams.set("width", edge);
    url.searchParams.set("height", edge);
  }
  return (await call(url, { signal, headers: { Accept: "image/jpeg, image/png" } })).blob();
}

// For administrators.

export const principals = (cursor, signal) => page(path("access", "principals"), { cursor }, signal);

/** A principal, with what it may do. */
export const principal = (id, signal) => json(path("access", "principals", id), signal);

export const suspend = async (id) => (await send("PUT", path("access", "principals", id, "suspension"), {})).json();

export const letIn = (id) => send("DELETE", path("access", "principals", id, "suspension"));

export const keys = (cursor, signal) => page(path("access", "keys"), { cursor }, signal);

export const key = (id) => json(path("access", "keys", id));

/** Makes a key; the answer has its text, this once. */
export const makeKey = async (wish) => (await send("POST", path("access", "keys"), wish)).json();

export const revokeKey = (id) => send("DELETE", path("access", "keys", id));

export const rules = (cursor, signal) => page(path("access", "rules"), { cursor }, signal);

export const rule = (id, signal) => json(path("access", "rules", id), signal);

export const roles = async (signal) => (await page(path("access", "roles"), { limit: 200 }, signal)).items;

export const groups = async (signal) => (await page(path("access", "groups"), { limit: 200 }, signal)).items;

export const rolePage = (cursor, signal) => page(path("access", "roles"), { cursor }, signal);

export const groupPage = (cursor, signal) => page(path("access", "groups"), { cursor }, signal);

/** The whole policy, and the tag of its version. */
export async function policy() {
  const response = await call(path("access", "policy"), { headers: { Accept: "application/json" } });
  return { policy: await response.json(), tag: response.headers.get("ETag") };
}

/** Replaces the version of the policy that has this tag, or only says what would change. */
export async function replacePolicy(policy, tag, isTried) {
  const url = path("access", "policy");
  if (isTried) url.searchParams.set("dryRun", "true");
  return (await send("PUT", url, policy, { "If-Match": tag })).json();
}

export const explain = async (question) => (await send("POST", path("access", "explanations"), question)).json();

export const audit = (filters, cursor, signal) => page(path("audit"), { ...filters, cursor }, signal);

export const verifyAudit = (signal) => json(path("audit", "verification"), signal);

/** Gives a key a new text, which the answer has this once; the one before works for so many seconds more. */
export const rotateKey = async (id, overlapSeconds) =>
  (await send("POST", path("access", "keys", id, "rotations"), { overlapSeconds })).json();

export const policyVersions = (cursor, signal) => page(path("access", "policy-versions"), { cursor }, signal);

/** The whole policy as it was in a version. */
export const policyVersion = (number, signal) => json(path("access", "policy-versions", number), signal);

/** Brings an earlier version back in place of the one that has this tag. */
export const restorePolicy = async (number, tag) =>
  (await send("POST", path("access", "policy-versions", String(number), "restorations"), undefined, { "If-Match": tag })).json();

/** What the IAM policies of a store would be; nothing is changed. */
export const planIAM = async (store) => (await send("POST", path("stores", store, "iam", "plans"), {})).json();

/** How the rules and the IAM policies of a store stand to each other. */
export const storeIAM = (store, signal) => json(path("stores", store, "iam"), signal);

// Webhooks.

const hook = (id, ...more) => path("webhooks", id, ...more);

export const webhooks = (cursor, signal) => page(path("webhooks"), { cursor }, signal);

export const webhook = (id, signal) => json(hook(id), signal);

/** Makes an endpoint; the answer has its secret, this once. */
export const makeWebhook = async (wish) => (await send("POST", path("webhooks"), wish)).json();

export const changeWebhook = async (id, wish) => (await send("PATCH", hook(id), wish)).json();

export const removeWebhook = (id) => send("DELETE", hook(id));

/** Asks the endpoint whether it wants to be called, which also ends that it is switched off. */
export const verifyWebhook = async (id) => (await send("POST", hook(id, "challenges"))).json();

export const suspendWebhook = async (id) => (await send("PUT", hook(id, "suspension"), {})).json();

/** Gives an endpoint another secret, as {@link rotateKey} does for a key. */
export const rotateWebhook = async (id, overlapSeconds) =>
  (await send("POST", hook(id, "secret-rotations"), { overlapSeconds })).json();

export const testWebhook = async (id) => (await send("POST", hook(id, "tests"))).json();

/** What was and is delivered, the newest first; `state` and `limit` are the filters. */
export const deliveries = (id, filters, cursor, signal) => page(hook(id, "deliveries"), { ...filters, cursor }, signal);

export const attempts = async (id, event, signal) => (await json(hook(id, "deliveries", event, "attempts"), signal)).items;

export const redeliver = async (id, event) => (await send("POST", hook(id, "deliveries", event, "redeliveries"))).json();

export const replays = async (id, signal) => (await json(hook(id, "replays"), signal)).items;

export const replay = (id, number, signal) => json(hook(id, "replays", number), signal);

export const beginReplay = async (id, wish) => (await send("POST", hook(id, "replays"), wish)).json();

export const cancelReplay = async (id, number) => (await send("POST", hook(id, "replays", number, "cancellations"))).json();
