// What readers think of the answers.
import { useSignal } from "@preact/signals";
import { isBound } from "../account/clients.js";
import { get } from "../api.js";
import { EmptyState } from "../components/states.js";
import { html } from "../html.js";
import { moment } from "../i18n/format.js";
import { t } from "../i18n/language.js";
import { addressOf } from "../routing.js";
import { Id } from "./facts.js";
import { Loaded } from "./loaded.js";
import { More, pageOf, usePages } from "./pages.js";
import { Segments } from "./segments.js";
import { RatingBadge } from "./sessions/message.js";
import { SubjectField, ofSubject, subject } from "./subject.js";

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
  return html`<div class="filters"><${SubjectField} /><${Segments} label=${t("admin.feedback.rating")} options=${options} value=${rating.value} onChoose=${(value) => { rating.value = value; }} /></div>
    <${Loaded} from=${pages} lines=${6}>${({ rows }) => (rows.length ? html`<ul class="rated">${rows.map((each) => html`<${Rated} key=${each.message_id} rated=${each} />`)}</ul><${More} pages=${pages} />` : html`<${Nothing} isNarrow=${rating.value !== "" || subject.value !== null} />`)}<//>`;
}

function Rated({ rated }) {
  return html`<li class="card">
    <div class="row"><${RatingBadge} rating=${rated.rating} /><time class="fine" dateTime=${new Date(rated.timestamp * 1000).toISOString()}>${moment(rated.timestamp)}</time>${!isBound.value && html`<span class="fine"><${Id}>${rated.client_id}<//></span>`}</div>
    <h2 dir="auto">${rated.question}</h2>
    <p class="excerpt" dir="auto">${excerpt(rated.answer)}</p>
    ${rated.comment && html`<blockquote dir="auto">${rated.comment}</blockquote>`}
    <p><a href=${addressOf("admin", "sessions", rated.session_id, String(rated.message_id))}>${t("admin.feedback.open")}</a></p>
  </li>`;
}

function Nothing({ isNarrow }) {
  return html`<${EmptyState} icon="thumb_up" title=${t("admin.feedback.empty")} text=${t(isNarrow ? "admin.feedback.narrow" : "admin.feedback.empty_text")} />`;
}

function excerpt(text) {
  if (text.length <= EXCERPT_CHARACTERS) return text;
  return `${text.slice(0, EXCERPT_CHARACTERS).replace(/\s+\S*$/, "")} …`;
}
