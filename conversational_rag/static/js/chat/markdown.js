// Markdown of a model: never trusted. HTML in it is shown as text, pictures are not fetched, and what is left goes
// through the sanitiser before it becomes a part of the page.
import DOMPurify from "dompurify";
import { Marked } from "marked";

const ALLOWED = {
  ALLOWED_TAGS: "p br hr h3 strong em del code pre ul ol li blockquote table thead tbody tr th td a sup".split(" "),
  ALLOWED_ATTR: ["href", "start", "align", "class", "data-source"],
  // Of an address that stands in no document the service leaves `https://…`: nothing to go to.
  ALLOWED_URI_REGEXP: /^(?:https?:(?!\/\/(?:…|%E2%80%A6))|mailto:)/i,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};
const nothing = () => undefined;

const citation = {
  name: "citation",
  level: "inline",
  start: (text) => text.match(/\[\d/)?.index,
  tokenizer(text) {
    const found = /^\[(\d{1,2})\](?!\()/.exec(text);
    const source = Number(found?.[1]);
    if (source < 1 || !(source <= this.lexer.options.sources)) return undefined;
    return { type: "citation", raw: found[0], source };
  },
  renderer: (token) => `<sup data-source="${token.source}">${token.source}</sup>`,
};

const markdown = new Marked({
  gfm: true,
  extensions: [citation],
  // Without HTML, and without `[1]: …` as the definition of a link: that is how an answer may list its sources.
  tokenizer: { html: nothing, tag: nothing, def: nothing },
  renderer: {
    image: ({ text }) => escaped(text),
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
    // The page has its own h1 and h2; of the model's levels one follows them without a gap.
    heading({ tokens }) {
      return `<h3>${this.parser.parseInline(tokens)}</h3>`;
    },
  },
});

/**
 * The blocks of a text: paragraphs, lists, code. A block whose `raw` is the same is the same.
 * @param {string} text
 * @param {number} sources how many there are: a greater number in brackets is a mere number
 * @returns {{raw: string}[]}
 */
export function blocksOf(text, sources) {
  return markdown.lexer(text, { ...markdown.defaults, sources }).filter((token) => token.type !== "space");
}

/**
 * A block as nodes that may be shown; a citation is a <sup data-source="n">.
 * @param {object} block
 * @returns {DocumentFragment}
 */
export function nodesOf(block) {
  return DOMPurify.sanitize(markdown.parser([block]), ALLOWED);
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
