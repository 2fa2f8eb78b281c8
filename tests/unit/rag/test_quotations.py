"""What an answer puts between quotation marks."""

import pytest

from conversational_rag.rag.quotations import invented

TEXTS = (
    "The Harbour Bridge was opened on 19 March 1932. It is painted in a colour\ncalled “bridge grey”; it\xad's old.",
    "泵的保修期为24个月。Die Brücke ist grau, der Weg nicht.",
)


def found(answer: str) -> list[str]:
    return [answer[start:end] for start, end in invented(answer, TEXTS)]


@pytest.mark.parametrize(
    "answer",
    [
        "It is “painted in a colour called ‘bridge grey’.”",
        'It says "the harbour bridge was opened" and "It\'s old".',
        "„Die Brücke ist grau“, steht dort, « der Weg nicht » und »die Brücke«.",
        "“The Harbour Bridge … painted in a colour (...) old”",
        "“The Harbour Bridge [the old one] was opened on 19 March 1932 [1]”",
        "说明书说「保修期为24个月」。",
        'A pipe of 5" and one of 6" are no quotation, nor are 24" screens of 5".',
        "No marks, ' single ones ' and “ nothing “.",
        '“…” and "?"',
    ],
)
def test_what_stands_in_a_text_is_quoted(answer: str) -> None:
    assert found(answer) == []


@pytest.mark.parametrize(
    "quoted",
    [
        "“painted in a colour called bridge blue”",
        '"The Harbour Bridge was opened on 20 March 1932"',
        "„Die Brücke ist blau“",
        "«the bridge is grey»",
        "「保修期为36个月」",
        "“The Harbour Bridge … Die Brücke”",
        "“bridge gre”",
    ],
)
def test_what_stands_in_none_is_invented(quoted: str) -> None:
    assert found(f"It says {quoted}, and “painted in a colour”.") == [quoted]


def test_without_texts_every_quotation_is_invented() -> None:
    assert list(invented("It says “grey”.", [])) == [(8, 14)]
