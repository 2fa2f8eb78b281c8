// The widget's loader: a button on somebody's own page, and above it a frame of this service.
//
//   <script src="https://HOST/widget.js" data-key="crag_…" async></script>
//   and, if wanted: data-title, data-lang="en|de|fa", data-color-scheme="light|dark", data-position="left|right"
//
// What it and the frame say to each other; each looks at whom a message comes from:
//   frame  -> loader  {type: "crag:ready"}  whenever it has loaded
//   loader -> frame   {type: "crag:open", key, title, lang, colorScheme}  to this service's origin alone
//   frame  -> loader  {type: "crag:close"}  the reader is done
// `window.cragWidget` has open() and close(). Nothing else of the page is touched.
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || window.cragWidget) return;
  const { key = "", title: wanted, lang: wantedLang, colorScheme = "auto", position } = script.dataset;
  const service = new URL(script.src);
  const id = /^crag_([a-z0-9]{12})_[\w-]{43}$/.exec(key)?.[1];
  if (!id) {
    console.error("widget.js: data-key is no key; see docs/widget.md");
    return;
  }

  const WORDS = {
    en: { title: "Ask a question", close: "Close" },
    de: { title: "Frage stellen", close: "Schließen" },
    fa: { title: "پرسش بپرسید", close: "بستن" },
  };
  const asked = (wantedLang || document.documentElement.lang || navigator.language || "").slice(0, 2).toLowerCase();
  const lang = Object.hasOwn(WORDS, asked) ? asked : "en";
  const words = WORDS[lang];
  const title = wanted || words.title;
  const side = position === "left" ? "left" : "right";

  const STYLE = `
    button, .panel { position: fixed; z-index: 2147483000; ${side}: 20px; box-sizing: border-box; }
    button { bottom: 20px; width: 56px; height: 56px; padding: 15px; border: 1px solid transparent; border-radius: 50%;
      background: #0b6450; color: #fff; cursor: pointer; box-shadow: 0 2px 10px #0005; }
    button:hover { background: #084e3e; }
    button:focus-visible { outline: 3px solid #0b6450; outline-offset: 3px; }
    svg { display: block; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; }
    .panel { bottom: 88px; width: min(400px, 100vw - 40px); height: min(640px, 100vh - 108px);
      border: 1px solid #8886; border-radius: 14px; overflow: hidden; background: Canvas;
      color-scheme: ${["light", "dark"].includes(colorScheme) ? colorScheme : "light dark"};
      box-shadow: 0 8px 32px #0004; }
    .panel[hidden] { display: none; }
    iframe { display: block; width: 100%; height: 100%; border: 0; }
    @media (max-width: 480px) {
      .panel { inset: 0 0 88px; width: auto; height: auto; border-radius: 0; }
      .panel.ready { bottom: 0; }
    }
    @media print { button, .panel { display: none; } }`;
  const BUBBLE = "M4 4h16v12h-9l-5 4v-4H4z", CROSS = "M6 6l12 12M18 6L6 18";

  const create = (name, properties) => Object.assign(document.createElement(name), properties);
  const svg = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
    return made;
  };

  const root = create("div", { lang, dir: lang === "fa" ? "rtl" : "ltr" });
  root.style.setProperty("all", "initial", "important");
  const button = create("button", { type: "button" });
  const drawing = svg("path", { d: BUBBLE });
  const picture = svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" });
  picture.append(drawing);
  button.append(picture);
  const panel = create("div", { className: "panel", hidden: true });
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-label", title);
  const shadow = root.attachShadow({ mode: "open" });
  // Not a <style>: the page's own policy may forbid those.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  shadow.adoptedStyleSheets = [sheet];
  shadow.append(button, panel);

  let frame = null;

  function show(open) {
    panel.hidden = !open;
    drawing.setAttribute("d", open ? CROSS : BUBBLE);
    button.setAttribute("aria-label", open ? words.close : title);
    button.setAttribute("aria-expanded", String(open));
  }

  function open() {
    // Once more, when it could not be loaded before.
    if (!panel.classList.contains("ready")) {
      const src = new URL(`widget/${id}`, service).href;
      frame = create("iframe", { src, title, allow: "clipboard-write", referrerPolicy: "no-referrer" });
      panel.replaceChildren(frame);
    }
    show(true);
    frame.focus();
  }

  function close() {
    if (panel.hidden) return;
    show(false);
    button.focus();
  }

  button.addEventListener("click", () => (panel.hidden ? open() : close()));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) close();
  });
  window.addEventListener("message", ({ source, origin, data }) => {
    if (!frame || source !== frame.contentWindow || origin !== service.origin) return;
    if (data?.type === "crag:ready") {
      panel.classList.add("ready");
      source.postMessage({ type: "crag:open", key, title, lang, colorScheme }, service.origin);
    } else if (data?.type === "crag:close") close();
  });

  show(false);
  window.cragWidget = Object.freeze({ open, close });
  const attach = () => document.body.append(root);
  if (document.body) attach();
  else document.addEventListener("DOMContentLoaded", attach);
})();
