// The form of a rule. What a rule has and the form does not know stays as it is.

import { button, choice, el, field } from "./dom.js";
import { localInput, wire } from "./format.js";
import { principalInput } from "./suggest.js";
import { dashed } from "./words.js";

const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
const codes = (text) => text.toUpperCase().split(/[\s,]+/).filter(Boolean);
const undashed = (date) => date.replaceAll("-", "");

export class RuleForm {
  #rule;
  #inputs = {};

  /** `roles` and `stores` are those that can be named; `may` tells whether the caller has a permission. */
  constructor(rule, { roles, stores, may, isNew }) {
    this.#rule = rule;
    this.parts = [this.#who(may, isNew), this.#what(roles, stores), this.#study(), this.#request()];
  }

  /** The rule as the form says it. */
  get rule() {
    const { id, principal, role, store, study, series, derived } = this.#inputs;
    const rule = structuredClone(this.#rule);
    const place = [
      store.value, study.value.trim() && `studies/${study.value.trim()}`, series.value.trim() && `series/${series.value.trim()}`,
    ];
    rule.id = id.value.trim();
    rule.effect = this.deny.checked ? "deny" : "allow";
    rule.principal = principal.value.trim();
    rule.role = role.value;
    rule.resource = place.filter(Boolean).join("/");
    put(rule, "includeDerived", derived.checked ? undefined : false);
    put(rule, "condition", this.#condition(rule.condition ?? {}));
    put(rule, "request", this.#requestCondition(rule.request ?? {}));
    return rule;
  }

  focus() {
    (this.#inputs.id.readOnly ? this.#inputs.principal : this.#inputs.id).focus();
  }

  #who(may, isNew) {
    const { id, effect, principal } = this.#rule;
    const { input, list } = principalInput({ id: "rule-principal", value: principal, required: true }, may, true);
    this.#inputs.principal = input;
    this.#inputs.id = el("input", {
      id: "rule-id", value: id, required: true, readonly: !isNew, pattern: "[a-z0-9._\\-]{1,64}", maxlength: "64",
      autocomplete: "off", spellcheck: "false", autocapitalize: "none", placeholder: "portal-ct",
    });
    this.allow = el("input", { type: "radio", name: "effect", value: "allow", checked: effect !== "deny" });
    this.deny = el("input", { type: "radio", name: "effect", value: "deny", checked: effect === "deny" });
    return el(
      "fieldset", {},
      el("legend", {}, "The rule"),
      el(
        "div", { class: "fields" },
        field("Name of the rule", this.#inputs.id, isNew && "Small letters, digits, and . _ -"),
        el(
          "div", { class: "field", role: "radiogroup", "aria-label": "Effect" },
          el("span", { "aria-hidden": "true" }, "Effect"),
          el("span", { class: "either" }, el("label", {}, this.allow, " Allow"), el("label", {}, this.deny, " Deny")),
        ),
        el(
          "div", { class: "field wide" },
          el("label", { for: "rule-principal" }, "Who"), input, list,
          el(
            "small", { class: "quiet" },
            "client:{id}, user:{issuer}/{subject}, group:{issuer}/{name}, group:local/{name}, authenticated:{issuer} or anonymous",
          ),
        ),
      ),
    );
  }

  #what(roles, stores) {
    const [, ofStore, , ofStudy, , ofSeries] = this.#rule.resource.split("/");
    const places = [...new Set([...stores, ...(ofStore ? [ofStore] : [])])].map((name) => [`stores/${name}`, `Store ${name}`]);
    const here = ofStore ? `stores/${ofStore}` : "*";
    const names = roles.map(({ name, summary }) => [name, summary ? `${name}: ${summary}` : name]);
    if (this.#rule.role && !roles.some(({ name }) => name === this.#rule.role)) names.push([this.#rule.role, this.#rule.role]);
    this.#inputs.role = choice({ id: "rule-role" }, names, this.#rule.role || "viewer");
    this.#inputs.store = choice({ id: "rule-store" }, [...places, ["*", "Everything: all stores and the service"]], here);
    const uid = (value, placeholder) =>
      el("input", { value, placeholder, pattern: "[0-9.]{1,64}", maxlength: "64", autocomplete: "off" });
    this.#inputs.study = uid(ofStudy, "every study");
    this.#inputs.series = uid(ofSeries, "every series");
    const { study, series, store } = this.#inputs;
    // A series is one of a study, and a study one of a store: what cannot be said cannot be typed.
    const narrow = () => {
      study.disabled = store.value === "*";
      if (study.disabled) study.value = "";
      series.disabled = !study.value.trim();
      if (series.disabled) series.value = "";
    };
    store.addEventListener("change", narrow);
    study.addEventListener("input", narrow);
    narrow();
    return el(
      "fieldset", {},
      el("legend", {}, "May do what, with what"),
      el(
        "div", { class: "fields" },
        el("div", { class: "wide" }, field("Role", this.#inputs.role)),
        field("On", store), field("Study UID", study), field("Series UID", series),
      ),
    );
  }

  #study() {
    const { condition = {} } = this.#rule;
    const inputs = this.#inputs;
    const area = (name) => el("textarea", { rows: "2", spellcheck: "false" }, (condition[name] ?? []).join("\n"));
    inputs.modality = el("input", { value: condition.modality?.join(" "), autocomplete: "off", placeholder: "CT MR" });
    inputs.modalitiesInStudy = el("input", { value: condition.modalitiesInStudy?.join(" "), autocomplete: "off", placeholder: "CT MR" });
    inputs.dateFrom = el("input", { type: "date", value: condition.dateFrom && dashed(condition.dateFrom) });
    inputs.dateTo = el("input", { type: "date", value: condition.dateTo && dashed(condition.dateTo) });
    for (const name of ["institution", "referringPhysician", "accessionNumber", "description"]) inputs[name] = area(name);
    inputs.ownUploads = el("input", { type: "checkbox", checked: condition.ownUploads });
    inputs.derived = el("input", { type: "checkbox", checked: this.#rule.includeDerived !== false });
    this.patients = el("ul", { class: "patients" });
    for (const patient of condition.patients ?? []) this.#addPatient(patient);
    return el(
      "fieldset", { id: "rule-condition" },
      el("legend", {}, "Only where the study is …"),
      el("p", { class: "quiet" }, "All that is filled in must hold; of several values, one."),
      el(
        "div", { class: "fields" },
        field("Modality of the series", inputs.modality, "Several with spaces; only these series are seen."),
        field("Modality in the study", inputs.modalitiesInStudy, "The whole study is seen."),
        field("Study date from", inputs.dateFrom), field("Study date to", inputs.dateTo),
        el(
          "div", { class: "field wide" },
          el("span", {}, "Patients"), this.patients,
          button("Add a patient", () => this.#addPatient({ id: "", issuer: "" }, true), { id: "add-patient" }),
        ),
        field("Institution", inputs.institution, "One on each line; * stands for any characters."),
        field("Referring physician", inputs.referringPhysician, "One on each line, such as MEIER*"),
        field("Accession number", inputs.accessionNumber, "One on each line."),
        field("Study description", inputs.description, "One on each line, such as TEACHING*"),
        el(
          "div", { class: "ticks" },
          el("label", { class: "tick" }, inputs.ownUploads, " Uploaded by the caller"),
          el("label", { class: "tick" }, inputs.derived, " With the reports and the like that refer to it"),
        ),
      ),
    );
  }

  #addPatient({ id, issuer }, takesFocus = false) {
    const text = (name, label, placeholder, value) =>
      el("input", { class: name, "aria-label": label, placeholder, value, maxlength: "64", autocomplete: "off" });
    const idInput = text("patient-id", "Patient ID", "Patient ID", id);
    const row = el(
      "li", {},
      idInput,
      text("patient-issuer", "Issuer of the patient ID", "Issuer", issuer),
      button("Leave out", () => {
        row.remove();
        this.patients.dispatchEvent(new Event("input", { bubbles: true }));
      }, { "aria-label": "Leave this patient out" }),
    );
    this.patients.append(row);
    if (takesFocus) idInput.focus();
  }

  #request() {
    const { request = {} } = this.#rule;
    const { timeOfDay = {} } = request;
    const inputs = this.#inputs;
    inputs.purposeOfUse = el("input", { value: request.purposeOfUse?.join(" "), autocomplete: "off", placeholder: "TREAT" });
    inputs.notBefore = el("input", { type: "datetime-local", value: localInput(request.notBefore) });
    inputs.expiresAt = el("input", { type: "datetime-local", value: localInput(request.expiresAt) });
    inputs.from = el("input", { type: "time", value: timeOfDay.from });
    inputs.to = el("input", { type: "time", value: timeOfDay.to });
    inputs.zone = el("input", { value: timeOfDay.zone ?? "UTC", autocomplete: "off", spellcheck: "false" });
    const isUsed = Object.keys(request).length > 0;
    return el(
      "details", { class: "fieldset", open: isUsed },
      el("summary", {}, "Only when the request is …"),
      el(
        "div", { class: "fields" },
        field("Purpose of use", inputs.purposeOfUse, "Codes such as TREAT, as the caller's token says."),
        field("Not before", inputs.notBefore), field("Until", inputs.expiresAt),
        field("From, each day", inputs.from), field("To, each day", inputs.to),
        field("Time zone", inputs.zone, "UTC, +02:00, or a zone such as Europe/Zurich"),
      ),
    );
  }

  #condition(condition) {
    const inputs = this.#inputs;
    put(condition, "modality", codes(inputs.modality.value));
    put(condition, "modalitiesInStudy", codes(inputs.modalitiesInStudy.value));
    for (const name of ["dateFrom", "dateTo"]) put(condition, name, undashed(inputs[name].value));
    for (const name of ["institution", "referringPhysician", "accessionNumber", "description"]) {
      put(condition, name, lines(inputs[name].value));
    }
    put(condition, "ownUploads", inputs.ownUploads.checked || undefined);
    put(condition, "patients", [...this.patients.children].map((row) => ({
      id: row.querySelector(".patient-id").value.trim(), issuer: row.querySelector(".patient-issuer").value.trim(),
    })).filter(({ id }) => id));
    return condition;
  }

  #requestCondition(request) {
    const { purposeOfUse, from, to, zone, ...inputs } = this.#inputs;
    put(request, "purposeOfUse", purposeOfUse.value.split(/[\s,]+/).filter(Boolean));
    for (const name of ["notBefore", "expiresAt"]) {
      const { value, defaultValue } = inputs[name];
      // The form has no seconds: what was not touched keeps its own.
      if (value !== defaultValue) put(request, name, value && wire(new Date(value)));
    }
    const hasHours = from.value || to.value;
    put(request, "timeOfDay", hasHours ? { ...request.timeOfDay, from: from.value, to: to.value, zone: zone.value.trim() } : undefined);
    return request;
  }
}

/** Sets a member, or takes it away where it says nothing. */
function put(object, name, value) {
  const isEmpty = typeof value === "object" && Object.keys(value).length === 0;
  const isNothing = value === undefined || value === "" || isEmpty;
  if (isNothing) delete object[name];
  else object[name] = value;
}
