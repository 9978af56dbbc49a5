"""The words by which judges state a verdict, a rating, or that they have none, in the languages in which they answer.

A judge that reads Chinese answers in Chinese at times, whatever the prompt asks for. A phrase counts as a whole and only where it
stands for a verdict, so that no negation is read as its opposite: 不正确 isn't 正确 with something before it, and "hardly correct" is
nothing. Where a verdict may stand in a reply is `parsing`'s matter.
"""

CORRECT = """
correct | is correct | fully correct | completely correct | entirely correct
richtig | korrekt | zutreffend | ist richtig | ist korrekt
correcte | exact | exacte | est correcte | est correct | juste
correcto | correcta | es correcto | es correcta | acertado | acertada
correto | correta | está correto | está correta | é correto | é correta
corretto | corretta | è corretto | è corretta | giusto | giusta
juist | goed
rätt | riktig | riktigt | rigtig | rigtigt | korrekte | oikein
poprawna | poprawne | poprawny | poprawnie | prawidłowa | prawidłowe | prawidłowy
správně | správná | správny | správné
верно | верный | верная | правильно | правильный | правильная | корректно | корректный | вірно | правильна
σωστό | σωστή | σωστά
doğru | doğrudur
صحيح | صحيحة | الإجابة صحيحة
सही | सही है
đúng | chính xác
benar | betul
ถูกต้อง | ถูก
正确 | 正確 | 正确的 | 正確的 | 回答正确 | 答案正确 | 完全正确
正解 | 正しい | 正答 | 正解です | 正しいです | 正解である
정답 | 맞음 | 정확함 | 정확 | 옳음 | 올바름 | 정답입니다 | 맞습니다 | 정확합니다
"""
"""What says that an answer is right, wherever a verdict may stand."""

INCORRECT = """
incorrect | not correct | isn't correct | is not correct | is incorrect | wrong | inaccurate | not right | completely incorrect
falsch | inkorrekt | unkorrekt | unrichtig | unzutreffend | nicht richtig | nicht korrekt | nicht zutreffend | ist falsch
incorrecte | inexact | inexacte | pas correct | pas correcte | non correct | non correcte | erroné | erronée | pas exact | faux | fausse
n'est pas correct | n'est pas correcte | est incorrecte | est incorrect | est fausse
incorrecto | incorrecta | no correcto | no correcta | no es correcto | no es correcta | es incorrecto | es incorrecta | equivocado |
equivocada | erróneo | errónea
incorreto | incorreta | não correto | não correta | não está correto | não está correta | não é correto | não é correta | errado | errada |
está incorreto | está incorreta | está errado | está errada
scorretto | scorretta | non corretto | non corretta | non è corretto | non è corretta | sbagliato | sbagliata | errato | errata | inesatto
onjuist | niet juist | niet correct | niet goed | fout
fel | felaktig | felaktigt | feil | forkert | inkorrekte | inte korrekt | ikke korrekt | inte rätt | ikke riktig | ikke rigtig | väärin
niepoprawna | niepoprawne | niepoprawny | niepoprawnie | nieprawidłowa | nieprawidłowe | nieprawidłowy | błędna | błędne | błędny
nesprávně | nesprávná | nesprávny | nesprávné | špatně
неверно | неверный | неверная | не верно | неправильно | неправильный | неправильная | не правильно | некорректно | некорректный |
ошибочно | невірно | неправильна
λάθος | λανθασμένη | λανθασμένο | μη σωστό
yanlış | yanlıştır | doğru değil | doğru değildir
خطأ | خاطئ | خاطئة | غير صحيح | غير صحيحة | ليس صحيحا | ليست صحيحة
गलत | ग़लत | गलत है | सही नहीं | सही नहीं है
sai | không đúng | không chính xác
salah | tidak benar | tidak betul
ไม่ถูกต้อง | ไม่ถูก | ผิด
不正确 | 不正確 | 不正确的 | 不正確的 | 错误 | 錯誤 | 错误的 | 錯誤的 | 回答错误 | 答案错误 | 回答不正确 | 答案不正确 | 有误 | 不对 | 不對 |
并不正确 | 不准确 | 完全错误
不正解 | 誤り | 誤答 | 間違い | 間違っている | 正しくない | 不正解です | 誤りです | 間違いです | 正しくありません | 正解ではない |
正解ではありません | 正しくないです
오답 | 틀림 | 부정확 | 부정확함 | 정확하지 않음 | 옳지 않음 | 잘못됨 | 오답입니다 | 틀렸습니다 | 틀렸음 | 정답이 아님 | 정답 아님 |
맞지 않음 | 올바르지 않음
"""
"""What says that an answer is wrong, wherever a verdict may stand."""

