// The calls of the page: `/api/v1` and the way in and out, nothing else.

const root = new URL("../api/v1/", document.baseURI);
const auth = new URL("../auth/", document.baseURI);

/** A refusal or failure, in the words of the service where it has some (RFC 9457). */
export class Problem extends Error {
  constructor({ title, detail, requestId, status = 0 }) {
    super(title);
    Object.assign(this, { title, detail, requestId, status });
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

export const stores = async (signal) => (await json(path("stores"), signal)).items;

/** One page of studies; `filters` are the parameters of the search, `cursor` is that of the page before. */
export function studies(store, filters, cursor, signal) {
  const url = path("stores", store, "studies");
  for (const [name, value] of Object.entries(filters)) if (value) url.searchParams.set(name, value);
  if (cursor) url.searchParams.set("cursor", cursor);
  return json(url, signal);
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
