// Where one writes: Enter sends, Shift+Enter begins a new line, what was begun is kept.
import { useSignal } from "@preact/signals";
import { useEffect, useImperativeHandle, useRef } from "preact/hooks";
import { may } from "../account/caller.js";
import { IconButton } from "../components/button.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { handOver } from "../shell/dropped_files.js";
import { isTouched } from "../shell/screen.js";
import { draftOf, keepDraft } from "./drafts.js";

const MOST_CHARACTERS = 8000;

/**
 * @param {object} props
 * @param {import("./conversation.js").Conversation} props.conversation
 * @param {boolean} props.isReady whether there is somebody's documents to ask
 * @param {boolean} props.isShown whether one sees what one goes on with
 * @param {() => void} props.onAsk
 * @param {object} props.handle a ref that gets `write(text)`: put words there, to be changed or sent
 * @param {boolean} props.isCompact
 */
export function Composer({ conversation, isReady: hasDocuments, isShown, onAsk, handle, isCompact }) {
  const field = useRef(null);
  // In another site's frame nothing is left behind.
  const text = useSignal(isCompact ? "" : draftOf(conversation.id.value));
  const isReady = hasDocuments && isShown;
  const isBusy = conversation.isBusy.value;
  const write = (words) => {
    text.value = words;
    if (!isCompact) keepDraft(conversation.id.value, words);
  };
  useImperativeHandle(handle, () => ({ write: (words) => { write(words); field.current.focus(); } }), [conversation]);
  useEffect(() => {
    // Nobody wants a phone's keyboard over the page before he has touched the field.
    if (!isTouched.value && isReady) field.current.focus({ preventScroll: true });
  }, [isReady]);
  useEffect(() => fit(field.current), [text.value]);
  const send = () => {
    const message = text.value.trim();
    if (!message || isBusy || !isReady || message.length > MOST_CHARACTERS) return;
    write("");
    conversation.ask(message);
    onAsk();
  };
  const pressed = (event) => {
    if (event.key !== "Enter" || event.shiftKey || isTouched.value) return;
    // The Enter that takes a word from an input method ends that, and sends nothing.
    if (event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  };
  const over = text.value.trim().length - MOST_CHARACTERS;
  return html`<form class="composer" onSubmit=${(event) => { event.preventDefault(); send(); }}>
    <div class="composer-box">
      <textarea ref=${field} rows="1" dir=${text.value ? "auto" : null} aria-label=${t("chat.message")}
        aria-describedby="composer-hint"
        placeholder=${t(isCompact ? "widget.placeholder" : hasDocuments ? "chat.placeholder" : "chat.no_client")}
        disabled=${!isReady} value=${text.value} onInput=${(event) => write(event.currentTarget.value)}
          onKeyDown=${pressed}></textarea>
      <div class="composer-buttons">
        ${!isCompact && may("manage") && html`<${Attach} />`}
        ${isBusy
          ? html`<${IconButton} kind="main" icon="stop" label=${t("chat.stop")} data-stop
            onClick=${() => { conversation.stop(); field.current.focus(); }} />`
          : html`<${IconButton} kind="main" type="submit" icon="arrow_up" label=${t("chat.send")}
            disabled=${!text.value.trim() || over > 0 || !isReady} data-send />`}
      </div>
    </div>
    <p id="composer-hint" class=${over > 0 ? "field-error" : "fine"}>
      ${over > 0 ? t("chat.too_long", { count: over }) : t(isTouched.value || isCompact ? "chat.check" : "chat.hint")}
      </p>
  </form>`;
}

function Attach() {
  const picker = useRef(null);
  const picked = (event) => {
    handOver(event.currentTarget.files);
    event.currentTarget.value = "";
  };
  return html`<${IconButton} icon="upload" label=${t("chat.add_files")} onClick=${() => picker.current.click()} />
    <input ref=${picker} type="file" multiple hidden tabindex="-1" aria-hidden="true" onChange=${picked} />`;
}

/** As high as its words, up to the height that the style allows. */
function fit(field) {
  field.style.blockSize = "auto";
  field.style.blockSize = `${field.scrollHeight}px`;
}
