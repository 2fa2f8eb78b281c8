"""What the service says itself when no model speaks, in the language of the question."""

from conversational_rag.rag.small_talk import Kind, SmallTalk

_REFUSALS = {
    "en": "No passage of the documents answers this question.",
    "de": "Keine Stelle der Dokumente beantwortet diese Frage.",
    "fr": "Aucun passage des documents ne répond à cette question.",
    "es": "Ningún pasaje de los documentos responde a esta pregunta.",
    "it": "Nessun passaggio dei documenti risponde a questa domanda.",
    "pt": "Nenhum trecho dos documentos responde a esta pergunta.",
    "nl": "Geen passage in de documenten beantwoordt deze vraag.",
    "tr": "Belgelerin hiçbir bölümü bu soruyu yanıtlamıyor.",
    "fa": "هیچ بخشی از اسناد به این پرسش پاسخ نمی‌دهد.",
    "ar": "لا يوجد في المستندات مقطع يجيب عن هذا السؤال.",
    "zh": "文档中没有能回答这个问题的段落。",
    "ja": "この質問に答える箇所は文書にありません。",
    "ko": "문서에 이 질문에 답하는 부분이 없습니다.",
    "ru": "Ни один фрагмент документов не отвечает на этот вопрос.",
}
_GREETINGS = {
    "en": "Hello! Ask me anything about your documents.",
    "de": "Hallo! Fragen Sie mich etwas zu Ihren Dokumenten.",
    "fr": "Bonjour ! Posez-moi une question sur vos documents.",
    "es": "¡Hola! Pregúnteme lo que quiera sobre sus documentos.",
    "it": "Buongiorno! Mi chieda qualcosa sui suoi documenti.",
    "pt": "Olá! Pergunte o que quiser sobre os seus documentos.",
    "nl": "Hallo! Stel me een vraag over uw documenten.",
    "tr": "Merhaba! Belgeleriniz hakkında bana soru sorabilirsiniz.",
    "fa": "سلام! هر پرسشی دربارهٔ اسناد خود دارید بپرسید.",
    "ar": "مرحبا! اسألني ما تشاء عن مستنداتك.",
    "zh": "您好！请问我有关您文档的问题。",
    "ja": "こんにちは。文書について何でもお尋ねください。",
    "ko": "안녕하세요! 문서에 대해 무엇이든 물어보세요.",
    "ru": "Здравствуйте! Задайте мне вопрос о ваших документах.",
}
_WELCOMES = {
    "en": "You're welcome!", "de": "Gern geschehen!", "fr": "Je vous en prie !", "es": "¡De nada!", "it": "Prego!",
    "pt": "De nada!", "nl": "Graag gedaan!", "tr": "Rica ederim!", "fa": "خواهش می‌کنم!", "ar": "على الرحب والسعة!",
    "zh": "不客气！", "ja": "どういたしまして。", "ko": "천만에요!", "ru": "Пожалуйста!",
}  # fmt: skip
_GOODBYES = {
    "en": "Goodbye!", "de": "Auf Wiedersehen!", "fr": "Au revoir !", "es": "¡Hasta luego!", "it": "Arrivederci!",
    "pt": "Até logo!", "nl": "Tot ziens!", "tr": "Hoşça kalın!", "fa": "خداحافظ!", "ar": "إلى اللقاء!",
    "zh": "再见！", "ja": "さようなら。", "ko": "안녕히 가세요!", "ru": "До свидания!",
}  # fmt: skip
_ASSENTS = {
    "en": "Good. Just ask if you want to know more.", "de": "Gut. Fragen Sie einfach, wenn Sie mehr wissen möchten.",
    "fr": "Bien. N'hésitez pas à demander la suite.", "es": "Bien. Pregunte cuando quiera saber más.",
    "it": "Bene. Chieda pure se vuole sapere altro.", "pt": "Certo. Pergunte se quiser saber mais.",
    "nl": "Goed. Vraag gerust verder.", "tr": "Tamam. Daha fazlasını bilmek isterseniz sorun.",
    "fa": "خوب است. هر وقت خواستید بیشتر بپرسید.", "ar": "حسنا. اسأل متى أردت معرفة المزيد.",
    "zh": "好的。想了解更多时请随时提问。", "ja": "承知しました。ほかにもお気軽にお尋ねください。",
    "ko": "알겠습니다. 더 궁금하시면 물어보세요.", "ru": "Хорошо. Спрашивайте, если захотите узнать больше.",
}  # fmt: skip
_REPLIES: dict[Kind, dict[str, str]] = {
    "greeting": _GREETINGS, "thanks": _WELCOMES, "goodbye": _GOODBYES, "assent": _ASSENTS,
}  # fmt: skip
_USUAL = "en"


def refusal(language: str | None) -> str:
    """That the documents hold no answer; in English when the language is not known."""
    return _REFUSALS.get(language or _USUAL, _REFUSALS[_USUAL])


def reply(talk: SmallTalk) -> str:
    """A polite sentence."""
    return _REPLIES[talk.kind][talk.language]
