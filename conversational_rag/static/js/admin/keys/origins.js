// The origins of web pages, as somebody writes them down: one a line, or copied from the address bar.

/**
 * @param {string} text
 * @returns {{origins: string[], wrong: string | null}} each once, as browsers write them; `wrong`: the first that is none
 */
export function readOrigins(text) {
  const words = text.split(/[\s,]+/).filter(Boolean);
  const read = words.map(originOf);
  return { origins: [...new Set(read.filter((each) => each !== null))], wrong: words[read.indexOf(null)] ?? null };
}

function originOf(word) {
  const url = URL.canParse(word) ? new URL(word) : null;
  return url && /^https?:$/.test(url.protocol) && !url.username ? url.origin : null;
}
