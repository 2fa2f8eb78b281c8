"""Stop words: what questions are full of and passages are not told apart by, language by language.

A set counts only in a text of its language, or German "war" and "die" would be lost to English questions.
"""

import re

from conversational_rag.db.spelling import asked_words

STOP_WORDS: dict[str, frozenset[str]] = {
    language: frozenset([*words.split(), *(form for word in words.split() for form in asked_words(word))])
    for language, words in {
        "en": """s t m
a about above after again all also am an and any are aren as at be because been before being below
between both but by can could couldn did didn do does doesn doing don down during each few for from further had hadn
has hasn have haven having he her here hers him his how i if in into is isn it its itself just ll me
more most my no nor not now of off on once only or other our out over own re same she should so some such
than that the their them then there these they this those through to too under until up upon ve very was wasn
we were weren what when where which while who whom whose why will with would you your yours
describe explain give know let like need okay please tell thank thanks want yes""",
        "de": """
aber als also am an auch auf aus bei beim bin bis bist bitte da damit danke dann das dass dazu dein deine dem den denn
der deren des dessen dich die dies diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer
eines er es euch euer eure für gab gibt hat hatte hatten habe haben ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres
im in ins ist ja jede jedem jeden jeder jedes kann kannst kein keine keinem keinen keiner können könnte man mehr mein
meine meinem meinen meiner mich mir mit muss müssen nach nein nicht noch nur ob oder ohne sehr sein seine seinem seinen
seiner seit sich sie sind so soll sollen sollte über um und uns unser unsere unter viel viele vom von vor wann war
waren warum was weil welche welchem welchen welcher welches wem wen wenn wer werden weshalb wie wieder wieso wieviel
wir wird wo wohin wurde wurden würde zu zum zur zwischen""",
        "fr": """
a ai as au aux avait avec avez avoir ce cela ces cet cette ceux chez combien comme comment c d dans de des donc du elle
elles en encore est et étaient était êtes être eu il ils j je l la le les leur leurs lui m ma mais me même merci mes moi
mon n ne nos notre nous on ont où ou par pas peut plus pour pourquoi pouvez qu quand que quel quelle quelles quels qui
quoi s sa sans se ses si son sont suis sur t ta te tes toi ton très tu un une va vos votre vous y""",
        "es": """
a al algo como cómo con cual cuál cuales cuáles cuando cuándo cuanto cuánto cuanta cuánta cuantos cuántos cuantas
cuántas de del desde donde dónde e el él ella ellas ellos en entre era eran es esa ese eso esta está están este esto
estos estas fue fueron gracias ha hace han hasta hay la las le les lo los más me mi mis mucho muy ni no nos o para pero
por porque puede qué que quién quien quiénes se ser si sí sin sobre son su sus también te tiene tienen tu tus un una
unas unos y ya yo""",
        "it": """
a ad agli ai al alla alle allo anche c che chi ci come con cosa cui d da dagli dai dal dalla dalle de degli dei del
della delle dello di dov dove e è ed era erano essere fra gli grazie ha hanno i il in io l la le lei li lo loro lui ma
mi mio nei nel nella nelle nello no noi non o per perché perchè più può qual quale quali quando quanta quante quanti
quanto quella quelle quello questa queste questi questo se si sì sono sua sue sugli sui sul sulla sulle suo suoi tra tu
un una uno vi voi""",
        "pt": """
a ao aos as à às até com como da das de dela dele delas deles do dos e é ela elas ele eles em entre era eram essa esse
esta este estas estes está estão eu foi foram há isso isto já lhe mais mas me meu minha muito na não nas nem no nos num
numa nós o obrigado os ou para pela pelas pelo pelos por porque porquê pode podem qual quais quando quanta quanto
quantas quantos que quê quem se sem ser seu seus sua suas são só também te tem têm tu um uma umas uns você vocês""",
        "nl": """
aan al als alstublieft bij dan dat de deze die dit doe doet door dus een en er ge geen gaat had hadden heb hebben heeft
hem het hij hoe hoeveel hoelang hun ik in is ja je jij jou jouw jullie kan kon kunnen maar me men met mij mijn moet
moeten naar niet nog nu of om omdat onder ons onze ook op over te tegen toch toe tot u uit uw van veel voor waar waarom
wanneer waren was wat we welk welke werd werden wie wij wil worden wordt zal ze zich zij zijn zo zonder zou""",
        "tr": """
acaba ama ancak bana bazı ben beni benim bir biz bize bu buna bunda bunlar bunu bunun da daha de defa değil diye en gibi
hangi hem hep her için ile ise ister kaç kadar ki kim kime kimin lütfen mı mi mu mü mıdır midir mudur müdür nasıl ne
neden nedir nerede nereye nereden ne niçin niye o olan olarak oldu olur on ona onlar onu onun sana sen senin siz sizin
şey şu tüm var ve veya ya yani yok zaman""",
        "ru": """
а без более бы был была были было быть в вам вас ваш ваша ваши во вот все всех вы где да для до его ее её если есть еще
ещё же за здесь и из или им их к как какая какие какой каков какова каким какое каком когда кого кому кто куда ли меня
мне мной можно мой моя мы на над нам нас наш не него нее неё нет ни них но ну о об он она они оно от откуда очень по под
почему при про с сам сколько со спасибо так там те тем то того тоже той том тот ту ты у уже чего чем что чтобы чья чей
эта эти это этого этой этом этот я""",
        "fa": """
از است اگر اما او آن آنها آیا این اینکه با باید بر برای بود بودن به بی تا ها های هایی هر هم همه هیچ چرا چقدر چگونه چند
چه چی چیست خود خواهد در دارد دارند را شد شده شود شوند کدام کجا کجاست کرد کردن کرده کند کنند کنم کنید کی که لطفا ما من
می نمی نه نیز نیست و وی ولی یا یک""",
        "ar": """
ابن اثناء اذا اكثر الا التی الذی الذین الى الی ام ان انا انت انه او ای این بعد بعض بل بین تكون تکون تم ثم حتى حتی حول
حیث خلال ذلک سوف شکرا عن عند على علی عندما عنه غیر فقد فقط فی فیه فیها قبل قد کان کانت کل کم کما کیف لا لدی لکن لم لماذا
لن له لها ما ماذا متى متی مع من منذ منه منها نحن نعم هذا هذه هل هم هنا هناک هو هی و یا یتم یکون یمکن""",
    }.items()
}
"""By language (ISO 639-1), lower-case, as written and as asked for.

Arabic and Farsi are written here as they are asked for, with one code for each letter."""

