// Server-sent events of any answer, also of a POST, which the browser's own EventSource cannot read.
import { Problem } from "./problem.js";

/**
 * Cuts a stream of text into events, as the HTML standard says: lines end with CR LF, LF or CR, several `data` lines
 * are one text, comments and unknown fields are passed over, an event that is not closed by an empty line is none.
 */
export class EventParser {
  #rest = "";
  #afterReturn = false;
  #started = false;
  #name = "";
  #data = [];

  /**
   * @param {string} text the next piece
   * @returns {{name: string, data: string}[]} the events that it completes
   */
  feed(text) {
    if (!this.#started && text) {
      this.#started = true;
      text = text.replace(/^\ufeff/, "");
    }
    // A CR at the end of a piece has ended its line; the LF that begins the next one belongs to it.
    if (this.#afterReturn && text) {
      text = text.replace(/^\n/, "");
      this.#afterReturn = false;
    }
    if (text.endsWith("\r")) this.#afterReturn = true;
    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? "";
    return lines.map((line) => this.#line(line)).filter((event) => event !== null);
  }

  #line(line) {
    if (line === "") return this.#close();
    const [, field, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "event") this.#name = value ?? "";
    else if (field === "data") this.#data.push(value ?? "");
    return null;
  }

  #close() {
    const event = this.#data.length ? { name: this.#name || "message", data: this.#data.join("\n") } : null;
    this.#name = "";
    this.#data = [];
    return event;
  }
}

/**
 * The events of an answer, their data read as JSON. Throws Problem `broken_off` when the connection ends in between,
 * which is what a stream that just stops looks like too: whoever reads must wait for the event that closes it.
 * @param {Response} response
 * @param {number} [silenceMs] after so long without a byte (the service sends comments) the connection counts as lost
 * @returns {AsyncGenerator<{name: string, data: any}>}
 */
export async function* events(response, silenceMs = 45_000) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const parser = new EventParser();
  try {
    while (true) {
      const { done, value } = await heard(reader, silenceMs);
      if (done) return;
      for (const { name, data } of parser.feed(value)) yield { name, data: JSON.parse(data) };
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

async function heard(reader, silenceMs) {
  let timer;
  const silence = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Problem("broken_off")), silenceMs);
  });
  try {
    return await Promise.race([reader.read(), silence]);
  } catch (error) {
    throw error.name === "AbortError" || error instanceof Problem ? error : new Problem("broken_off");
  } finally {
    clearTimeout(timer);
  }
}
