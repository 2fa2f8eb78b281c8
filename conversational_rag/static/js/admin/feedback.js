// What readers think of the answers.
import { useSignal } from "@preact/signals";
import { isBound } from "../account/clients.js";
import { get } from "../api.js";
import { EmptyState } from "../components/states.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { addressOf } from "../routing.js";
import { Id } from "./facts.js";
import { Loaded } from "./loaded.js";
import { More, pageOf, usePages } from "./pages.js";
import { Segments } from "./segments.js";
import { RatingBadge } from "./sessions/message.js";
import { SubjectField, ofSubject, subject } from "./subject.js";
import { Time } from "./time.js";

const PAGE = 25;
const EXCERPT_CHARACTERS = 400;

export function Feedback() {
  const rating = useSignal("");
  const fetchPage = async (position, signal) => {
    const { feedback, total } = await get("/feedback", { ...ofSubject(), rating: rating.value, limit: PAGE, offset: position ?? 0 }, signal);
    return pageOf(feedback, total, position);
  };
  const pages = usePages(fetchPage, (each) => each.message_id, JSON.stringify([subject.value, rating.value]));
  const options = [["", "admin.feedback.all"], ["up", "feedback.up"], ["down", "feedback.down"]].map(([value, key]) => ({ value, title: t(key) }));
  const choose = (value) => {
    rating.value = value;
  };
  return html`<div class="filters"><${SubjectField} />
      <${Segments} label=${t("admin.feedback.rating")} options=${options} value=${rating.value} onChoose=${choose} /></div>
    <${Loaded} from=${pages} lines=${6}>${() => html`<${List} pages=${pages} isNarrow=${rating.value !== "" || subject.value !== null} />`}<//>`;
}

function List({ pages, isNarrow }) {
  const { rows } = pages.data.value;
  const text = isNarrow ? "admin.feedback.narrow" : "admin.feedback.empty_text";
  if (!rows.length) return html`<${EmptyState} icon="thumb_up" title=${t("admin.feedback.empty")} text=${t(text)} />`;
  return html`<ul class="rated">${rows.map((each) => html`<${Rated} key=${each.message_id} rated=${each} />`)}</ul><${More} pages=${pages} />`;
}

function Rated({ rated }) {
  return html`<li class="card">
    <div class="row"><${RatingBadge} rating=${rated.rating} /><${Time} class="fine" at=${rated.timestamp} />
      ${!isBound.value && html`<span class="fine"><${Id}>${rated.client_id}<//></span>`}</div>
    <h2 dir="auto">${rated.question}</h2>
    <p class="excerpt" dir="auto">${excerpt(rated.answer)}</p>
    ${rated.comment && html`<blockquote dir="auto">${rated.comment}</blockquote>`}
    <p><a href=${addressOf("admin", "sessions", rated.session_id, String(rated.message_id))}>${t("admin.feedback.open")}</a></p>
  </li>`;
}

function excerpt(text) {
  if (text.length <= EXCERPT_CHARACTERS) return text;
  return `${text.slice(0, EXCERPT_CHARACTERS).replace(/\s+\S*$/, "")} …`;
}
