// The page as a whole: the way in, the views, and what is in the bar.

import * as api from "./api.js";
import { announce, byId, closeDialogs, el, fill, hasDialog, problemNotice } from "./dom.js";
import { Places } from "./places.js";
import { sessionEnded, showSignIn, signInByLink } from "./signin.js";
import { StudyPage } from "./study.js";
import { UploadPanel } from "./upload.js";
import { Worklist } from "./worklist.js";

const places = new Places(may);
const views = ["sign-in", "worklist", "study", ...places.views];

let isSignedIn = false;
let me = null;
let storeNames = [];
let store = null;
let lastStudy = null;
let listScroll = 0;
/** What the address named when somebody had to sign in: shown after the next sign-in in this window. */
let interrupted = null;

const worklist = new Worklist();
const studyPage = new StudyPage(may);
const uploadPanel = new UploadPanel(() => store, () => worklist.reload());

/** Whether the caller may do this with the service as a whole. */
function may(permission) {
  return me?.permissions.includes(permission) ?? false;
}

function showView(name) {
  for (const view of views) byId(view).hidden = view !== name;
  const isOfStore = name === "worklist" || name === "study";
  byId("store-choice").hidden = !isOfStore || storeNames.length < 2;
  const place = name === "study" ? "worklist" : places.ofView(name);
  for (const link of byId("places").querySelectorAll("a")) {
    if (link.dataset.place === place) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/**
 * Shows what the address names: `#/` is the list, `#/studies/{store}/{study}` a study; the others are places for
 * administrators.
 */
async function route() {
  if (location.hash.startsWith("#signin=")) {
    await start();
    return;
  }
  if (!isSignedIn) return;
  closeDialogs();
  const [address, query] = location.hash.slice(1).split("?");
  const [, name, ...rest] = address.split("/").map(decoded);
  const asked = Object.fromEntries(new URLSearchParams(query));
  if (name === "studies" && rest.length === 2) await showStudy(...rest);
  else if (!(await showPlace(name, rest, asked))) showWorklist();
}

function decoded(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Shows a view for administrators, and tells whether there is one of this name that the caller may see. */
async function showPlace(name, [id], asked) {
  const page = places.page(name, id);
  if (!page) return false;
  places.close();
  studyPage.close();
  lastStudy = null;
  showView(page.view);
  scrollTo(0, 0);
  document.title = `${page.title} – Collimator`;
  await page.show({ me, may, stores: storeNames, id, asked });
  const view = byId(page.view);
  // Somebody may have gone on while it was loading.
  if (!view.hidden && !view.contains(document.activeElement)) (view.querySelector("h1") ?? byId("main")).focus({ preventScroll: true });
  return true;
}

async function showStudy(ofStore, uid) {
  if (!byId("worklist").hidden) listScroll = scrollY;
  places.close();
  lastStudy = uid;
  showView("study");
  scrollTo(0, 0);
  await studyPage.show(ofStore, uid);
  byId("study").querySelector("h1")?.focus({ preventScroll: true });
}

function showWorklist() {
  studyPage.close();
  places.close();
  document.title = "Collimator";
  showView("worklist");
  worklist.show(store);
  if (!lastStudy) return;
  scrollTo(0, listScroll);
  worklist.focusStudy(lastStudy);
  lastStudy = null;
}

/** Asks to sign in, and says why; what the address names is shown afterwards, unless somebody has left. */
function signedOut(problem, isLeaving = false) {
  if (!isSignedIn && !byId("sign-in").hidden) return;
  interrupted = !isLeaving && location.hash.startsWith("#/") ? location.hash : null;
  if (isLeaving) history.replaceState(null, "", location.pathname);
  isSignedIn = false;
  me = null;
  store = null;
  closeDialogs();
  places.close();
  studyPage.close();
  worklist.show(null);
  uploadPanel.stop();
  for (const id of ["actions", "places", "store-choice"]) byId(id).hidden = true;
  document.title = "Sign in – Collimator";
  const heading = showSignIn(problem);
  showView("sign-in");
  heading.focus({ preventScroll: true });
}

function showStores(stores) {
  const names = stores.map(({ name }) => name);
  storeNames = names;
  const select = byId("store");
  fill(select, names.map((name) => el("option", { value: name }, name)));
  store = names.includes(store) ? store : names[0] ?? null;
  select.value = store;
  byId("actions").hidden = false;
}

/** Shows the places that the caller may go to, where there is more than one. */
function showPlaces() {
  const links = [...byId("places").querySelectorAll("a")];
  for (const link of links) link.hidden = link.dataset.place !== "worklist" && !places.mayOpen(link.dataset.place);
  byId("places").hidden = links.filter((link) => !link.hidden).length < 2;
}

async function start() {
  if (!(await signInByLink())) {
    showView("sign-in");
    return;
  }
  try {
    const [caller, stores] = await Promise.all([api.me(), api.stores()]);
    me = caller;
    showStores(stores);
    showPlaces();
  } catch (problem) {
    if (problem.status === 401) return;
    fill(byId("sign-in"), problemNotice(problem, start));
    showView("sign-in");
    return;
  }
  isSignedIn = true;
  if (interrupted && location.hash === "") history.replaceState(null, "", interrupted);
  interrupted = null;
  await route();
}

/** Somebody may have signed in or out in another window meanwhile. */
async function lookAgain() {
  if (document.visibilityState !== "visible") return;
  const wasSignedIn = isSignedIn;
  const principal = await api.signedIn();
  if (!principal || wasSignedIn !== isSignedIn) return;
  if (!isSignedIn) await start();
  else if (principal !== me.principal) location.reload();
}

async function leave() {
  try {
    await api.signOut();
    signedOut(undefined, true);
    announce("Signed out");
  } catch (problem) {
    signedOut(problem, true);
  }
}

function press(event) {
  const isTyping = event.target.matches("input:not([type=range]), select, textarea");
  if (!isSignedIn || isTyping || event.altKey || event.ctrlKey || event.metaKey || hasDialog()) return;
  const action = {
    "/": () => !byId("worklist").hidden && worklist.focusSearch(),
    "?": () => byId("help").showModal(),
    "u": () => uploadPanel.toggle(true),
    "Escape": () => {
      if (!byId("upload").hidden) uploadPanel.toggle(false);
      else if (!byId("study").hidden) location.hash = "#/";
      else if (places.above) location.hash = places.above;
    },
  }[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

// Who was never signed in is told how to; who was, also why it ended.
api.onSignedOut((problem) => signedOut(isSignedIn ? sessionEnded(problem) : undefined));
addEventListener("hashchange", route);
addEventListener("keydown", press);
document.addEventListener("visibilitychange", lookAgain);
byId("store").addEventListener("change", (event) => {
  store = event.target.value;
  location.hash = "#/";
  worklist.show(store);
});
byId("open-upload").addEventListener("click", () => uploadPanel.toggle());
byId("open-help").addEventListener("click", () => byId("help").showModal());
byId("sign-out").addEventListener("click", leave);
byId("skip").addEventListener("click", (event) => {
  // The address after the # says which view is shown: it must stay.
  event.preventDefault();
  byId("main").focus();
});
start();