_ALSO_ENGLISH = """
come comment dan dale des die do door dove due era fin four gel hat hem her hun man me men mes more nos on per plus pour
sale ses sin son sur ton van war zo"""
ALSO_ENGLISH = frozenset(_ALSO_ENGLISH.split())
"""Small words of other languages that tell nothing of them, because they are English words as well."""

_CHINESE = (
    "请问|请告诉我|告诉我|什么时候|有多少|有多|多久|多长|多大|多高|多远|什么|怎么样|怎么|怎样|如何|为什么|为何|是否|哪里|哪儿|哪个|哪些|哪一|多少|几个|有没有|可以|"
    "我们|你们|他们|它们|这个|那个|这些|那些|一个|請問|什麼|怎麼|怎樣|為什麼|哪裡|這個|那個|這些|我們|"
    "[的了吗呢吧是这那哪嗎這]"
)
_JAPANESE = (
    "教えてください|教えて|ください|について|どのように|どのような|どのくらい|どれくらい|どうして|どんな|どこ|どれ|どの|どう|だれ|"
    "いくら|いくつ|いつ|なぜ|なに|何ですか|ですか|でしょうか|ますか|ました|ません|ます|でした|です|している|された|される|"
    "しますか|します|する|した|して|という|とは|には|では|から|まで|より|ため|こと|もの|この|その|あの|これ|それ|あります|ある|"
    "いる|います"
)
_HIRAGANA = "[\u3041-\u309f]"
SMALL_SYLLABLES = {
    "zh": re.compile(_CHINESE),
    # Syllables are small words where they fill a stretch of syllables or stand at its ends, as those of a word may not.
    "ja": re.compile(
        rf"(?<!{_HIRAGANA})(?:{_JAPANESE}|[はがをにのでともへやか])+(?!{_HIRAGANA})"
        rf"|[はがをにのでと]?(?:{_JAPANESE})+(?!{_HIRAGANA})|[はがをにので](?!{_HIRAGANA})|(?<!{_HIRAGANA})[のを]"
    ),
}
"""What is left out of a text without spaces, by language."""

_ENDINGS = {
    "de": "en|er|es|em|e|n|s",
    "nl": "en|e|s",
    "fr": "es|e|s|x",
    "es": "os|as|es|o|a|e|s",
    "pt": "os|as|es|o|a|e|s",
    "it": "[aeio]",
    "tr": "l[ae]r(?:[iı]n?)?|[iıuü]n?|d[ae]|n[ae]",
    "ru": "[аяеёиоуыюьй]{1,2}|[аоя][вмх]|ами|ями|ого|его|ому|ему",
    "fa": "های|ها|هایی|ی|ان",
    "ar": "ات|ون|ین|ان|ه|ی",
}
ENDINGS = {language: re.compile(rf"(?<=\w{{4}})(?:{endings})$") for language, endings in _ENDINGS.items()}
"""What to take off a word of a question before it is asked for as the beginning of other words, by language."""
