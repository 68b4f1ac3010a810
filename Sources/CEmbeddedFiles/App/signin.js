// The way in: the one-time token of a link becomes a session.

import * as api from "./api.js";
import { byId, el, fill, problemNotice } from "./dom.js";

/**
 * Takes the token out of the address, and the address bar, and exchanges it. Gives true where there was none or it
 * worked; says why where it did not.
 */
export async function signInByLink() {
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

/** Says how to sign in, and what went wrong where something did. */
export function showSignIn(problem) {
  fill(
    byId("sign-in"),
    el("h1", {}, "Sign in"),
    problem && problemNotice(problem),
    el("p", {}, "Open the link that ", el("code", {}, "collimator serve"), " printed when it started. It works once."),
    el("p", {}, "This prints a new one, on the machine where it runs:"),
    el("pre", {}, "collimator sign-in"),
    el("p", { class: "quiet" }, "A session ends after 12 hours, after 2 hours without use, and when the service restarts."),
  );
}
