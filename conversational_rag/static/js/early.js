// Runs before anything is painted, so that the page never flashes in the wrong colours, language or direction.
// A classic script: modules wait until the document has been read.
(() => {
  const recall = (name) => {
    try {
      return localStorage.getItem(`crag.${name}`);
    } catch {
      return null; // storage is switched off
    }
  };
  const known = ["en", "de", "fa"];
  const wanted = [recall("language"), ...navigator.languages].map((each) => (each ?? "").slice(0, 2).toLowerCase());
  const language = wanted.find((each) => known.includes(each)) ?? "en";
  const root = document.documentElement;
  root.lang = language;
  root.dir = language === "fa" ? "rtl" : "ltr";
  const theme = recall("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  // Its sentences are needed for the first word that is shown.
  const link = document.createElement("link");
  link.rel = "modulepreload";
  link.href = `/static/js/i18n/${language}.js`;
  document.head.append(link);
})();
