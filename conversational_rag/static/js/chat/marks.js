// Marks: which words of a passage say what a statement says, so that the eye finds them.

// Shorter words are mostly small ones; other scripts than Latin write no vowels, and shorter.
const SHORTEST = { latin: 4, other: 3 };
const ALIKE = 0.7;
// How much of the best sentence's shared words another one needs, to be marked as well.
const NEARLY = 0.7;
// Long enough to be looked at, and in every text.
const COMMON = new Set(
  `about after also been before being both could does each from have having into just more most much only other over
  same should some such than that their them then there these they this those very were what when where which while
  will with would your
  aber alle allem allen aller alles auch beim bereits dann dass denen deren dessen diese diesem diesen dieser dieses
  doch durch eine einem einen einer eines haben hatte ihre ihrem ihren ihrer kann können mehr muss nach nicht noch
  oder ohne schon sehr sein seine seinem seinen seiner sich sind sowie über unter viel werden wenn wird wurde zwischen
  است اما آنها آن‌ها این باشد بر برای بود پس خود دارد دیگر شده شود کند کنند که می‌شود نیز هست همه همین یا یک`.split(/\s+/),
);
const digitsOf = (text) => text.replace(/[۰-۹٠-٩]/g, (digit) => String(digit.codePointAt(0) % 16));

/**
 * The parts of a passage, in order; `isMarked` where it shares words with one of the statements. Only the sentences
 * that share most of them are marked: a word that stands everywhere leads nowhere.
 * @param {string} passage
 * @param {string[]} statements
 * @returns {{text: string, isMarked: boolean}[]}
 */
export function markedParts(passage, statements) {
  const said = statements.flatMap(words);
  const wanted = [...new Set(said.filter((word) => word.isTelling).map((word) => word.stem))];
  const small = new Set(said.map((word) => word.stem));
  const sentences = sentencesOf(passage).map(({ segment, index }) => {
    const found = words(segment).map((word) => ({ ...word, start: word.start + index, end: word.end + index }));
    const hits = found.map((word) => word.isTelling && wanted.find((stem) => isAlike(stem, word.stem)));
    return { found, hits, score: new Set(hits.filter(Boolean)).size };
  });
  const best = Math.max(0, ...sentences.map((each) => each.score));
  const telling = sentences.filter((each) => each.score >= Math.max(1, best * NEARLY));
  return joined(passage, telling.flatMap(({ found, hits }) => spans(found, hits, small)));
}

function sentencesOf(text) {
  // The end of a line is not the end of a sentence that goes on below, as in a PDF; every place stays what it was.
  const flowing = text.replace(/(?<=[^\s.!?؟。:|])\n(?=[\p{Ll}\p{Lo}])/gu, " ");
  return [...new Intl.Segmenter(undefined, { granularity: "sentence" }).segment(flowing)];
}

/** Runs of words that are shared; a small word or two between them belong to the run, and more that were said too. */
function spans(found, hits, small) {
  const runs = [];
  for (const [index, word] of found.entries()) {
    if (!hits[index]) continue;
    const last = runs.at(-1);
    const between = last ? found.slice(last.index + 1, index) : [];
    const isOneRun = between.every((each) => !each.isTelling && (between.length <= 2 || small.has(each.stem)));
    if (last && isOneRun) Object.assign(last, { end: word.end, index });
    else runs.push({ start: word.start, end: word.end, index });
  }
  return runs;
}

/**
 * @param {string} text
 * @param {{start: number, end: number}[]} runs in order, apart from each other
 * @returns {{text: string, isMarked: boolean}[]}
 */
export function joined(text, runs) {
  const parts = [];
  let at = 0;
  for (const { start, end } of runs) {
    parts.push({ text: text.slice(at, start), isMarked: false }, { text: text.slice(start, end), isMarked: true });
    at = end;
  }
  return [...parts, { text: text.slice(at), isMarked: false }].filter((part) => part.text);
}

function words(text) {
  return [...new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)]
    .filter((each) => each.isWordLike)
    .map(({ segment, index }) => {
      const stem = digitsOf(segment.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase());
      const isNumber = /^\d/.test(stem);
      const isDense = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/.test(stem);
      const shortest = /\p{Script=Latin}/u.test(stem) ? SHORTEST.latin : SHORTEST.other;
      const isLong = stem.length >= shortest && !COMMON.has(stem);
      const isTelling = isNumber || isDense || isLong || /^\p{Lu}{2,}$/u.test(segment);
      return { stem, start: index, end: index + segment.length, isTelling };
    });
}

/** The same word, or one that begins alike: terminate, termination. Numbers must be the same. */
function isAlike(one, other) {
  if (one === other) return true;
  if (/^\d/.test(one) || /^\d/.test(other)) return false;
  let same = 0;
  while (same < one.length && one[same] === other[same]) same += 1;
  return same >= SHORTEST.other && same >= ALIKE * Math.max(one.length, other.length);
}

/**
 * Where a passage stands in its page. Line breaks and spaces may differ between the two.
 * @param {string} page
 * @param {string} passage
 * @returns {{start: number, end: number} | null}
 */
export function placeOf(page, passage) {
  const places = [];
  let dense = "";
  for (let index = 0; index < page.length; index += 1) {
    if (/[\s\u00ad]/.test(page[index])) continue;
    dense += page[index];
    places.push(index);
  }
  const wanted = passage.replace(/[\s\u00ad]/g, "");
  let start = dense.indexOf(wanted);
  let { length } = wanted;
  if (start === -1) {
    // A passage may begin before its page: then its end is here, or its beginning.
    for (const size of [0.75, 0.5, 0.3].map((share) => Math.floor(wanted.length * share))) {
      const tries = [wanted.slice(0, size), wanted.slice(-size)].filter((each) => each.length >= 20);
      const hit = tries.find((each) => dense.includes(each));
      if (hit) [start, length] = [dense.indexOf(hit), hit.length];
      if (hit) break;
    }
  }
  return start === -1 || !length ? null : { start: places[start], end: places[start + length - 1] + 1 };
}
