// Making and changing elements. Text only ever becomes a text node: nothing that came from elsewhere is parsed as HTML.

const svgNamespace = "http://www.w3.org/2000/svg";

/** The element of the page that has this id. */
export const byId = (id) => document.getElementById(id);

/**
 * A new element. Properties that begin with `on` are listeners, the others attributes; one that is `true` has no value
 * and one that is `false` or nothing is left out. Children are elements, texts, or nothing.
 */
export function el(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** One of the icons that stand at the end of the page. */
export function icon(name) {
  const svg = document.createElementNS(svgNamespace, "svg");
  const use = document.createElementNS(svgNamespace, "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** Puts these children in place of all that are there. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter(Boolean));
  return element;
}

/** Says something to those who listen to the page. */
export function announce(text) {
  byId("announcer").textContent = text;
}

/** A problem as people read it: what it is, what may help, and the id to ask about. */
export function problemNotice(problem, retry) {
  return el(
    "div", { class: "problem", role: "alert" },
    el("strong", {}, problem.title),
    problem.detail && el("p", {}, problem.detail),
    problem.errors?.length > 0 && el("ul", {}, problem.errors.map(({ place, problem: fault }) => el("li", {}, `${place}: ${fault}`))),
    problem.requestId && el("p", { class: "quiet" }, `Request ${problem.requestId}`),
    retry && el("button", { type: "button", onclick: retry }, "Try again"),
  );
}

/** Asks in a dialog, and tells whether the answer was yes; Escape is no. The title is a text, or parts of one. */
export function confirmed({ title, content, label }) {
  return new Promise((resolve) => {
    const dialog = el(
      "dialog", {
        class: "help ask", "aria-labelledby": "ask-title",
        onclose: () => {
          dialog.remove();
          resolve(dialog.returnValue === "yes");
        },
      },
      el("h2", { id: "ask-title" }, title),
      content,
      el(
        "form", { method: "dialog", class: "choices" },
        el("button", { value: "no", autofocus: true }, "Cancel"),
        el("button", { value: "yes", class: "grave" }, label),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Whether something is asked or shown that is to be closed first. */
export const hasDialog = () => document.querySelector("dialog[open]") !== null;

/** Gives up all that is asked or shown in a dialog; the answer is no. */
export function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
}

/** An input with its name and, where there is more to say, a hint. */
export const field = (name, input, hint) =>
  el("label", { class: "field" }, el("span", {}, name), input, hint && el("small", { class: "quiet" }, hint));

/** A button that does something; while it is at it, pressing it again does nothing, and it keeps the focus. */
export function button(label, action, properties = {}) {
  const press = async () => {
    if (element.getAttribute("aria-busy") === "true") return;
    element.setAttribute("aria-busy", "true");
    try {
      await action();
    } finally {
      element.removeAttribute("aria-busy");
    }
  };
  const element = el("button", { type: "button", ...properties, onclick: press }, label);
  return element;
}

/** A form whose answer is `send`, one at a time; the browser sends nothing itself. */
export function form(properties, send, ...children) {
  let isSending = false;
  const submit = async (event) => {
    event.preventDefault();
    if (isSending) return;
    isSending = true;
    try {
      await send();
    } finally {
      isSending = false;
    }
  };
  return el("form", { ...properties, onsubmit: submit }, ...children);
}

/** A list to choose from; each option is its value and its text. */
export const choice = (properties, options, value) => el(
  "select", properties,
  options.map(([name, label]) => el("option", { value: name, selected: name === value }, label)),
);

/** Names and what is known for them; what is not known is left out. A value is a text, or an element. */
export const facts = (values) => el(
  "dl", { class: "facts-list" },
  Object.entries(values).filter(([, value]) => value)
    .map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value instanceof Node ? value : el("bdi", {}, value)))),
);

/** Says at the end of an entry what went wrong with it, in place of what went wrong before. */
export function showProblem(entry, problem) {
  entry.querySelector(":scope > .problem")?.remove();
  entry.append(problemNotice(problem));
}

/** The way up from a view to the list that it belongs to. */
export const backLink = (href, label) => el("a", { class: "back", href }, icon("back"), label);
