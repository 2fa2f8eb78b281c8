// A table that scrolls by itself where it is too wide, and stacks its rows into cards on a phone.
import { html } from "../html.js";

/**
 * @typedef {object} Column
 * @property {string} key
 * @property {string} title
 * @property {(row: any) => any} [cell] what stands in it; else row[key]
 * @property {boolean} [isNumber] set at the end of the line
 * @property {boolean} [isHead] names the row
 * @property {boolean} [isTitleUnseen] what stands in it speaks for itself: its title is for screen readers alone
 */

/**
 * @param {object} props
 * @param {string} props.caption
 * @param {Column[]} props.columns
 * @param {any[]} props.rows
 * @param {(row: any) => string | number} props.rowKey
 * @param {boolean} [props.showCaption]
 */
export function Table({ caption, columns, rows, rowKey, showCaption = false }) {
  return html`<div class="table-frame" role="region" aria-label=${caption} tabindex="0">
    <table>
      <caption class=${showCaption ? "" : "unseen"}>${caption}</caption>
      <thead><tr>${columns.map((each) => html`<th key=${each.key} scope="col" class=${each.isNumber ? "number" : ""}>
        <span class=${each.isTitleUnseen ? "unseen" : ""}>${each.title}</span></th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${rowKey(row)}>${columns.map((each) => cell(each, row))}</tr>`)}</tbody>
    </table>
  </div>`;
}

function cell(column, row) {
  const content = column.cell ? column.cell(row) : row[column.key];
  const title = column.isTitleUnseen ? "" : column.title;
  const about = { key: column.key, class: column.isNumber ? "number" : "", "data-title": title };
  return column.isHead ? html`<th ...${about} scope="row">${content}</th>` : html`<td ...${about}>${content}</td>`;
}
