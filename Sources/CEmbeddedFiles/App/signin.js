// The way in: a login at an issuer, or the one-time token of a link, becomes a session.

import * as api from "./api.js";
import { byId, el, fill, problemNotice } from "./dom.js";

/**
 * Takes the token out of the address, and the address bar, and exchanges it. Gives true where there was none or it
 * worked; says why where it did not, and where the address says that a login came to nothing.
 */
export async function signInByLink() {
  const refusal = loginProblem();
  if (refusal) {
    showSignIn(refusal);
    return false;
  }
  const token = /^#signin=([\w-]+)$/.exec(location.hash)?.[1];
  if (!token) return true;
  history.replaceState(null, "", location.pathname);
  try {
    await api.signIn(token);
    return true;
  } catch (problem) {
    showSignIn(problem);
    return false;
  }
}

/** What a login came to nothing for, by the word in the address that it has led back to. */
const loginProblems = {
  "invalid-input": "This login was begun in another browser, or too long ago. Begin again.",
  "unauthenticated": "You were not logged in, or are not let in here. Whoever runs this service knows which.",
  "forbidden": "A login begins on this page, at the address that this service is known by. Open that address and begin again.",
  "not-found": "Nobody logs in there. Choose one of the ways below.",
  "rate-limited": "Too many people log in at this moment. Try again in a moment.",
  "unavailable": "The login page cannot be reached now, or the service does not know its own address. Try again in a moment.",
  "internal": "Something went wrong here, and not with your login. Try again, and tell whoever runs this service.",
};

/** Takes what a login came to nothing for out of the address; nothing where there was none. */
function loginProblem() {
  const word = /^#login=([a-z-]+)$/.exec(location.hash)?.[1];
  if (!word) return undefined;
  history.replaceState(null, "", location.pathname);
  const detail = Object.hasOwn(loginProblems, word) ? loginProblems[word] : "The login did not work. Try again.";
  return { title: "You are not signed in", detail };
}

/** What is said where a session came to its end while somebody used the page. */
export const sessionEnded = ({ requestId } = {}) => ({
  title: "Your session has ended", detail: "Sign in again to go on where you were.", requestId,
});

const byLink = () => [
  el("p", {}, "Open the link that ", el("code", {}, "collimator serve"), " printed when it started. It works once."),
  el("p", {}, "This prints a new one, on the machine where it runs:"),
  el("pre", {}, "collimator sign-in"),
];

/** A link to each issuer, which leads back to what the address shows now; the other way in stands behind them. */
async function showWays(place) {
  let issuers = [];
  let fault = null;
  try {
    issuers = await api.issuers();
  } catch (problem) {
    // The other way in is there all the same.
    fault = problem;
  }
  const isPage = location.hash.startsWith("#/");
  const logins = issuers.map(({ label, links }) => {
    const url = new URL(`..${links.login}`, document.baseURI);
    if (isPage) url.searchParams.set("returnTo", `/app/${location.hash}`);
    return el("a", { class: "button login", href: url.href }, el("span", {}, "Sign in with ", el("bdi", {}, label)));
  });
  fill(
    place,
    logins.length > 0 && el("ul", { class: "logins", "aria-label": "Ways to sign in" }, logins.map((login) => el("li", {}, login))),
    fault && problemNotice({ ...fault, title: "The ways to log in cannot be asked for" }, () => showWays(place)),
    logins.length > 0 ? el("details", { class: "notice-more" }, el("summary", {}, "With a link"), byLink()) : byLink(),
  );
}

/** Says how to sign in, and what went wrong where something did. */
export function showSignIn(problem) {
  const ways = el("div", { class: "ways" }, el("p", { class: "quiet", role: "status" }, "Looking for ways to sign in…"));
  const heading = el("h1", { tabindex: "-1" }, "Sign in");
  fill(
    byId("sign-in"),
    heading,
    problem && problemNotice(problem),
    ways,
    el("p", { class: "quiet" }, "A session ends after 12 hours, after 2 hours without use, and when the service restarts."),
  );
  showWays(ways);
  return heading;
}
