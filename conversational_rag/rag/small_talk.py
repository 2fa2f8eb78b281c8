"""Small talk: messages that ask nothing of the documents, such as "thanks!". A closed list, the whole message only.

"Thanks, and what is it painted in?" is a question: whatever is not made of these phrases alone is one.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from conversational_rag.rag.conversation import Turn

Kind = Literal["greeting", "thanks", "goodbye", "assent"]

# One line a language; phrases are parted by commas.
_PHRASES: dict[Kind, dict[str, str]] = {
    "greeting": {
        "en": "hello, hi, hey, hiya, hello there, hi there, hey there, good morning, good afternoon, good evening,"
        " greetings, how are you, how are you doing, how are you today, nice to meet you",
        "de": "hallo, guten tag, guten morgen, guten abend, moin, servus, grüß gott, grüß dich, hallo zusammen,"
        " wie geht's, wie geht es dir, wie geht es ihnen",
        "fr": "bonjour, bonsoir, salut, coucou, comment allez-vous, comment vas-tu, ça va",
        "es": "hola, buenos días, buenas tardes, buenas noches, buenas, qué tal, cómo estás, cómo está",
        "it": "ciao, salve, buongiorno, buonasera, come stai, come sta",
        "pt": "olá, oi, bom dia, boa tarde, boa noite, tudo bem, como vai",
        "nl": "hoi, goedemorgen, goedemiddag, goedenavond, goedendag, hoe gaat het",
        "tr": "merhaba, selam, günaydın, iyi günler, iyi akşamlar, nasılsın, nasılsınız",
        "fa": "سلام, درود, صبح بخیر, عصر بخیر, شب بخیر, حالت چطوره, حال شما چطور است, چطوری, سلام علیکم",
        "ar": "مرحبا, أهلا, أهلا وسهلا, السلام عليكم, صباح الخير, مساء الخير, كيف حالك, هلا",
        "zh": "你好, 您好, 你好吗, 早上好, 下午好, 晚上好, 嗨, 哈喽, 大家好",
        "ja": "こんにちは, こんばんは, おはよう, おはようございます, やあ, お元気ですか, はじめまして",
        "ko": "안녕, 안녕하세요, 안녕하십니까",
        "ru": "привет, здравствуйте, здравствуй, добрый день, доброе утро, добрый вечер, как дела",
    },
    "thanks": {
        "en": "thanks, thank you, thank you very much, thank you so much, many thanks, thanks a lot, thanks so much,"
        " thx, ty, cheers, much appreciated, i appreciate it, thanks for your help, thank you for your help,"
        " thanks for the help, thank you for the help, thanks again, thank you again, no thanks, no thank you",
        "de": "danke, vielen dank, danke schön, dankeschön, danke sehr, herzlichen dank, besten dank, tausend dank,"
        " danke dir, danke ihnen, vielen lieben dank, danke für die hilfe, danke für deine hilfe, danke für ihre hilfe,"
        " nein danke",
        "fr": "merci, merci beaucoup, merci bien, mille mercis, grand merci, je vous remercie, je te remercie,"
        " merci à vous, merci pour votre aide, merci pour ton aide,"
        " non merci",
        "es": "gracias, muchas gracias, mil gracias, muchísimas gracias, gracias por tu ayuda, gracias por su ayuda,"
        " te lo agradezco, se lo agradezco, no gracias",
        "it": "grazie, grazie mille, molte grazie, tante grazie, ti ringrazio, la ringrazio, grazie per l'aiuto,"
        " no grazie",
        "pt": "obrigado, obrigada, muito obrigado, muito obrigada, obrigado pela ajuda, obrigada pela ajuda, valeu",
        "nl": "dank je, dank je wel, dankjewel, dank u, dank u wel, dankuwel, bedankt, hartelijk dank,"
        " heel erg bedankt, nee bedankt",
        "tr": "teşekkürler, teşekkür ederim, çok teşekkürler, çok teşekkür ederim, sağ ol, sağ olun, sağol",
        "fa": "ممنون, ممنونم, خیلی ممنون, خیلی ممنونم, متشکرم, مرسی, سپاس, سپاسگزارم, با تشکر, تشکر, ممنون از شما,"
        " دستت درد نکنه, دست شما درد نکند, خیلی متشکرم",
        "ar": "شكرا, شكرا جزيلا, شكرا لك, شكرا لكم, أشكرك, ألف شكر, شكرا كثيرا, مشكور",
        "zh": "谢谢, 谢谢你, 谢谢您, 多谢, 非常感谢, 感谢, 太谢谢了, 謝謝, 十分感谢",
        "ja": "ありがとう, ありがとうございます, どうもありがとう, どうもありがとうございます, どうも, 感謝します,"
        " ありがとうございました",
        "ko": "감사합니다, 고마워, 고맙습니다, 고마워요",
        "ru": "спасибо, большое спасибо, спасибо большое, благодарю, благодарю вас, спасибо за помощь",
    },
    "goodbye": {
        "en": "bye, goodbye, bye bye, see you, see you later, see you soon, good night, have a nice day,"
        " have a good day, take care, that's all, that is all, that's all for now",
        "de": "tschüss, tschüs, auf wiedersehen, bis bald, bis später, bis dann, gute nacht, schönen tag noch, ciao,"
        " das war's, das war alles",
        "fr": "au revoir, à bientôt, bonne journée, bonne soirée, bonne nuit, à plus, c'est tout",
        "es": "adiós, hasta luego, hasta pronto, hasta mañana, chao, que tengas un buen día, eso es todo",
        "it": "arrivederci, a presto, buonanotte, buona giornata, è tutto",
        "pt": "adeus, tchau, até logo, até breve, até mais, é tudo",
        "nl": "doei, tot ziens, tot straks, tot later, dag, fijne dag nog, dat is alles",
        "tr": "hoşça kal, hoşça kalın, hoşçakal, güle güle, görüşürüz, iyi geceler, kendine iyi bak, hepsi bu",
        "fa": "خداحافظ, خدانگهدار, خدا حافظ, به امید دیدار, بدرود, روز خوش, فعلا",
        "ar": "مع السلامة, إلى اللقاء, وداعا, تصبح على خير, أراك لاحقا, هذا كل شيء",
        "zh": "再见, 拜拜, 再會, 晚安, 回头见, 明天见, 就这些",
        "ja": "さようなら, じゃあね, またね, では, おやすみ, おやすみなさい, 失礼します, 以上です, バイバイ",
        "ko": "안녕히 계세요, 안녕히 가세요, 잘 가, 또 봐요",
        "ru": "пока, до свидания, до встречи, увидимся, спокойной ночи, всего доброго, хорошего дня, это всё",
    },
    "assent": {
        "en": "ok, okay, k, alright, all right, fine, got it, i see, understood, great, perfect, cool, nice, awesome,"
        " excellent, wonderful, good, very good, very helpful, that helps, that was helpful, makes sense",
        "de": "in ordnung, alles klar, verstanden, gut, sehr gut, super, prima, toll, klasse, perfekt, wunderbar,"
        " ach so, passt, verstehe, hilfreich, sehr hilfreich",
        "fr": "d'accord, entendu, compris, très bien, parfait, super, génial, je vois, ça marche",
        "es": "vale, de acuerdo, entendido, muy bien, perfecto, genial, claro, ya veo",
        "it": "va bene, d'accordo, capito, perfetto, benissimo, ho capito, ottimo",
        "pt": "tá bom, entendi, certo, perfeito, ótimo, está bem, muito bem",
        "nl": "oké, prima, begrepen, goed, perfect, duidelijk, in orde, mooi",
        "tr": "tamam, anladım, peki, güzel, harika, mükemmel, çok iyi",
        "fa": "باشه, خوبه, خوب, اوکی, فهمیدم, متوجه شدم, عالی, عالیه, بسیار خوب, خیلی خوب",
        "ar": "حسنا, تمام, فهمت, ممتاز, جيد, جيد جدا, رائع, مفهوم",
        "zh": "好, 好的, 好吧, 明白, 明白了, 知道了, 懂了, 太好了, 很好, 行, 了解",
        "ja": "はい わかりました, わかりました, 了解, 了解です, 了解しました, なるほど, オッケー,"
        " いいですね, 分かりました",
        "ko": "알겠습니다, 알겠어요, 좋아요, 네 알겠습니다, 그래요",
        "ru": "хорошо, понятно, ясно, отлично, ладно, понял, поняла, прекрасно, окей, супер",
    },
}
_MOST_PHRASES, _LONGEST_PHRASE, _LONGEST = 4, 6, 120
_ALIKE = str.maketrans("يىكةأإآ’", "ییکهااا'")
_NOT_A_WORD = re.compile(r"[^\w']+|_")
_QUESTION_ENDS = ("?", "？", "؟", ";")


@dataclass(frozen=True, slots=True)
class SmallTalk:
    """What a message is about, and its language."""

    kind: Kind
    language: str


def small_talk(message: str, last_answer: str = "") -> SmallTalk | None:
    """What kind of small talk a message is; None when it asks for anything, or answers what it was asked."""
    if len(message) > _LONGEST:
        return None
    words = _plain(message).split()
    parts = next(_segmented(tuple(words), _MOST_PHRASES), None)
    if not words or parts is None:
        return None
    kinds = [_KNOWN[part][0] for part in parts]
    if set(kinds) == {"assent"} and last_answer.rstrip().endswith(_QUESTION_ENDS):
        return None
    kind = next(kind for kind in ("goodbye", "thanks", "greeting", "assent") if kind in kinds)
    return SmallTalk(kind, next(_KNOWN[part][1] for part in parts if _KNOWN[part][0] == kind))


def small_talk_after(turns: Sequence[Turn], message: str) -> SmallTalk | None:
    """What kind of small talk a message is after these turns (oldest first)."""
    # A polite "How can I help?" is no question that "ok" would answer.
    last = turns[-1].answer if turns and small_talk(turns[-1].question) is None else ""
    return small_talk(message, last)


def without_small_talk(turns: Sequence[Turn], most: int) -> tuple[Turn, ...]:
    """The last `most` turns that asked something, oldest first."""
    kept: list[Turn] = []
    for number in range(len(turns) - 1, -1, -1):
        if len(kept) == most:
            break
        if small_talk_after(turns[max(0, number - 1) : number], turns[number].question) is None:
            kept.append(turns[number])
    return tuple(reversed(kept))


def _segmented(words: tuple[str, ...], most: int) -> Iterator[tuple[str, ...]]:
    """Each way in which the words are phrases of the list, one behind the other, the longest first."""
    if not words:
        yield ()
    if not most:
        return
    for length in range(min(len(words), _LONGEST_PHRASE), 0, -1):
        if (phrase := " ".join(words[:length])) in _KNOWN:
            for rest in _segmented(words[length:], most - 1):
                yield (phrase, *rest)


def _plain(text: str) -> str:
    """Without case, accents, punctuation and emoji."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_ALIKE).casefold().replace("ı", "i"))
    letters = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(_NOT_A_WORD.sub(" ", unicodedata.normalize("NFC", letters)).split())


_KNOWN: dict[str, tuple[Kind, str]] = {}
for _kind, _languages in _PHRASES.items():
    for _language, _listed in _languages.items():
        for _phrase in _listed.split(","):
            _KNOWN.setdefault(_plain(_phrase), (_kind, _language))