TRUE = """
true | right | wahr | vrai | vraie | verdadero | verdadera | cierto | verdadeiro | verdadeira | certo | vero | waar | sant |
prawda | истина | истинно | صواب | 对 | 對 | 对的 | 对了 | 真 | 참 | 맞다 | はい、正しい
"""
"""As `CORRECT`, but only behind a label or as the whole reply: alone in a text, they may answer the question itself."""

FALSE = """
false | untrue | not true | unwahr | nicht wahr | non vrai | pas vrai | falso | falsa | no es cierto | no cierto | no verdadero | não verdadeiro |
non vero | onwaar | niet waar | falskt | fałsz | ложь | ложно | 错 | 錯 | 错了 | 假 | 不真 | 거짓
"""
"""As `INCORRECT`, but only behind a label or as the whole reply."""

UNSURE = """
unsure | not sure | i'm not sure | i am not sure | i'm unsure | i am unsure | uncertain | undecided | undetermined | indeterminate | inconclusive |
unclear | unknown | undecidable | cannot determine | can't determine | cannot be determined | can't be determined | unable to determine |
cannot tell | can't tell | cannot judge | can't judge | cannot decide | can't decide | cannot say | not determinable | abstain | abstained |
i abstain | abstention | no verdict | insufficient information | not enough information | don't know | i don't know | i do not know
unsicher | ungewiss | unklar | unentschieden | unbestimmt | nicht sicher | nicht bestimmbar | nicht entscheidbar | enthaltung |
kann nicht beurteilt werden | kann nicht bestimmt werden | nicht beurteilbar | weiß nicht | keine angabe
incertain | incertaine | pas sûr | pas sûre | indéterminé | indéterminée | indécis | impossible à déterminer | ne peut être déterminé |
je ne sais pas | incertitude
inseguro | no estoy seguro | no estoy segura | indeterminado | indeterminada | incierto | incierta | no se puede determinar | no sé | no lo sé |
abstención | no seguro
incerto | incerta | não tenho certeza | não é possível determinar | não sei | abstenção | indefinido | não sabe
non sono sicuro | non sono sicura | indeterminato | indeterminata | impossibile determinare | non so | astensione | incertezza
onzeker | niet zeker | onbepaald | weet niet | osäker | usikker | vet inte | niepewne | nie wiem | nieokreślone
не уверен | не уверена | неясно | не определено | невозможно определить | неизвестно | не знаю | затрудняюсь ответить
emin değilim | belirsiz | غير متأكد | غير مؤكد | لا يمكن التحديد | अनिश्चित | निश्चित नहीं | không chắc | không chắc chắn | không xác định | tidak yakin
不确定 | 不確定 | 无法确定 | 無法確定 | 无法判断 | 無法判斷 | 无法判定 | 不能确定 | 难以判断 | 不清楚 | 不知道 | 未知 | 弃权 | 棄權 | 我不确定
不明 | 判断できない | 判断できません | 判定不能 | 判断不能 | 不確か | わからない | 分からない | わかりません | 分かりません | 保留 | どちらとも言えない
불확실 | 불확실함 | 판단 불가 | 판단할 수 없음 | 알 수 없음 | 모르겠음 | 모르겠습니다 | 확실하지 않음 | 판단 보류
"""
"""What says that the judge has no verdict."""

STRONG_LABELS = """
verdict | final verdict | my verdict | urteil | verdikt | veredicto | veredito | verdetto | oordeel | вердикт | werdykt |
判定 | 裁决 | 裁決 | 判决 | 판정 | 평결 | الحكم | निर्णय | karar | phán quyết | putusan
"""
"""What a verdict is called; `is` may stand between it and the verdict."""

LABELS = """
overall | overall verdict | judgment | judgement | decision | assessment | evaluation | grade | conclusion | result | correctness | label | classification
bewertung | ergebnis | entscheidung | beurteilung | schlussfolgerung | fazit | jugement | évaluation | résultat | décision | appréciation
juicio | evaluación | conclusión | resultado | decisión | dictamen | calificación | julgamento | avaliação | conclusão | decisão
giudizio | valutazione | conclusione | risultato | esito | decisione | beoordeling | conclusie | uitspraak | bedömning | utslag | vurdering
ocena | wynik | оценка | вывод | решение | результат | висновок | sonuç | değerlendirme | النتيجة | القرار | التقييم | निष्कर्ष | kết luận | đánh giá |
keputusan | kesimpulan | penilaian
结论 | 結論 | 判断 | 判斷 | 评判 | 評判 | 评价 | 評價 | 评估 | 評估 | 结果 | 結果 | 判定结果 | 判断结果 | 评判结果 | 最终判定 | 最终结论 | 評価 | 判定結果 | 最終判定
평가 | 결론 | 판단 | 결과 | 최종 판정
"""
"""Other names of it; a colon or the like stands between them and the verdict."""

