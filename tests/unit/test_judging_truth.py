"""The truth that simulated judges are held against: whether an answer contains a reference."""

import pytest

from assay.judging.truth import contains_reference


@pytest.mark.parametrize(
    ("answer", "references", "contained"),
    [
        ("According to the passages, it is the Eiffel tower.", ["Eiffel Tower"], True),
        ("PARIS", ["London", "Paris"], True),
        ("There are 12 letters.", ["12"], True),
        ("There are 112 letters.", ["12"], False),
        ("It cost 1,200 crowns", ["1200"], True),
        ("a parisian", ["Paris"], False),
        ("", ["Paris"], False),
        ("答案是厦门大学。", ["厦门大学。"], True),
        ("北京大学", ["厦门大学"], False),
        ("it is the A", ["A"], True),  # normalised to nothing: compared as it stands
        ("Paris", [""], False),
        ("Paris", [], False),
    ],
)
def test_an_answer_is_right_if_it_contains_a_reference_as_whole_words(
    answer: str, references: list[str], contained: bool
) -> None:
    assert contains_reference(answer, references) is contained
