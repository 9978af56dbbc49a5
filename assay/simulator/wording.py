"""Words that simulated models put around their answers and verdicts."""

BARE = ("{}", "{}.", "Answer: {}")

SENTENCES = (
    "The answer is {}.",
    "According to the passages, it is {}.",
    "Based on the text, the answer is {}.",
    "The passages say {}.",
    "It is {}, as the document states.",
)

VERBOSE = (
    "Several of the passages touch on this question. Read together, they point to {}. So the answer is {}.",
    "The answer is {}. One passage states it directly, and nothing else in the document speaks against it.",
    "Let me look at the relevant part of the document. It says {}, and the other passages are about other "
    "matters. Therefore: {}.",
    "To answer this, the passage that names the subject matters most. It gives {}, which the rest of the "
    "document supports.",
)

LONG = (
    "{}",
    "In short: {}",
    "Here is what the document says. {}",
    "{}\n\nThat is all that the document holds on this.",
)
"""For answers that are texts of their own, which no sentence can hold."""

REFUSALS = (
    "I can't help with that.",
    "I'm not able to answer this from what I was given.",
    "Sorry, that is something I can't answer.",
)

GENERIC = (
    "The document does not say.",
    "That can't be told from the passages.",
    "This is not mentioned in the text.",
    "I could not find it in the document.",
)
"""Where no wrong answer is known."""

LAST_RESORTS = ("unclear", "not given", "?", "-", "...")
"""Wrong whatever the question was, for the rare case that every other wording happens to hold the right answer."""

REASONING = (
    "The question asks for one thing that the document should hold.",
    "I go through the passages in order.",
    "The first ones are about other matters.",
    "One of them names the subject of the question.",
    "I compare it with what the others say.",
    "Nothing contradicts it.",
    "That settles it.",
)

CORRECT_BECAUSE = (
    "The answer agrees with the reference.",
    "It names the same thing as the reference answer.",
    "The reference is contained in the answer, and nothing contradicts it.",
)

INCORRECT_BECAUSE = (
    "The answer differs from the reference.",
    "It names something else than the reference answer.",
    "The reference does not appear in the answer.",
)

BEFORE_VERDICT = (
    "I compared the answer with the reference.\n\n",
    "Let me check this against the reference answer. ",
    "Here is my assessment:\n",
)

UNSURE = (
    "The reference leaves open whether this counts.",
    "The answer and the reference can't be compared.",
)

UNSURE_WORDS = (
    "I am not sure whether the answer is correct.",
    "It cannot be determined whether the answer is correct.",
)

NO_VERDICT = (
    "The answer says one thing and the reference another, in part.",
    '{"explanation": "The answer and the reference are hard to compare."}',
    '{"verdict": "partly", "explanation": "Some of it agrees."}',
    "The answer could be read either way.",
)
