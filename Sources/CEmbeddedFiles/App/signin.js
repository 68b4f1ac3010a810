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
  "unauthenticated": "You were not logged in, or are not let in here.",
  "unavailable": "The login page cannot be reached now. Try again in a moment.",
};

/** Takes what a login came to nothing for out of the address; nothing where there was none. */
function loginProblem() {
  const word = /^#login=([a-z-]+)$/.exec(location.hash)?.[1];
  if (!word) return undefined;
  history.replaceState(null, "", location.pathname);
  return { title: "You are not signed in", detail: loginProblems[word] ?? "The login did not work. Try again." };
}

/** A link to each issuer, which leads back to what the address shows now. */
async function showIssuers(place) {
  let issuers = [];
  try {
    issuers = await api.issuers();
  } catch {
    // The other way in is there all the same.
  }
  const isPage = location.hash.startsWith("#/");
  fill(place, issuers.map(({ label, links }) => {
    const url = new URL(`..${links.login}`, document.baseURI);
    if (isPage) url.searchParams.set("returnTo", `/app/${location.hash}`);
    return el("a", { class: "button login", href: url.href }, `Sign in with ${label}`);
  }));
}

/** Says how to sign in, and what went wrong where something did. */
export function showSignIn(problem) {
  const issuers = el("div", { class: "logins" });
  showIssuers(issuers);
  fill(
    byId("sign-in"),
    el("h1", {}, "Sign in"),
    problem && problemNotice(problem),
    issuers,
    el("p", {}, "Open the link that ", el("code", {}, "collimator serve"), " printed when it started. It works once."),
    el("p", {}, "This prints a new one, on the machine where it runs:"),
    el("pre", {}, "collimator sign-in"),
    el("p", { class: "quiet" }, "A session ends after 12 hours, after 2 hours without use, and when the service restarts."),
  );
}
