// Style sheets of views that are loaded when one goes there.

/**
 * @param {string} name of a file in css/
 * @returns {Promise<void>} when it can be seen; also when it cannot be loaded, since a plain view is better than none
 */
export function addStyles(name) {
  const href = `/static/css/${name}.css`;
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  return new Promise((resolve) => {
    const link = document.createElement("link");
    Object.assign(link, { rel: "stylesheet", href, onload: resolve, onerror: resolve });
    document.head.append(link);
  });
}
