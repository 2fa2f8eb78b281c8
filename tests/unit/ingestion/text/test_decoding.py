"""Text in any common encoding comes out as it was written; what is not text is not taken for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.ingestion.text.decoding import decode, is_text

TEXTS = {
    "German": "Die Straße nach Köln führt über die große Brücke. Äpfel und Öl kosten fünf Euro, sagte Frau Müller.",
    "French": "L'été dernier, nous avons mangé à la crêperie près du château. Où étiez-vous ? Ça ne fait rien.",
    "Spanish": "El niño comió una piña mañana por la mañana. ¿Dónde está el baño? ¡Qué lástima! La canción sonó.",
    "Portuguese": "A administração não aprovou a solução. Você está em São Paulo, à tarde, com coração e ação.",
    "Swedish": "Går du över ån på våren? Björnen åt grönsaker på ängen. Året är långt och så även natten.",
    "Polish": "Zażółć gęślą jaźń. Mężczyzna wrócił do domu późno, ponieważ śnieg zasypał drogę, łąki i pole.",
    "Czech": "Příliš žluťoučký kůň úpěl ďábelské ódy. Většina lidí přijela včera večer vlakem do města Plzeň.",
    "Hungarian": "Árvíztűrő tükörfúrógép. Az őszi eső után a völgyben gyönyörű szivárvány jelent meg.",
    "Turkish": "Pijamalı hasta yağız şoföre çabucak güvendi. İstanbul'da bu yıl kış çok soğuk geçti.",
    "Russian": "Съешь же ещё этих мягких французских булок да выпей чаю. Порт был построен в прошлом веке.",
    "Greek": "Η γρήγορη καφέ αλεπού πηδάει πάνω από το τεμπέλικο σκυλί. Το λιμάνι χτίστηκε τον περασμένο αιώνα.",
    "Arabic": "بني الميناء في عام ألف وتسعمائة وثلاثة وسبعين. الرافعة ترفع اثنين وأربعين طنا كل ساعة.",
    "Farsi": "بندرگاه در سال ۱۴۰۵ ساخته شد و می‌خواهد بزرگ‌تر شود.",
    "Thai": "ท่าเรือสร้างขึ้นในปีพุทธศักราชสองพันห้าร้อยสิบหก สำนักงานเปิดเวลาเจ็ดโมงครึ่ง",
    "Japanese": "港は一九七三年に建設されました。年間の取扱量は三百万トンです。クレーンは四十二トンを持ち上げます。",
    "Chinese": "港口建于一九七三年。年吞吐量为三百万吨。起重机可以提起四十二吨。办公室早上七点半开门。",
    "Korean": "항구는 천구백칠십삼년에 건설되었습니다. 연간 처리량은 삼백만 톤입니다.",
    "emoji": "Shipped 🚀 on time 👩‍🔧",
}
LEGACY = [
    *(("German", encoding) for encoding in ("cp1252", "latin-1", "iso8859-15", "cp850")),
    *((language, "cp1252") for language in ("French", "Spanish", "Portuguese", "Swedish")),
    *((language, encoding) for language in ("Polish", "Czech", "Hungarian") for encoding in ("cp1250", "iso8859-2")),
    *(("Russian", encoding) for encoding in ("cp1251", "koi8_r", "cp866", "iso8859-5")),
    *(("Greek", encoding) for encoding in ("cp1253", "iso8859-7")),
    *(("Japanese", encoding) for encoding in ("shift_jis", "euc_jp", "iso2022_jp")),
    *[("Turkish", "cp1254"), ("Arabic", "cp1256"), ("Thai", "cp874"), ("Chinese", "gb18030"), ("Korean", "euc_kr")],
]
UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be")


@pytest.mark.parametrize("encoding", UNICODE)
@pytest.mark.parametrize("language", TEXTS)
def test_unicode_is_read_with_and_without_its_mark(language: str, encoding: str) -> None:
    data = (TEXTS[language] + "\n").encode(encoding)
    assert is_text(data)
    assert decode(data).text == TEXTS[language] + "\n"


@pytest.mark.parametrize(("language", "encoding"), LEGACY)
def test_the_code_pages_of_old_are_recognised(language: str, encoding: str) -> None:
    data = TEXTS[language].encode(encoding)
    assert is_text(data)
    assert decode(data).text == TEXTS[language]


@pytest.mark.parametrize("word", ["café", "Müller", "naïve", "Größe 5", "£5 – “good”"])
def test_a_single_accent_is_enough(word: str) -> None:
    assert decode(word.encode("cp1252")).text == word


def test_a_few_damaged_bytes_do_not_cost_the_encoding() -> None:
    data = (TEXTS["German"] * 10).encode() + b"\xff\xfe and more"
    assert decode(data).text == TEXTS["German"] * 10 + "\ufffd\ufffd and more"


@pytest.mark.parametrize("data", [bytes(range(256)), b"\0\0\0\0abcd", b"abc\x01\x02\x03\x04def"])
def test_binary_data_is_not_text(data: bytes) -> None:
    assert not is_text(data)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]), min_size=1))
def test_utf_8_always_comes_back(text: str) -> None:
    assert decode(text.encode()).text == text or text.startswith("\ufeff")


@given(st.binary())
def test_decoding_never_fails(data: bytes) -> None:
    decode(data)


@pytest.mark.parametrize(
    ("encoding", "told"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16-le"), ("utf-16-be", "utf-16-be")],
)
def test_unicode_is_named_and_calls_for_no_note(encoding: str, told: str) -> None:
    decoded = decode((TEXTS["German"] + "\n").encode(encoding))
    assert (decoded.encoding, decoded.guessed, decoded.notes) == (told, False, ())


def test_a_guess_is_told_as_one() -> None:
    decoded = decode(TEXTS["Russian"].encode("cp1251"))
    assert (decoded.encoding, decoded.guessed) == ("cp1251", True)
    assert decoded.notes == ("The text is not in UTF-8: it was taken for cp1251; if signs are wrong, save it so.",)


def test_what_is_not_valid_is_counted_but_not_what_somebody_else_has_failed_to_read() -> None:
    decoded = decode((TEXTS["German"] * 100 + "\ufffd").encode() + b"\xff" * 12)
    assert (decoded.encoding, decoded.replaced) == ("utf-8", 12)
    assert decoded.notes == ("12 places are not valid utf-8 and show as U+FFFD (\ufffd).",)


@pytest.mark.parametrize("before", [0, 100, 70_000])
def test_stray_zero_bytes_wherever_they_stand_do_not_make_a_text_another(before: int) -> None:
    text = "The harbour opens at six. " * 4000
    data = text[:before].encode() + b"\0\0\0" + text[before:].encode()
    decoded = decode(data)
    assert is_text(data)
    assert (decoded.text, decoded.encoding, decoded.zeros) == (text, "utf-8", 3)
    assert decoded.notes == ("3 zero bytes stood in the text and were left out.",)


@pytest.mark.parametrize("language", ["Chinese", "Japanese", "Korean"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_text_with_few_zero_bytes_is_still_wide(language: str, encoding: str) -> None:
    text = TEXTS[language] * 20 + "\n"
    assert decode(text.encode(encoding)).text == text
