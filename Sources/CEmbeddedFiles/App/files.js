// The files of a drop or of a file chooser, folders with all that is in them.

const filesMax = 100_000;

/**
 * The files of a drop. The browser lets go of a drop's items when its event is over, so the entries are taken at once
 * and read afterwards.
 */
export function filesOfDrop(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile()).filter(Boolean);
  return readEntries(entries);
}

/** The files of an `<input type=file>`. */
export const filesOfInput = (input) =>
  [...input.files].map((file) => ({ file, name: file.webkitRelativePath || file.name }));

async function readEntries(entries) {
  const found = [];
  const waiting = [...entries];
  while (waiting.length > 0 && found.length < filesMax) {
    const entry = waiting.shift();
    if (entry instanceof File) found.push({ file: entry, name: entry.name });
    else if (entry.isFile) found.push(await fileOf(entry));
    else if (entry.isDirectory) {
      try {
        // One by one: a call takes only so many arguments.
        for (const child of await childrenOf(entry)) waiting.push(child);
      } catch {
        found.push(faulty(entry.fullPath.replace(/^\//, ""), "The folder cannot be read."));
      }
    }
  }
  if (waiting.length > 0) {
    const first = filesMax.toLocaleString("en");
    found.push(faulty(`Files after the first ${first}`, `One drop takes ${first} files; drop the rest by itself.`));
  }
  return found;
}

/** A file that is not sent, and why. */
const faulty = (name, fault) => ({ file: new File([], name), name, fault });

async function fileOf(entry) {
  const name = entry.fullPath.replace(/^\//, "");
  try {
    return { file: await new Promise((resolve, reject) => entry.file(resolve, reject)), name };
  } catch {
    return faulty(name, "The file cannot be read.");
  }
}

/** A folder gives its entries in pieces; an empty one is the end. */
async function childrenOf(folder) {
  const reader = folder.createReader();
  const children = [];
  for (;;) {
    const piece = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (piece.length === 0) return children;
    children.push(...piece);
  }
}
