// What is shown once and kept nowhere: the text of a key, the secret of an endpoint, a key file.

import { announce, button, choice, el, field, form, problemNotice, fill } from "./dom.js";

/**
 * A group that shows a text to be copied, or with `file` a file to be taken; it is in the page until the view is left or
 * somebody takes it out. `choices` are what can be done next.
 */
export function shownOnce({ id, label, name, said, text, file, more, choices }) {
  const input = text && el("input", {
    class: "code", id, readonly: true, value: text, "aria-label": label, onfocus: () => input.select(),
  });
  const copy = input && navigator.clipboard && button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(text);
      announce("Copied");
      copy.textContent = "Copied";
    } catch {
      input.focus();
    }
  });
  const take = file && button("Save the file", () => save(file), { class: "primary", id });
  const element = el(
    "div", { class: "panel once", role: "group", "aria-label": `${label}: ${name}` },
    el("h3", {}, el("bdi", {}, name)),
    el("p", {}, said),
    el("div", { class: "key-line" }, input, copy, take),
    more,
    el("div", { class: "choices" }, choices),
  );
  return { element, focus: () => (input ?? take).focus() };
}

/** Gives the file to the browser, which puts it where it puts downloads. */
function save({ name, content }) {
  const url = URL.createObjectURL(new Blob([content], { type: "application/json" }));
  el("a", { href: url, download: name }).click();
  // The browser has to have begun.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  announce(`${name} is given to the browser`);
}

const spans = [["0", "Ends at once"], ["3600", "Works for an hour"], ["86400", "Works for a day"], ["604800", "Works for a week"]];

/** Asks how long what is replaced is to work beside what replaces it, and replaces it. */
export function rotationForm({ title, said, label, rotate, cancel }) {
  const overlap = choice({}, spans, "86400");
  const fault = el("div", {});
  const element = form(
    { class: "panel" },
    async () => {
      try {
        await rotate(Number(overlap.value));
      } catch (problem) {
        fill(fault, problemNotice(problem));
      }
    },
    el("h3", {}, title),
    el("p", {}, said),
    el("div", { class: "fields" }, field("The one before", overlap)),
    fault,
    el("div", { class: "choices" }, el("button", { class: "primary" }, label), button("Cancel", cancel)),
  );
  return { element, focus: () => overlap.focus() };
}
