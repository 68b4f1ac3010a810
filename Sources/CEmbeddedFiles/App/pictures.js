// Small pictures that are fetched when they come into view, a few at a time, and given up when they leave it.

import * as api from "./api.js";
import { el, icon } from "./dom.js";

const atOnceMax = 4;
const edge = 256;

/** The images of a series in their order, one for each frame. */
export function imagesOf(study, series) {
  return (series.instances ?? []).flatMap((instance) => {
    if (!instance.links?.rendered) return [];
    const image = {
      store: study.store, study: study.uid, series: series.uid, instance: instance.uid,
      number: instance.number, rows: instance.rows, columns: instance.columns,
    };
    const frames = instance.frames ?? 1;
    if (frames <= 1) return [image];
    return Array.from({ length: frames }, (_, index) => ({ ...image, frame: index + 1, frames }));
  });
}

/** The image that stands for a study: the middle of the longest of its acquired series. */
export function pictureOf(study) {
  const derived = new Set(["SEG", "PR", "KO", "SR", "DOC", "REG"]);
  const stacks = (study.series ?? []).map((series) => ({ series, images: imagesOf(study, series) }))
    .filter(({ images }) => images.length > 0);
  const acquired = stacks.filter(({ series }) => !derived.has(series.modality));
  const best = (acquired.length > 0 ? acquired : stacks)
    .reduce((longest, stack) => (stack.images.length > (longest?.images.length ?? 0) ? stack : longest), null);
  return best && middle(best.images);
}

const middle = (images) => images[Math.floor(images.length / 2)];

/** Runs a few jobs at a time, the latest wish first: that is where somebody is looking. */
class Queue {
  #waiting = [];
  #running = 0;

  add(job) {
    this.#waiting.push(job);
    this.#next();
  }

  remove(job) {
    this.#waiting = this.#waiting.filter((other) => other !== job);
  }

  async #next() {
    if (this.#running >= atOnceMax || this.#waiting.length === 0) return;
    const job = this.#waiting.pop();
    this.#running += 1;
    await job();
    this.#running -= 1;
    this.#next();
  }
}

const queue = new Queue();
const jobs = new WeakMap();

const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const job = jobs.get(target);
    if (isIntersecting) job?.begin();
    else job?.giveUp();
  }
}, { rootMargin: "160px" });

/**
 * A frame that shows the small picture of a study or a series once it is in view. `find` gives what it is of,
 * `{store, study, series?}`, or nothing where there is none to show; it may ask the service for it.
 */
export function lazyPicture(find) {
  const frame = el("span", { class: "picture", "aria-hidden": "true" });
  jobs.set(frame, new PictureJob(frame, find));
  observer.observe(frame);
  return frame;
}

class PictureJob {
  #abort = null;
  #run = () => this.#load();

  constructor(frame, find) {
    this.frame = frame;
    this.find = find;
  }

  begin() {
    if (this.#abort) return;
    this.#abort = new AbortController();
    queue.add(this.#run);
  }

  giveUp() {
    queue.remove(this.#run);
    this.#abort?.abort();
    this.#abort = null;
  }

  async #load() {
    const abort = this.#abort;
    if (!abort || abort.signal.aborted) return;
    try {
      const image = await this.find(abort.signal);
      if (!image) return this.#end(icon("document"));
      await this.#show(await api.thumbnail(image, edge, abort.signal));
    } catch (error) {
      if (error.name !== "AbortError") this.#end(icon("image"));
    }
  }

  async #show(blob) {
    const url = URL.createObjectURL(blob);
    const img = el("img", { src: url, alt: "" });
    try {
      await img.decode();
      this.#end(img);
    } catch {
      this.#end(icon("image"));
    } finally {
      URL.revokeObjectURL(url);
    }
  }

  #end(content) {
    observer.unobserve(this.frame);
    this.frame.replaceChildren(content);
  }
}
