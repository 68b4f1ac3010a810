// The page as a whole: the way in, the two views, and what is in the bar.

import * as api from "./api.js";
import { announce, byId, el, fill, problemNotice } from "./dom.js";
import { showSignIn, signInByLink } from "./signin.js";
import { StudyPage } from "./study.js";
import { UploadPanel } from "./upload.js";
import { Worklist } from "./worklist.js";

const views = ["sign-in", "worklist", "study"];

let isSignedIn = false;
let store = null;
let lastStudy = null;
let listScroll = 0;

const worklist = new Worklist();
const studyPage = new StudyPage();
const uploadPanel = new UploadPanel(() => store, () => worklist.reload());

function showView(name) {
  for (const view of views) byId(view).hidden = view !== name;
}

/** Shows what the address names: `#/` is the list, `#/studies/{store}/{study}` a study. */
async function route() {
  if (location.hash.startsWith("#signin=")) {
    await start();
    return;
  }
  if (!isSignedIn) return;
  const match = /^#\/studies\/([^/]+)\/([^/]+)$/.exec(location.hash);
  if (match) await showStudy(decodeURIComponent(match[1]), decodeURIComponent(match[2]));
  else showWorklist();
}

async function showStudy(ofStore, uid) {
  if (!byId("worklist").hidden) listScroll = scrollY;
  lastStudy = uid;
  showView("study");
  scrollTo(0, 0);
  await studyPage.show(ofStore, uid);
  byId("study").querySelector("h1")?.focus({ preventScroll: true });
}

function showWorklist() {
  studyPage.close();
  document.title = "Collimator";
  showView("worklist");
  worklist.show(store);
  if (!lastStudy) return;
  scrollTo(0, listScroll);
  worklist.focusStudy(lastStudy);
  lastStudy = null;
}

function signedOut(problem) {
  if (!isSignedIn && !byId("sign-in").hidden) return;
  isSignedIn = false;
  store = null;
  studyPage.close();
  worklist.show(null);
  uploadPanel.stop();
  for (const id of ["actions", "store-choice"]) byId(id).hidden = true;
  showSignIn(problem);
  showView("sign-in");
}

function showStores(stores) {
  const names = stores.map(({ name }) => name);
  const select = byId("store");
  fill(select, names.map((name) => el("option", { value: name }, name)));
  store = names.includes(store) ? store : names[0] ?? null;
  select.value = store;
  byId("store-choice").hidden = names.length < 2;
  byId("actions").hidden = false;
}

async function start() {
  if (!(await signInByLink())) {
    showView("sign-in");
    return;
  }
  try {
    showStores(await api.stores());
  } catch (problem) {
    if (problem.status === 401) return;
    fill(byId("sign-in"), problemNotice(problem, start));
    showView("sign-in");
    return;
  }
  isSignedIn = true;
  await route();
}

async function leave() {
  try {
    await api.signOut();
    signedOut();
    announce("Signed out");
  } catch (problem) {
    signedOut(problem);
  }
}

function press(event) {
  const isTyping = event.target.matches("input:not([type=range]), select, textarea");
  if (!isSignedIn || isTyping || event.altKey || event.ctrlKey || event.metaKey || byId("help").open) return;
  const action = {
    "/": () => !byId("worklist").hidden && worklist.focusSearch(),
    "?": () => byId("help").showModal(),
    "u": () => uploadPanel.toggle(true),
    "Escape": () => {
      if (!byId("upload").hidden) uploadPanel.toggle(false);
      else if (!byId("study").hidden) location.hash = "#/";
    },
  }[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

// Who was never signed in is told how to; who was, also why it ended.
api.onSignedOut((problem) => signedOut(isSignedIn ? problem : undefined));
addEventListener("hashchange", route);
addEventListener("keydown", press);
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
