"""Whether an answer is empty, or looks as if the model declined to answer.

A suspicion from how the text begins, in the languages that models answer in: it is shown beside accuracy and changes no score.
That a document doesn't say something is an answer and no refusal.
"""

import re
import unicodedata

_LOOKED_AT = 400
"""Characters: who declines does so at once. Later on, such words are usually about somebody in the text."""

_MAY_COME_FIRST = (
    r"(?:\W|sorry|i[’']?m (?:very |truly |so )?sorry|i am sorry|i apologi[sz]e|unfortunately|but|however|"
    r"thank you[^.!?\n]{0,40}[.!])*+"
)

_ENGLISH = (
    _MAY_COME_FIRST
    + r"(?:"
    + r"i\s*(?:can(?:not|[’']?t| not)|won[’']?t|will not|(?:must|have to) (?:decline|refuse)(?= to)|decline(?= to)|refuse(?= to)|(?:am|[’']m)\s+(?:not able|unable|"
    r"not going|not comfortable|not permitted|not allowed|not in a position|programmed not))"
    r"(?:\s+(?:to|be able|in good conscience|really|currently|directly|be|being))*"
    r"\s*(?:\b(?:help|assist|comply|answer|answering|respond|provide|providing|fulfil?l?|do (?:that|this|so)|engage|discuss|discussing|offer|generate|"
    r"evaluate|evaluating|grade|grading|judge|assess|process|participate|support|fulfill|complete (?:this|that|your)|continue with)\b|[.!]|\Z)"
    r"|(?:that|this) (?:is|would be) something (?:that )?i (?:can(?:not|[’']?t)|won[’']?t)"
    r"|it (?:would be|is) (?:against|not appropriate|inappropriate) (?:for me|my)"
    r"|(?:that|this|your) (?:request|question|content) (?:violates|goes against|is against|can(?:not|[’']?t) be (?:answered|processed|fulfilled))"
    r"|(?:as an? (?:ai|llm|language model|assistant)\b[^.!?\n]{0,80}\b(?:can(?:not|[’']?t)|unable|not able|don[’']?t))"
    r")"
)  # fmt: skip
_OTHERS = (
    # German
    r"(?:es tut mir (?:sehr )?leid|entschuldigung|tut mir leid|leider|ich bedau(?:e?re))?\W*(?:aber )?\W*(?:dabei |das |diese frage |damit |hierbei )?(?:ich )?"
    r"(?:kann|darf|werde|möchte)\s+(?:ich\s+)?(?:dir |ihnen |leider |dabei |diese[rnms]? \w+ |das |hierbei |damit |dazu )*(?:nicht|keine)\b[^.!?\n]{0,60}(?:helfen|beantworten|antworten|unterstützen|"
    r"weiterhelfen|bereitstellen|nachkommen|bewerten|beurteilen|erfüllen|geben)",
    # French
    r"(?:je suis (?:vraiment )?désolée?|désolée?|malheureusement)?\W*(?:mais )?\W*je (?:ne (?:peux|puis|suis pas en mesure|suis pas capable|saurais)|refuse|dois (?:refuser|décliner))\b"
    r"[^.!?\n]{0,40}(?:aider|répondre|fournir|assister|satisfaire|évaluer|pas|de)",
    # Spanish
    r"(?:lo siento|lo lamento|disculpa|perdón|desafortunadamente|lamentablemente)?\W*(?:pero )?\W*no (?:puedo|podré|me es posible|estoy en condiciones de|soy capaz de)\b[^.!?\n]{0,30}"
    r"(?:ayudar|responder|proporcionar|cumplir|contestar|evaluar|continuar|asistir|ofrecer)",
    # Portuguese
    r"(?:sinto muito|desculpe|lamento|infelizmente)?\W*(?:mas )?\W*não (?:posso|consigo|me é possível|sou capaz de|estou apto a)\b[^.!?\n]{0,30}"
    r"(?:ajudar|responder|fornecer|cumprir|auxiliar|avaliar|atender|continuar)",
    # Italian
    r"(?:mi dispiace|mi spiace|spiacente|purtroppo)?\W*(?:ma )?\W*non (?:posso|sono in grado di|mi è possibile|riesco a)\b[^.!?\n]{0,30}"
    r"(?:aiutar\w+|rispondere|fornire|soddisfare|valutare|assister\w+|continuare)",
    # Dutch, Polish, Russian, Turkish
    r"(?:het spijt me|sorry|helaas)?\W*(?:maar )?\W*(?:ik kan|daar kan ik|hier kan ik)\b[^.!?\n]{0,30}\b(?:niet|geen)\b[^.!?\n]{0,40}(?:helpen|beantwoorden|antwoorden|geven|voldoen)",
    r"(?:przepraszam|przykro mi|niestety)?\W*(?:ale )?\W*nie mogę\b[^.!?\n]{0,40}(?:pomóc|odpowiedzieć|udzielić|spełnić|ocenić)",
    r"(?:извините|простите|к сожалению|сожалею)?\W*(?:но )?\W*я? ?не (?:могу|в состоянии|буду)\b[^.!?\n]{0,40}(?:помочь|ответить|отвечать|предоставить|выполнить|оценить|оценивать|обсуждать)",
    r"(?:üzgünüm|maalesef)\W*(?:ama )?[^.!?\n]{0,60}(?:yardımcı olamam|cevaplayamam|yanıtlayamam|veremem)",
    # Chinese
    r"(?:很|非常|十分)?(?:抱歉|对不起|對不起|不好意思)[^。！？\n]{0,30}(?:无法|無法|不能|不便|没办法|沒辦法|拒绝)",
    r"(?:作为[^。，\n]{0,16}[，,])?我(?:无法|無法|不能|不可以|没有办法)(?:为您|为你|对此|直接|对这个|就此|就这个|針對)?(?:回答|帮助|协助|提供|完成|处理|评估|评判|满足|讨论|協助|幫助)",
    # Japanese
    r"(?:申し訳(?:ありません|ございません)|すみません|恐れ入りますが|残念ながら)[^。\n]{0,60}(?:できません|できかねます|お答えできません|お手伝いできません|致しかねます|いたしかねます|応じられません)",
    r"(?:その|この|ご)(?:質問|要求|リクエスト|依頼)[^。\n]{0,20}(?:お答え|回答|対応|お手伝い)(?:は)?(?:でき(?:ません|ない)|いたしかねます)",
    # Korean
    r"(?:죄송(?:합니다|하지만|해요)|미안(?:합니다|하지만)|유감)[^.\n]{0,60}(?:수 없|못|불가|어렵)",
    # Arabic, Hindi, Vietnamese, Indonesian
    r"(?:عذر[ًا]?ا?|آسف|أعتذر|للأسف)[^.\n]{0,60}(?:لا (?:أستطيع|يمكنني)|لن)|لا (?:أستطيع|يمكنني) (?:مساعدت|الإجابة|تقديم)",
    r"(?:क्षमा करें|माफ़? ?कीजिए|खेद है|मुझे खेद)[^।\n]{0,80}(?:नहीं)",
    r"(?:xin lỗi|rất tiếc)[^.\n]{0,40}(?:không thể)",
    r"(?:maaf|mohon maaf)[^.\n]{0,40}(?:tidak (?:bisa|dapat))",
)  # fmt: skip
_REFUSAL = re.compile("|".join(f"(?:{pattern})" for pattern in (_ENGLISH, *_OTHERS)), re.IGNORECASE)
_APOLOGIES = re.compile(
    r"\W*(?:i[’']?m (?:very |truly )?sorry|i am sorry|sorry|unfortunately|i apologi[sz]e|es tut mir|leider|je suis désolée?|lo siento|sinto muito|mi dispiace|"
    r"(?:很|非常)?抱歉|对不起|申し訳|죄송|извините|к сожалению|however|i (?:cannot|can[’']?t|won[’']?t))",
    re.IGNORECASE,
)  # fmt: skip


def empty(answer: str) -> bool:
    """Whether an answer shows nothing: no character, or only such as aren't seen."""
    return all(unicodedata.category(character)[0] in "ZC" for character in answer)


def refusal_suspected(answer: str) -> bool:
    """Whether an answer begins like one that declines to answer or to help, in one of about fifteen languages."""
    beginning = answer[:_LOOKED_AT].strip().lstrip("*_\"'`#>“‘「『 \n")
    if _REFUSAL.match(beginning):
        return True
    # "Hello! Thank you for asking. I'm sorry, but I can't help with that."
    for sentence in re.split(r"(?<=[.!?。！？\n])\s*", beginning)[1:3]:
        if _APOLOGIES.match(sentence) and _REFUSAL.match(sentence):
            return True
    return False
