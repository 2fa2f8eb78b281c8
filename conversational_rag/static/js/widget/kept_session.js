// Which conversation this tab is in: gone when the tab is, since a site's visitors may share a computer.

const NAME = "crag.widget.session";

/** @returns {string | null} */
export function keptSession() {
  try {
    return sessionStorage.getItem(NAME);
  } catch {
    return null; // frames of other sites may be given no storage
  }
}

/** @param {string | null} sessionId null forgets it */
export function keepSession(sessionId) {
  try {
    if (sessionId === null) sessionStorage.removeItem(NAME);
    else sessionStorage.setItem(NAME, sessionId);
  } catch {
    // As above: the conversation lasts as long as the frame.
  }
}
