// The form of an endpoint: where it is called, of what, and how much it is told.

import * as api from "./api.js";
import { choice, el, field, fill, form, problemNotice } from "./dom.js";
import { moment } from "./format.js";
import { dataPolicies, eventTypes } from "./hookwords.js";

export class WebhookForm {
  #endpoint;
  #inputs = {};
  #opened = {};
  #fault = el("div", {});

  /** Without an endpoint, of a new one; `done` gets what was made or changed. */
  constructor(endpoint, stores, done) {
    this.#endpoint = endpoint;
    this.element = form(
      { class: "panel", id: "webhook-form" },
      () => this.#send(done),
      this.#where(),
      this.#what(stores),
      this.#how(),
      this.#carried(),
      this.#fault,
      el(
        "div", { class: "choices" },
        el("button", { class: "primary" }, endpoint ? "Save" : "Make the endpoint"),
        el("a", { class: "button", href: endpoint ? `#/webhooks/${encodeURIComponent(endpoint.id)}` : "#/webhooks" }, "Cancel"),
      ),
    );
    if (endpoint) this.#opened = this.#wish;
  }

  focus() {
    this.#inputs.name.focus();
  }

  #where() {
    const { name, url, headerNames = [], clientCertificate } = this.#endpoint ?? {};
    const isGone = headerNames.length > 0 || clientCertificate;
    this.#inputs.name = el("input", {
      id: "webhook-name", value: name, required: true, maxlength: "100", autocomplete: "off", placeholder: "The worklist",
    });
    this.#inputs.url = el("input", {
      id: "webhook-url", type: "url", value: url, required: true, maxlength: "2048", autocomplete: "off", spellcheck: "false",
      placeholder: "https:" + "//worklist.example.org/hook",
    });
    return el(
      "fieldset", {},
      el("legend", {}, "Whom to call"),
      el(
        "div", { class: "fields" },
        field("Name", this.#inputs.name, "What people call it."),
        el("div", { class: "wide" }, field(
          "Address", this.#inputs.url,
          this.#endpoint
            ? `Another address has to be verified again${isGone ? ", and is not given the headers and the certificate of this one" : ""}.`
            : "An https address that is public, or in a network that the configuration allows.",
        )),
      ),
    );
  }

  #what(stores) {
    const { types = [], stores: asked = [], modalities = [], condition } = this.#endpoint ?? {};
    // What an endpoint has and the form does not know stays as it is.
    const names = [...new Set([...Object.keys(eventTypes), ...types])];
    this.#inputs.types = ticks(names.map((name) => [name, el("span", { class: "code" }, name), eventTypes[name] ?? ""]), types);
    const places = [...new Set([...stores, ...asked])];
    this.#inputs.stores = ticks(places.map((name) => [name, name]), asked);
    this.#inputs.modalities = el("input", {
      id: "webhook-modalities", value: modalities.join(" "), autocomplete: "off", placeholder: "every modality",
      pattern: "[A-Za-z0-9_]{1,16}([\\s,]+[A-Za-z0-9_]{1,16})*",
    });
    this.#inputs.condition = el("textarea", {
      id: "webhook-condition", rows: "3", class: "code", spellcheck: "false", autocomplete: "off", autocapitalize: "none",
      placeholder: '{"institution": ["North*"]}',
    }, condition ? JSON.stringify(condition, null, 2) : "");
    return el(
      "fieldset", {},
      el("legend", {}, "Of what"),
      el("p", { class: "quiet" }, "Where nothing is ticked, of everything. Rules for the endpoint say which studies it may hear of."),
      group("Events", "webhook-types", this.#inputs.types),
      group("Stores", "webhook-stores", this.#inputs.stores),
      el(
        "div", { class: "fields" },
        field("Modalities in the study", this.#inputs.modalities, "Several with spaces, such as CT MR."),
        el("div", { class: "wide" }, field(
          "Only of studies that fulfil", this.#inputs.condition,
          "A condition in JSON as rules have it, over patients, dateFrom, dateTo, institution, referringPhysician, accessionNumber, description and modalitiesInStudy.",
        )),
      ),
    );
  }

  #how() {
    const { dataPolicy = "uids", callsPerMinute, ordered = false } = this.#endpoint ?? {};
    this.#inputs.dataPolicy = choice({ id: "webhook-data" }, Object.entries(dataPolicies), dataPolicy);
    this.#inputs.callsPerMinute = el("input", {
      type: "number", min: "1", max: "60000", step: "1", value: callsPerMinute, placeholder: "as many as it takes",
    });
    this.#inputs.ordered = el("input", { type: "checkbox", id: "webhook-ordered", checked: ordered });
    return el(
      "fieldset", {},
      el("legend", {}, "How"),
      el(
        "div", { class: "fields" },
        el("div", { class: "wide" }, field("What is told", this.#inputs.dataPolicy, "It gets no more than rules allow.")),
        field("Calls in a minute, at most", this.#inputs.callsPerMinute),
        el("div", { class: "ticks" }, el(
          "label", { class: "tick" }, this.#inputs.ordered, " One event of a study after the other, each when the one before was taken",
        )),
      ),
    );
  }

  /** What calls carry beside the signature; it is never shown again, so that what is left empty stays. */
  #carried() {
    const { headerNames = [], clientCertificate } = this.#endpoint ?? {};
    const pem = (id) => el("textarea", { id, rows: "3", class: "code", spellcheck: "false", autocomplete: "off", autocapitalize: "none" });
    const inputs = this.#inputs;
    inputs.headers = pem("webhook-headers");
    inputs.noHeaders = el("input", { type: "checkbox", id: "webhook-no-headers" });
    inputs.certificate = pem("webhook-certificate");
    inputs.key = pem("webhook-key");
    inputs.noCertificate = el("input", { type: "checkbox", id: "webhook-no-certificate" });
    const gone = (input, label) => el("div", { class: "ticks" }, el("label", { class: "tick" }, input, ` ${label}`));
    return el(
      "details", { class: "fieldset", id: "webhook-carried" },
      el("summary", {}, "What calls carry beside the signature"),
      el(
        "div", { class: "fields" },
        el("div", { class: "wide" }, field(
          "Headers", inputs.headers,
          headerNames.length > 0
            ? `It has ${headerNames.join(", ")}, whose values are not shown. What is written here takes the place of all of them.`
            : "One on each line: a name, a colon and a value. The values are not shown again.",
        )),
        headerNames.length > 0 && gone(inputs.noHeaders, "Take its headers away"),
        el("div", { class: "wide" }, field(
          "Certificate of ours, in PEM", inputs.certificate,
          clientCertificate ? `It has one that ends ${moment(clientCertificate.endsAt)}.` : "With those above it, for an endpoint that asks for one (mutual TLS).",
        )),
        el("div", { class: "wide" }, field("Its key, in PEM", inputs.key, "Not encrypted; it is sealed here and not shown again.")),
        clientCertificate && gone(inputs.noCertificate, "Take the certificate away"),
      ),
    );
  }

  /** The endpoint as the form says it. */
  get #wish() {
    const { name, url, types, stores, modalities, condition, dataPolicy, callsPerMinute, ordered } = this.#inputs;
    const wish = {
      name: name.value.trim(), url: url.value.trim(), types: ticked(types), stores: ticked(stores),
      modalities: isTouched(modalities) ? modalities.value.toUpperCase().split(/[\s,]+/).filter(Boolean) : this.#endpoint?.modalities ?? [],
      dataPolicy: dataPolicy.value, ordered: ordered.checked,
    };
    if (condition.value.trim()) wish.condition = conditionOf(condition.value);
    else if (this.#endpoint) wish.condition = null;
    if (callsPerMinute.value) wish.callsPerMinute = Number(callsPerMinute.value);
    else if (this.#endpoint) wish.callsPerMinute = null;
    const { headers, noHeaders, certificate, key, noCertificate } = this.#inputs;
    if (headers.value.trim()) wish.headers = headersOf(headers.value);
    else if (noHeaders.checked) wish.headers = {};
    if (certificate.value.trim() || key.value.trim()) {
      wish.clientCertificate = { certificate: `${certificate.value.trim()}\n`, key: `${key.value.trim()}\n` };
    } else if (noCertificate.checked) wish.clientCertificate = null;
    return wish;
  }

  /** What was touched: what somebody else has changed meanwhile stays as it is. */
  get #change() {
    const isOther = ([member, value]) => JSON.stringify(value) !== JSON.stringify(this.#opened[member]);
    return Object.fromEntries(Object.entries(this.#wish).filter(isOther));
  }

  async #send(done) {
    this.#fault.replaceChildren();
    try {
      done(this.#endpoint ? await api.changeWebhook(this.#endpoint.id, this.#change) : await api.makeWebhook(this.#wish));
    } catch (problem) {
      fill(this.#fault, problemNotice(problem));
      this.#fault.scrollIntoView({ block: "nearest" });
    }
  }
}

/** The condition as it is sent; whether it can be one is for the service to say. */
function conditionOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new api.Problem({ title: "The condition cannot be read", detail: 'It is JSON, such as {"institution": ["North*"]}.' });
  }
}

const isTouched = (input) => input.value !== input.defaultValue;

/** A name, a colon and a value on each line. */
function headersOf(text) {
  // What is said is never of the line: it may be a secret.
  const refuse = (detail) => {
    throw new api.Problem({ title: "The headers cannot be read", detail });
  };
  const headers = new Map();
  for (const line of text.split("\n").map((one) => one.trim()).filter(Boolean)) {
    const [, name, value] = /^([\w-]+)\s*:\s*(.+)$/.exec(line) ?? [];
    if (!name) refuse("Each line is a name, a colon and a value.");
    if (headers.has(name.toLowerCase())) refuse("A header is named twice.");
    headers.set(name.toLowerCase(), [name, value]);
  }
  return Object.fromEntries(headers.values());
}

const ticks = (options, chosen) => options.map(([name, ...label]) => el(
  "label", { class: "tick" },
  el("input", { type: "checkbox", value: name, checked: chosen.includes(name) }),
  el("span", {}, label.flatMap((part) => [part, " "])),
));

const ticked = (labels) => labels.map((label) => label.querySelector("input")).filter((input) => input.checked).map((input) => input.value);

const group = (name, id, content) => el(
  "div", { class: "field", role: "group", "aria-label": name, id },
  el("span", { "aria-hidden": "true" }, name),
  el("div", { class: "ticks" }, content.length > 0 ? content : el("span", { class: "quiet" }, "There are none.")),
);
