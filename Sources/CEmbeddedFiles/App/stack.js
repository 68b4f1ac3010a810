// A scrollable stack of images: one is shown, its neighbours are fetched ahead, the rest is forgotten.

import * as api from "./api.js";
import { el } from "./dom.js";

const aheadMax = 5;
const behindMax = 2;
const keptMax = 48;
const atOnceMax = 3;
const edgeMax = 1024;
const pageStep = 10;
const wheelPixelsPerImage = 40;
const dragPixelsPerImage = 12;

export class Stack {
  #images;
  #index;
  #direction = 1;
  /** By index: `{ abort, url, isDone, problem }`; the most recently wanted last. */
  #slots = new Map();
  #wheel = 0;
  #onChange;

  /** `onChange(image)` is called for each image that is turned to. */
  constructor(images, label, onChange = () => {}) {
    this.#images = images;
    this.#index = 0;
    this.#onChange = onChange;
    this.picture = el("img", { class: "slice", alt: "", draggable: "false" });
    this.problem = el("p", { class: "stage-note", role: "status" });
    this.corner = el("p", { class: "stage-corner", "aria-hidden": "true" });
    this.stage = el(
      "div", {
        class: "stage", tabindex: "0", role: "slider", "aria-label": label, "aria-valuemin": "1",
        "aria-valuemax": String(images.length), "aria-orientation": "vertical",
        onpointerdown: (event) => this.#dragFrom(event),
      },
      this.picture, this.problem, this.corner,
    );
    // A wheel's listener must say that it stops the page from scrolling.
    this.stage.addEventListener("wheel", (event) => this.#turnWheel(event), { passive: false });
    this.slider = el("input", {
      class: "slider", type: "range", min: "1", max: String(images.length), value: "1", tabindex: "-1",
      "aria-hidden": "true", oninput: () => this.turnTo(Number(this.slider.value) - 1),
    });
    this.element = el(
      "div", { class: "stack", onkeydown: (event) => this.#press(event) },
      this.stage, images.length > 1 && this.slider,
    );
    this.turnTo(Math.floor((images.length - 1) / 2));
  }

  get image() {
    return this.#images[this.#index];
  }

  /** Shows the image at an index, or the nearest there is. */
  turnTo(index) {
    const next = Math.max(0, Math.min(this.#images.length - 1, index));
    if (next !== this.#index) this.#direction = Math.sign(next - this.#index);
    this.#index = next;
    const text = `Image ${next + 1} of ${this.#images.length}`;
    this.corner.textContent = `${next + 1} / ${this.#images.length}`;
    this.slider.value = String(next + 1);
    this.stage.setAttribute("aria-valuenow", String(next + 1));
    this.stage.setAttribute("aria-valuetext", text);
    this.#onChange(this.image);
    this.#fetchAround();
    this.#draw();
  }

  /** Gives up what is under way and forgets all images. */
  close() {
    for (const slot of this.#slots.values()) drop(slot);
    this.#slots.clear();
  }

  /** The indices that are wanted, the most urgent first. */
  get #wanted() {
    const wanted = [this.#index];
    for (let step = 1; step <= aheadMax; step += 1) {
      wanted.push(this.#index + step * this.#direction);
      if (step <= behindMax) wanted.push(this.#index - step * this.#direction);
    }
    return wanted.filter((index) => index >= 0 && index < this.#images.length);
  }

  #fetchAround() {
    const wanted = this.#wanted;
    for (const [index, slot] of this.#slots) {
      if (!slot.isDone && !wanted.includes(index)) {
        drop(slot);
        this.#slots.delete(index);
      }
    }
    let running = [...this.#slots.values()].filter((slot) => !slot.isDone).length;
    for (const index of wanted) {
      if (this.#slots.has(index)) continue;
      // The one that is looked at does not wait for those that might be.
      if (running >= atOnceMax && index !== this.#index) continue;
      running += 1;
      this.#fetch(index);
    }
    this.#forgetOld(wanted);
  }

  async #fetch(index) {
    const slot = { abort: new AbortController(), url: null, isDone: false, problem: null };
    this.#slots.set(index, slot);
    const image = this.#images[index];
    const isLarge = (image.rows ?? 0) > edgeMax || (image.columns ?? 0) > edgeMax;
    try {
      const blob = await api.picture(image, isLarge ? edgeMax : null, slot.abort.signal);
      if (slot.abort.signal.aborted) return;
      slot.url = URL.createObjectURL(blob);
    } catch (problem) {
      if (slot.abort.signal.aborted) return;
      slot.problem = problem;
    }
    slot.isDone = true;
    if (index === this.#index) this.#draw();
    this.#fetchAround();
  }

  #forgetOld(wanted) {
    for (const [index, slot] of this.#slots) {
      if (this.#slots.size <= keptMax) return;
      if (wanted.includes(index)) continue;
      drop(slot);
      this.#slots.delete(index);
    }
  }

  #draw() {
    const slot = this.#slots.get(this.#index);
    if (slot) {
      this.#slots.delete(this.#index);
      this.#slots.set(this.#index, slot);
    }
    this.stage.classList.toggle("loading", !slot?.isDone);
    this.picture.hidden = Boolean(slot?.problem);
    this.problem.textContent = slot?.problem
      ? [slot.problem.title, slot.problem.detail, slot.problem.requestId && `Request ${slot.problem.requestId}`]
          .filter(Boolean).join(". ")
      : "";
    if (!slot?.url) return;
    this.picture.src = slot.url;
    this.picture.dataset.image = String(this.#index + 1);
  }

  #press(event) {
    const target = {
      ArrowDown: this.#index + 1, ArrowRight: this.#index + 1, ArrowUp: this.#index - 1, ArrowLeft: this.#index - 1,
      PageDown: this.#index + pageStep, PageUp: this.#index - pageStep, Home: 0, End: this.#images.length - 1,
    }[event.key];
    if (target === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.turnTo(target);
  }

  /** One image for a notch of a wheel, and for as much of a touchpad's glide. */
  #turnWheel(event) {
    if (event.ctrlKey) return;
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * wheelPixelsPerImage;
    const isNotch = Math.abs(pixels) >= wheelPixelsPerImage;
    this.#wheel = isNotch ? Math.sign(pixels) * wheelPixelsPerImage : this.#wheel + pixels;
    const images = Math.trunc(this.#wheel / wheelPixelsPerImage);
    if (images === 0) return;
    this.#wheel -= images * wheelPixelsPerImage;
    this.turnTo(this.#index + images);
  }

  #dragFrom(start) {
    if (start.button !== 0) return;
    const first = this.#index;
    const move = (event) => this.turnTo(first + Math.round((event.clientY - start.clientY) / dragPixelsPerImage));
    const end = () => {
      this.stage.removeEventListener("pointermove", move);
      this.stage.removeEventListener("pointerup", end);
      this.stage.removeEventListener("pointercancel", end);
    };
    this.stage.setPointerCapture(start.pointerId);
    this.stage.addEventListener("pointermove", move);
    this.stage.addEventListener("pointerup", end);
    this.stage.addEventListener("pointercancel", end);
  }
}

function drop(slot) {
  slot.abort.abort();
  if (slot.url) URL.revokeObjectURL(slot.url);
}
