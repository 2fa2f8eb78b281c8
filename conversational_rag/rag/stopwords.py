"""Stop words: what conversations are full of and passages are not told apart by.

One set for all languages, so that nobody has to guess the language of three words. Words that carry
meaning in another of these languages are therefore left out: German "war", "die", "hat", "man",
French "car", "son", "fin". They are frequent where they are small words, so bm25 makes little of them.
"""

_ENGLISH = """
a about above after again all also am an and any are aren as at be because been before being below
between both but by can could couldn did didn do does doesn doing don down during each few for from further had hadn
has hasn have haven having he her here hers him his how i if in into is isn it its itself just ll me
more most my no nor not now of off on once only or other our out over own re same she should so some such
than that the their them then there these they this those through to too under until up upon ve very was wasn
we were weren what when where which while who whom whose why will with would you your yours
describe explain give know let like need okay please tell thank thanks want yes
"""
_GERMAN = """
aber als auch auf aus bei beim bin bis bist bitte da damit danke dann das dass dazu dein deine dem denn der deren
des dessen dich dies diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines
er es euch euer eure für gibt haben habe ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im ist ja jede jedem jeden jeder
jedes kann kannst kein keine keinem keinen keiner können könnte mehr mein meine meinem meinen meiner mich mir muss
müssen nach nein nicht noch nur ob oder ohne sehr sein seine seinem seinen seiner seit sich sie sind
soll sollen sollte über um und uns unser unsere unter viel vom von vor wann warum weil welche welchem
welchen welcher welches wem wen wenn wer werden weshalb wie wieder wieso wieviel wir wird wo wohin würde
zu zum zur zwischen
"""
_FRENCH = """
au aux avec avez avoir ce cela ces cet cette ceux chez comme comment c'est d dans de des donc du elle elles en encore
est et étaient était êtes être eu il ils j je l la le les leur leurs lui ma mais même merci mes moi mon n ne nos
notre nous où ou par pas peut plus pour pourquoi pouvez qu quand que quel quelle quelles quels qui quoi sa
sans se ses si sont suis sur ta te tes toi très tu un une vos votre vous y
"""

STOP_WORDS = frozenset(f"s t m {_ENGLISH} {_GERMAN} {_FRENCH}".split())
"""Lower-case, with their accents."""
