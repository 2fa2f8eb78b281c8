// Statements: the sentences of an answer that cite a source, read from what is shown.

const BLOCKS = "p, li, td, th, h3, blockquote";
// Stands for a chip; of no meaning in any text.
const CHIP = "\ue001";

/**
 * The sentence that a chip ends.
 * @param {HTMLElement} chip
 * @returns {string}
 */
export function statementOf(chip) {
  const block = chip.closest(BLOCKS) ?? chip.parentElement;
  const before = textBefore(block, chip).replace(new RegExp(`[\\s${CHIP}]+$`), "");
  const sentences = [...new Intl.Segmenter(undefined, { granularity: "sentence" }).segment(before)];
  return (sentences.at(-1)?.segment ?? before).replaceAll(CHIP, "").trim();
}

/**
 * Every sentence of an answer that cites the source.
 * @param {HTMLElement} prose
 * @param {number} source from 1
 * @returns {string[]}
 */
export function statementsOf(prose, source) {
  const chips = [...prose.querySelectorAll(`.cite[data-source="${source}"]`)];
  return [...new Set(chips.map(statementOf))].filter(Boolean);
}

function textBefore(block, chip) {
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  let text = "";
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (chip.contains(node)) return text;
    text += node.parentElement.closest(".cite") ? CHIP : node.data;
  }
  return text;
}
