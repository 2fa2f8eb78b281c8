"""Characters that nobody sees: taken out of what goes to a model, and of what comes from it. What is stored keeps them.

With tags (U+E0000 on), selectors or zero-width letters a document can hold instructions that only a model reads; with
overrides of the direction it can show its reader another text than the model gets.
"""

import re

# Unicode's Default_Ignorable_Code_Point, interlinear annotations and the control characters but tab and line feed.
_ALWAYS = (
    "\x00-\x08\x0e-\x1f\r\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
# Joiners are spelling in Farsi and the scripts of India, the selectors among them in Mongolian; they also make one
# sign of several in emoji, where two selectors tell colour from black and white. So one may follow such a character.
_JOINERS = "\u180b-\u180f\u200c\u200d\ufe0e\ufe0f"
_JOINED = (
    "\xa9\xae\u0590-\u061b\u061d-\u109f\u1780-\u17b3\u17b6-\u180a\u1810-\u18af\u1a00-\u1cff\u203c\u2049\u2122\u2139"
    "\u2190-\u2bff\u3030\u303d\u3297\u3299\ua800-\uabff\ufb1d-\ufdff\ufe0f\ufe70-\ufefc\U0001f000-\U0001faff"
)
_UNSEEN = re.compile(f"[{_ALWAYS}]|(?<=[^{_JOINED}])[{_JOINERS}]")
_IS_JOINED = re.compile(f"[{_JOINED}]")
_LINE_ENDS = dict.fromkeys(map(ord, "\x0b\x0c\x85\u2028\u2029"), "\n")
_NOTHING_JOINED = "\n"
# Whatever is left out or replaced is one of these; a text without any of them is as it is seen.
_PERHAPS_UNSEEN = re.compile(f"[{_ALWAYS}{_JOINERS}\x0b\x0c\x85\u2028\u2029]")


def without_unseen(text: str) -> str:
    """The text as its reader sees it, with `\\n` for every end of a line."""
    if (text.isascii() and text.isprintable()) or _PERHAPS_UNSEEN.search(text) is None:
        return text
    return _UNSEEN.sub("", (_NOTHING_JOINED + text).translate(_LINE_ENDS))[1:]


class Unseen:
    """A filter that takes these characters out of an answer."""

    def __init__(self) -> None:
        self._last = _NOTHING_JOINED

    def feed(self, text: str) -> str:
        """The next piece without them."""
        if text.isascii() and text.isprintable():
            self._last = _NOTHING_JOINED
            return text
        cleaned = _UNSEEN.sub("", (self._last + text).translate(_LINE_ENDS))[1:]
        self._last = text[-1] if _IS_JOINED.match(text[-1:]) else _NOTHING_JOINED
        return cleaned

    def close(self) -> str:
        """Nothing is held back."""
        return ""
