// File trees: what was dropped, also whole folders, as files that know the way to them.

const paths = new WeakMap();
const unreadable = new WeakSet();

/**
 * @param {File} file
 * @returns {string} its name behind the folders it was given in, as "reports/2024/may.pdf"
 */
export function pathOf(file) {
  return paths.get(file) ?? (file.webkitRelativePath || file.name);
}

/**
 * @param {File} file one of `filesOf`
 * @returns {boolean} whether the browser was not let at it: it stands for what lies there, and is empty
 */
export function isUnreadable(file) {
  return unreadable.has(file);
}

/**
 * All files of a drop, those in folders too; hidden ones are passed over. To be called in the event itself: the browser
 * forgets what was dropped as soon as its handler has returned.
 * @param {DataTransfer} transfer
 * @returns {Promise<File[]>}
 */
export async function filesOf(transfer) {
  const dropped = [...transfer.items].filter((item) => item.kind === "file");
  const trees = dropped.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile()).filter(Boolean);
  const files = [];
  for (const tree of trees) files.push(...(tree instanceof File ? [tree] : await below(tree, "")));
  return files;
}

async function below(entry, folder) {
  const path = folder + entry.name;
  try {
    if (entry.isFile) return [placed(await asked(entry, "file"), path)];
    const files = [];
    for (const each of await children(entry)) {
      if (!each.name.startsWith(".")) files.push(...(await below(each, `${path}/`)));
    }
    return files;
  } catch {
    const standIn = placed(new File([], entry.name), path);
    unreadable.add(standIn);
    return [standIn];
  }
}

/** A folder is told a hundred entries at a time, and ends with none. */
async function children(folder) {
  const reader = folder.createReader();
  const next = () => asked(reader, "readEntries");
  const found = [];
  for (let some = await next(); some.length; some = await next()) found.push(...some);
  return found;
}

function asked(object, method) {
  return new Promise((resolve, reject) => object[method](resolve, reject));
}

function placed(file, path) {
  paths.set(file, path);
  return file;
}
