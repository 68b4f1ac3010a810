// The audit: who saw this study or this patient, and what somebody saw.

import * as api from "./api.js";
import { button, byId, choice, el, facts, field, fill, form, problemNotice } from "./dom.js";
import { count, dayStart, moment } from "./format.js";
import { Listing } from "./listing.js";
import { principalInput } from "./suggest.js";
import { groundsWords, methodWords, permissionNames, permissionWords, principalParts } from "./words.js";

const outcomes = { success: "answered", refused: "refused", failed: "failed" };
const shades = { success: "good", refused: "bad", failed: "warn" };

export class AuditPage {
  #element = byId("audit");
  #listing = null;
  #inputs = {};
  #filters = {};

  /** Shows the records that `asked` says; the latest of all where it says nothing. */
  show(me, may, stores, asked) {
    this.close();
    this.#listing = new Listing({
      label: "Records",
      empty: "There is no such record.",
      load: (cursor, signal) => api.audit(this.#filters, cursor, signal),
      row: (record) => this.#row(record),
    });
    this.checked = el("div", { class: "quiet", id: "audit-checked", role: "status" });
    fill(
      this.#element,
      el(
        "div", { class: "section-head" },
        el("h1", { tabindex: "-1" }, "Audit"),
        button("Is it whole?", () => this.#verify(), { id: "audit-verify" }),
      ),
      this.checked,
      this.#form(me, may, stores, asked),
      this.#listing.element,
    );
    this.#search();
  }

  close() {
    this.#listing?.close();
    this.#listing = null;
    this.#element.replaceChildren();
  }

  #form(me, may, stores, asked) {
    const who = principalInput({ id: "audit-caller", value: asked.caller }, may);
    const any = (label, options, value) => choice({}, [["", label], ...options], value);
    const places = [...new Set([...stores, ...(asked.store ? [asked.store] : [])])];
    this.#inputs = {
      caller: who.input,
      study: el("input", { id: "audit-study", value: asked.study, maxlength: "64", pattern: "[0-9.]+", autocomplete: "off" }),
      store: any("Any", places.map((name) => [name, name]), asked.store),
      patientId: el("input", { id: "audit-patient", maxlength: "64", autocomplete: "off" }),
      issuer: el("input", { maxlength: "64", autocomplete: "off" }),
      outcome: any("Any", Object.entries(outcomes)),
      action: any("Anything", permissionNames(me).map((name) => [name, permissionWords(name)])),
      from: el("input", { type: "date" }),
      to: el("input", { type: "date" }),
    };
    this.#inputs.outcome.id = "audit-outcome";
    const inputs = this.#inputs;
    return form(
      { class: "panel", role: "search", id: "audit-form" },
      () => this.#search(),
      el(
        "div", { class: "fields" },
        el("div", { class: "field" }, el("label", { for: who.input.id }, "Who"), who.input, who.list),
        field("Study UID", inputs.study), field("Patient ID", inputs.patientId), field("Issuer of the ID", inputs.issuer),
        el("div", { class: "what" }, field("What", inputs.action)), field("Store", inputs.store), field("Outcome", inputs.outcome),
        field("From", inputs.from), field("To", inputs.to),
      ),
      el(
        "div", { class: "choices" },
        el("button", { class: "primary" }, "Show"),
        button("Clear", () => this.#only({})),
      ),
    );
  }

  #search() {
    const { from, to, ...others } = this.#inputs;
    this.#filters = Object.fromEntries(Object.entries(others).map(([name, input]) => [name, input.value.trim()]));
    if (from.value) this.#filters.from = dayStart(from.value);
    // To the end of that day.
    if (to.value) this.#filters.to = dayStart(to.value, 1);
    this.#listing.reload();
  }

  /** Asks for these alone. Identifiers of patients stay in the form: an address would be kept by the browser. */
  #only(filters) {
    for (const [name, input] of Object.entries(this.#inputs)) input.value = filters[name] ?? "";
    this.#search();
    scrollTo(0, 0);
    this.#inputs.caller.focus({ preventScroll: true });
  }

  #row(record) {
    const { name, kind } = principalParts(record.caller);
    const narrow = (text, label, filters) =>
      el("button", { type: "button", class: "link", title: label, onclick: () => this.#only(filters) }, el("bdi", {}, text));
    const { patient, study, store, series, instance } = record;
    return [
      el(
        "div", { class: "entry-text record" },
        el(
          "p", { class: "entry-head" },
          el("time", { class: "when", datetime: record.time, title: record.time }, moment(record.time, true)), " ",
          el("span", { class: `chip ${shades[record.outcome] ?? ""}` }, outcomes[record.outcome] ?? record.outcome), " ",
          record.count > 1 && el("span", { class: "chip" }, `${record.count.toLocaleString("en")} times`),
        ),
        el(
          "p", { class: "who" },
          narrow(name, "What it did", { caller: record.caller }),
          el("span", { class: "quiet" }, ` ${kind}, with ${methodWords(record.authenticationMethod)}`),
        ),
        el("p", {}, permissionWords(record.action), record.repeats && el("span", { class: "quiet" }, " (repeats of a record before)")),
        (study || patient || store) && el(
          "p", {},
          patient && [
            "Patient ",
            narrow(
              patient.issuer ? `${patient.id} of ${patient.issuer}` : patient.id,
              "Who saw this patient", { patientId: patient.id, issuer: patient.issuer },
            ),
            " · ",
          ],
          study && ["Study ", narrow(study, "Who saw this study", { study, store }), " · "],
          store && `Store ${store}`,
        ),
        el("details", {}, el("summary", {}, "More"), facts({
          "Route": record.route,
          "Permission": record.action,
          "Decision": groundsWords(record.decision),
          "Purpose": record.purpose,
          "Series": series,
          "Instance": instance,
          "Address": record.clientAddress,
          "Request": record.requestId,
          "Record": String(record.number),
        })),
      ),
    ];
  }

  async #verify() {
    fill(this.checked, "Following the chain…");
    try {
      const { intact, records, brokenAt, head } = await api.verifyAudit();
      fill(this.checked, intact
        ? `The audit is whole: ${count(records, "record")}; the last is ${head.number}, ${head.hash}`
        : `The audit is broken at record ${brokenAt}. The last sound one is ${head.number}, ${head.hash}`);
    } catch (problem) {
      fill(this.checked, problemNotice(problem));
    }
  }
}