BOOLEANS = """
correct | is correct | iscorrect | answer correct | answer is correct | richtig | korrekt | ist richtig | est correct | es correcto | correcto |
correto | está correto | corretto | 正确 | 是否正确 | 正確 | 正解 | 정답 | 정답 여부 | верно | правильно
"""
"""Keys of a JSON object whose value says yes or no."""

YES = "yes | true | ja | oui | sí | si | sim | да | 是 | はい | 예 | 네 | evet"
NO = "no | false | nein | non | não | nao | нет | 否 | いいえ | 아니오 | 아니요 | hayır"

RATING_LABELS = """
rating | score | final rating | final score | my rating | overall rating | overall score | points | stars | note | punkte | punktzahl | wertung | sterne | bewertung | gesamtnote
puntuación | puntaje | calificación | nota | valoración | puntos | pontuação | classificação | avaliação | punteggio | voto | valutazione
cijfer | beoordeling | betyg | karakter | ocena | оценка | балл | баллы | рейтинг | puan | التقييم | الدرجة | अंक | रेटिंग | điểm | nilai | skor
评分 | 得分 | 分数 | 打分 | 評分 | 評点 | 評価 | 点数 | 评级 | 評級 | スコア | 採点 | 점수 | 평점 | 평가 | 별점
"""
"""What a rating is called."""

NUMBERS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "一": 1,
    "二": 2,
    "三": 3,
    "四": 4,
    "五": 5,
}

EXPLANATIONS = """
explanation | reason | reasoning | rationale | justification | comment | comments | begründung | erklärung | explication | raison | justification |
explicación | razón | justificación | razonamiento | explicação | justificativa | razão | spiegazione | motivazione | motivo | uitleg | toelichting |
förklaring | forklaring | uzasadnienie | wyjaśnienie | объяснение | обоснование | причина | пояснение | açıklama | gerekçe | الشرح | التفسير | السبب | व्याख्या |
कारण | giải thích | lý do | penjelasan | alasan | 解释 | 解釋 | 说明 | 說明 | 理由 | 原因 | 説明 | 根拠 | 설명 | 이유 | 근거
"""
"""What its reason is called."""

LEAD_INS = """
the answer is | this answer is | the response is | this response is | that the answer is | that this answer is | that the response is | answer is |
the model's answer is | the given answer is | the answer to grade is
die antwort ist | diese antwort ist | dass die antwort | la réponse est | cette réponse est | la respuesta es | esta respuesta es | la respuesta está |
a resposta é | a resposta está | esta resposta está | la risposta è | questa risposta è | het antwoord is | dit antwoord is | ответ | svaret är | svaret er |
该回答 | 该答案 | 此回答 | 这个回答 | 这个答案 | 回答 | 答案 | 模型回答 | 回答是 | 答案是 | 该回答是 | 该答案是 | 回答は | この回答は | 答えは | 解答は | 답변은 | 이 답변은 | 답은
"""
"""What may stand between a label and the verdict."""

GOES_ON = """
because | since | as | even | though | although | given | with | based | for | due | in | so | while | but | weil | da | denn | obwohl | aber | auch | parce | car |
puisque | mais | bien | même | porque | ya | pues | puesto | aunque | pero | já | pois | mas | embora | perché | poiché | dato | ma | anche | omdat | want | maar | потому |
так | поскольку | но | хотя | çünkü | ama | لأن | क्योंकि | vì | karena
"""
"""Words that may follow a verdict without doubt about it: a reason or a reservation begins."""

OPENS = """
the | this | that | it | its | both | i | he | she | they | there | here | all | while | although | because | since | as | given | my | we | confidence |
die | der | das | es | er | sie | beide | weil | da | la | le | les | il | elle | el | ella | los | las | porque | lo | o | a | ela | ele | het | de | det | den
"""
"""With a capital letter, words that begin a sentence behind a verdict that has no full stop."""

NEGATES = """
not | no | isn't | never | nope | nicht | kein | keine | nein | pas | non | jamais | nunca | não | tampoco | niet | inte | ikke | не | нет | değil | ليس | नहीं | không | bukan | nie
"""

OR = "or | oder | ou | o | u | of | eller | lub | или | veya | ya da | أو | या | hoặc | atau | 或 | 或者 | または | か | 또는 | and | und | et | y | e"
"""Behind a verdict, what makes it one of two."""


def phrases(words: str) -> tuple[str, ...]:
    """The phrases of one of these lists."""
    found = (" ".join(part.split()) for line in words.splitlines() for part in line.split("|"))
    return tuple(dict.fromkeys(phrase for phrase in found if phrase))
