// Picked files: which of those that were given are sent, and under what name.
import { isUnreadable, pathOf } from "../shell/file_tree.js";

// A document has no folders: they stand in its name, as they do for `conversational_rag ingest`.
const SEPARATOR = " - ";
// What systems leave in folders, and what is surely no document: nobody means it who gives a folder.
const LITTER = new Set(["thumbs.db", "desktop.ini"]);
const NO_DOCUMENT = new Set(
  [
    "png jpg jpeg gif webp avif heic bmp tif tiff svg ico psd mp3 mp4 m4a m4v mov avi mkv webm wav flac ogg",
    "zip 7z rar gz tgz bz2 xz tar iso dmg exe msi dll so dylib bin class jar pyc o a woff woff2 ttf otf db sqlite",
  ].flatMap((endings) => endings.split(" ")),
);

/**
 * @typedef {object} Picked
 * @property {string} name the document it becomes
 * @property {File} file
 * @property {boolean} isUnreadable
 */

/**
 * A file that was given by itself is always sent. Of a folder hidden files are passed over without a word, and what can
 * be no document is left out and counted.
 * @param {Iterable<File>} files
 * @returns {{picked: Picked[], leftOut: number}}
 */
export function pick(files) {
  const meant = [...files].filter((file) => !isHidden(file));
  const wanted = meant.filter((file) => !isInFolder(file) || !NO_DOCUMENT.has(endingOf(file.name)));
  return {
    picked: wanted.map((file) => ({ name: nameOf(file), file, isUnreadable: isUnreadable(file) })),
    leftOut: meant.length - wanted.length,
  };
}

/** @param {string} name @returns {string} as "pdf"; "" for a name without one */
export function endingOf(name) {
  return /\.([^.]+)$/.exec(name.toLowerCase())?.[1] ?? "";
}

function isInFolder(file) {
  return pathOf(file).includes("/");
}

function isHidden(file) {
  if (!isInFolder(file)) return false;
  return LITTER.has(file.name.toLowerCase()) || pathOf(file).split("/").some((part) => part.startsWith("."));
}

/** Folders included: two files of one name, from two places, are two documents. */
function nameOf(file) {
  return pathOf(file).split("/").join(SEPARATOR).normalize("NFC");
}
