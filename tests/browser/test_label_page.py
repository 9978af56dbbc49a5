"""The labelling page as people use it, in a real browser, on a server in a process of its own."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from labelled_run import MODELS, LabelServer, Sample, question
from opened_pages import DESKTOP, PHONE, Pages, contrasts, screenshot, wider_than_the_window
from playwright.sync_api import Page, Response, expect


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    return Sample(tmp_path / "run").write()


def shows(page: Page, number: int, of: int = 12) -> None:
    expect(page.locator("#which")).to_have_text(f"Answer {number} of {of}")


def says(page: Page, words: str) -> None:
    expect(page.locator("#message")).to_contain_text(words)


def label(page: Page, key: str, words: str) -> None:
    """Press a key, and wait until the page calls the label saved."""
    number = page.locator("#which").inner_text().split()[1]
    page.keyboard.press(key)
    says(page, f"Answer {number} saved: {words}.")


def test_keys_and_buttons_label_and_what_is_called_saved_is_on_disk(sample: Sample, pages: Pages) -> None:
    with LabelServer(sample) as server:
        page = pages.open(server.url)
        given = []
        for number, (press, words) in enumerate(
            [("1", "correct"), ("c", "correct"), ("0", "incorrect"), ("i", "incorrect"), ("s", "unsure")],
            start=1,
        ):
            shows(page, number)
            label(page, press, words)
            given.append("skip" if words == "unsure" else words)
            assert [row["label"] for row in sample.given()] == given
        for name, words in [("Correct", "correct"), ("Incorrect", "incorrect"), ("Unsure", "unsure")]:
            page.get_by_role("button", name=name, exact=False).and_(page.locator(".label")).filter(
                has=page.get_by_text(name, exact=True)
            ).click()
            given.append("skip" if words == "unsure" else words)
            says(page, f"Answer {len(given)} saved: {words}.")
        assert [row["label"] for row in sample.given()] == given
        expect(page.locator("#progress")).to_have_text("8 of 12 labelled, 2 of them unsure")
        expect(page.get_by_role("progressbar")).to_have_js_property("value", 8)


def test_question_references_answer_and_document_are_those_of_the_answer(
    sample: Sample, pages: Pages
) -> None:
    with LabelServer(sample) as server:
        page = pages.open(server.url)
        shows(page, 1)
        asked = next(
            each for each in sample.questions if each["question"] == page.locator("#question").inner_text()
        )
        assert page.locator("#references li").all_inner_texts() == list(asked["references"])
        assert page.locator("#answer").inner_text() in asked["answers"].values()
        expect(page.locator("#document")).not_to_be_visible()
        page.keyboard.press("d")
        expect(page.locator("#document")).to_have_text(asked["document"])


def test_a_label_can_be_changed_and_the_answer_shows_what_it_has(sample: Sample, pages: Pages) -> None:
    with LabelServer(sample) as server:
        page = pages.open(server.url)
        shows(page, 1)
        label(page, "1", "correct")
        label(page, "1", "correct")
        page.keyboard.press("u")
        page.keyboard.press("u")
        shows(page, 1)
        correct, incorrect = (
            page.locator(f'button[data-label="{name}"]') for name in ("correct", "incorrect")
        )
        expect(correct).to_have_attribute("aria-pressed", "true")
        label(page, "0", "incorrect")
        shows(page, 3)
        page.get_by_role("button", name="Back").click()
        shows(page, 1)
        expect(incorrect).to_have_attribute("aria-pressed", "true")
        assert [row["label"] for row in sample.given()] == ["incorrect", "correct"]
        page.keyboard.press("n")
        shows(page, 3)
        page.keyboard.press("n")
        shows(page, 4)
        expect(page.locator("#progress")).to_have_text("2 of 12 labelled")


def test_it_resumes_after_a_reload_in_another_tab_and_after_a_restart(sample: Sample, pages: Pages) -> None:
    with LabelServer(sample) as server:
        page = pages.open(server.url)
        shows(page, 1)
        label(page, "1", "correct")
        label(page, "0", "incorrect")
        page.reload()
        shows(page, 3)
        other = pages.open(server.url, beside=page)
        shows(other, 3)
        label(other, "s", "unsure")
        before = sample.given()
    with LabelServer(sample) as again:
        assert again.url == server.url
        page = pages.open(again.url)
        shows(page, 4)
        expect(page.locator("#progress")).to_have_text("3 of 12 labelled, 1 of them unsure")
    assert sample.given() == before


def test_two_tabs_that_show_the_same_answer_dont_label_it_twice(sample: Sample, pages: Pages) -> None:
    pages.expected = ("409",)
    with LabelServer(sample) as server:
        first = pages.open(server.url)
        second = pages.open(server.url)
        shows(first, 1)
        shows(second, 1)
        label(first, "1", "correct")
        second.keyboard.press("0")
        says(second, "another tab or window labelled this answer correct. Press again to change it.")
        assert [row["label"] for row in sample.given()] == ["correct"]
        expect(second.locator("#progress")).to_have_text("1 of 12 labelled")
        label(second, "0", "incorrect")
        assert [row["label"] for row in sample.given()] == ["incorrect"]
        label(first, "1", "correct")
        shows(first, 3)
        assert [row["label"] for row in sample.given()] == ["incorrect", "correct"]


def test_a_killed_server_loses_nothing_that_was_called_saved_and_gets_the_rest_later(
    sample: Sample, pages: Pages
) -> None:
    with LabelServer(sample) as server:
        page = pages.open(server.url)
        shows(page, 1)
        label(page, "1", "correct")
        label(page, "0", "incorrect")
        shows(page, 3)
        server.kill()
        page.keyboard.press("1")
        says(page, "Not saved yet: correct. The server doesn't answer.")
        shows(page, 3)
        expect(page.locator("#progress")).to_have_text("2 of 12 labelled")
        page.keyboard.press("0")  # one thing after the other: this one isn't taken
        assert [row["label"] for row in sample.given()] == ["correct", "incorrect"]
    with LabelServer(sample):
        page.get_by_role("button", name="Try now").click()
        says(page, "Answer 3 saved: correct.")
        shows(page, 4)
        assert [row["label"] for row in sample.given()] == ["correct", "incorrect", "correct"]


def test_an_unsaved_label_is_sent_again_by_itself(sample: Sample, pages: Pages) -> None:
    with LabelServer(sample) as server:
        page = pages.open(server.url)
        shows(page, 1)
        page.route("**/api/label", lambda route: route.abort())
        page.keyboard.press("1")
        says(page, "Not saved yet: correct.")
        page.unroute("**/api/label")
        says(page, "Answer 1 saved: correct.")
        assert [row["label"] for row in sample.given()] == ["correct"]


def test_an_answer_of_the_server_that_got_lost_doesnt_label_twice(sample: Sample, pages: Pages) -> None:
    with LabelServer(sample) as server:
        page = pages.open(server.url)
        shows(page, 1)

        def lose(route: Any) -> None:
            route.fetch()
            route.abort()

        page.route("**/api/label", lose, times=1)
        page.keyboard.press("1")
        says(page, "Answer 1 saved: correct.")
        shows(page, 2)
        assert [row["label"] for row in sample.given()] == ["correct"]


def test_a_disk_that_cant_be_written_is_said_and_nothing_is_called_saved(
    sample: Sample, pages: Pages
) -> None:
    pages.expected = ("507",)
    with LabelServer(sample) as server:
        page = pages.open(server.url)
        shows(page, 1)
        label(page, "1", "correct")
        # Root may write everywhere: a folder where the temporary file goes is in the way of anybody.
        in_the_way = sample.labels.with_name(f".labels.csv.{server.process.pid}")
        in_the_way.mkdir()
        page.keyboard.press("1")
        says(page, "Not saved yet: correct. The server says: it can't be saved")
        assert [row["label"] for row in sample.given()] == ["correct"]
        in_the_way.rmdir()
        page.get_by_role("button", name="Try now").click()
        says(page, "Answer 2 saved: correct.")
        assert [row["label"] for row in sample.given()] == ["correct", "correct"]


def test_nothing_that_reaches_the_page_tells_of_models_or_judges(sample: Sample, pages: Pages) -> None:
    heard: list[Response] = []
    with LabelServer(sample) as server:
        page = pages.open(server.url)
        shows(page, 1)
        page.wait_for_load_state("networkidle")
        page.on("response", lambda response: heard.append(response))
        page.reload()
        for number in range(1, 13):
            shows(page, number)
            page.keyboard.press("d") if number == 1 else None
            label(page, "1", "correct")
        expect(page.locator("#all-done")).to_be_visible()
        page.wait_for_load_state("networkidle")
        told = [f"{response.url} {response.all_headers()} {response.text()}" for response in heard]
        told.append(page.content())
    assert len(told) > 30
    for word in (*MODELS, "judge:", "score", "verdict_", '"verdict', "qa_f1"):
        assert not [text for text in told if word in text], word
    # No part of it differs between models' answers, but question, references, answer and document.
    parts = {tuple(sorted(json.loads(r.text()))) for r in heard if "/api/answer" in r.url}
    assert parts == {
        ("answer", "document_characters", "document_is_prompt", "id", "language", "question", "references")
    }


HOSTILE = {
    "question": "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'> &amp; **bold**",
    "document": "</div><iframe src='https://example.com'></iframe>\u202e gnihtyna",
    "references": ("<b>1874</b>", "${window.hacked = 3}", "{{7 * 7}}"),
    "answers": {
        "swift": "right\u202eeltit\u202c \u0000\u0007\u009b31m \ufeff\u2066x\u2069 </textarea><svg onload='window.hacked = 4'>",
        "steady": "W" * 200_000 + "\n" * 500 + "=cmd|'/c calc'!A1 the end",
    },
}


def test_hostile_answers_are_shown_as_text(tmp_path: Path, pages: Pages) -> None:
    sample = Sample(tmp_path, [HOSTILE], 2).write()
    seen = set()
    with LabelServer(sample) as server:
        page = pages.open(server.url, PHONE)
        for number in (1, 2):
            shows(page, number, 2)
            expect(page.locator("#question")).to_have_text(HOSTILE["question"])
            assert page.locator("#references li").all_inner_texts() == list(HOSTILE["references"])
            if number == 1:
                page.keyboard.press("d")
            expect(page.locator("#document")).to_contain_text("<iframe src='https://example.com'>")
            if (more := page.get_by_role("button", name="Show all 200,525 characters")).is_visible():
                assert len(page.locator("#answer").inner_text()) < 10_000
                more.click()
                expect(page.locator("#answer")).to_contain_text("the end")
                seen.add("steady")
            else:
                answer = page.locator("#answer").inner_text()
                assert answer.startswith(
                    "rightU+202EeltitU+202C U+0000U+0007U+009B31m U+FEFFU+2066xU+2069 </textarea><svg"
                )
                seen.add("swift")
            assert wider_than_the_window(page) == []
            assert page.evaluate("window.hacked") is None
            assert page.locator("main iframe, main img, main svg, main script, main textarea").count() == 0
            label(page, "1", "correct")
    assert seen == {"swift", "steady"}


def test_empty_texts_are_said_to_be_empty(tmp_path: Path, pages: Pages) -> None:
    blank = {"question": "", "document": "", "references": (), "answers": {"swift": "", "steady": " \n"}}
    sample = Sample(tmp_path, [blank], 2).write()
    with LabelServer(sample) as server:
        page = pages.open(server.url)
        seen = set()
        for number in (1, 2):
            shows(page, number, 2)
            expect(page.locator("#question")).to_have_text("The question is empty")
            expect(page.locator("#references")).to_have_text("There is no reference answer")
            seen.add(page.locator("#answer").inner_text())
            label(page, "0", "incorrect")
        assert seen == {"The answer is empty", "The answer is empty (only white space)"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_it_fits_and_can_be_read(sample: Sample, pages: Pages, size: tuple[int, int], scheme: str) -> None:
    with LabelServer(sample) as server:
        page = pages.open(server.url, size, scheme)
        shows(page, 1)
        label(page, "1", "correct")
        page.keyboard.press("d")
        expect(page.locator("#document")).to_be_visible()
        page.keyboard.press("u")
        shows(page, 1)
        page.locator("#help summary").click()
        assert wider_than_the_window(page) == []
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(int(part) for part in dark[4:-1].split(",")) < 150) is (scheme == "dark")
        for button in page.locator("button:visible").all():
            box = button.bounding_box()
            assert box is not None and box["height"] >= 44, button.inner_text()
        # Buttons are in reach without scrolling, however long the answer is.
        for name in ("correct", "incorrect", "skip"):
            expect(page.locator(f'button[data-label="{name}"]')).to_be_in_viewport(ratio=1)
        poor = {text: ratio for text, ratio in contrasts(page).items() if ratio < 4.5}
        assert poor == {}
        screenshot(page, f"label_{'phone' if size == PHONE else 'desktop'}_{scheme}")


def test_it_can_be_used_without_a_mouse_and_heard(sample: Sample, pages: Pages) -> None:
    with LabelServer(sample) as server:
        page = pages.open(server.url)
        shows(page, 1)
        expect(page.locator("#which")).to_be_focused()
        expect(page.get_by_role("status")).to_have_attribute("aria-live", "polite")
        assert page.get_by_role("progressbar").get_attribute("aria-labelledby") == "progress"
        reached = []
        for _ in range(12):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                "[document.activeElement.innerText, getComputedStyle(document.activeElement).outlineStyle]"
            )
            reached.append(focused[0])
            assert focused[1] != "none" or not focused[0]
            if focused[0].startswith("Incorrect"):
                break
        assert [name.split()[0] for name in reached if name][-2:] == ["Correct", "Incorrect"]
        page.keyboard.press("Enter")
        says(page, "Answer 1 saved: incorrect.")
        shows(page, 2)
        expect(page.locator("#which")).to_be_focused()  # so that Enter again labels nothing
        page.keyboard.press("Enter")
        page.keyboard.press("Control+1")
        page.get_by_text("Single keys label and move").click()
        page.keyboard.press("1")
        shows(page, 2)
        page.get_by_text("Single keys label and move").click()
        label(page, "1", "correct")
        assert [row["label"] for row in sample.given()] == ["incorrect", "correct"]
        unnamed = page.evaluate(
            "[...document.querySelectorAll('button, summary, input')].filter(e => !e.innerText.trim() && !e.labels?.length && !e.hidden).length"
        )
        assert unnamed == 0


def test_how_exact_the_labels_are_is_told_in_tens_and_the_same_whatever_one_label_is(
    tmp_path: Path, pages: Pages
) -> None:
    sample = Sample(tmp_path, [question(n) for n in range(40)], 80).write()
    with LabelServer(sample) as server:
        page = pages.open(server.url)
        told = []
        for number in range(1, 32):
            shows(page, number, 80)
            answer = page.locator("#answer").inner_text()
            right = "in 18" in answer
            with page.expect_response("**/api/precision"):
                label(page, "1" if right else "0", "correct" if right else "incorrect")
            told.append(page.locator("#precision").inner_text())
    assert set(told[:9]) == {""}
    assert len(set(told[9:19])) == len(set(told[19:29])) == 1
    assert "corrected accuracy known to ±" in told[-1]
    assert not [word for word in MODELS if word in told[-1]]


def test_too_many_passed_over_or_unsure_are_said(tmp_path: Path, pages: Pages) -> None:
    sample = Sample(tmp_path, [question(n) for n in range(20)], 40).write()
    sample.labels.write_text(
        "item,label\n"
        + "".join(
            f"{item},{'skip' if number < 3 else 'correct'}\n"
            for number, item in enumerate(sample.items()[:29])
            if number not in (10, 11, 12)
        ),
        "utf-8",
    )
    with LabelServer(sample) as server:
        page = pages.open(server.url)
        told = page.locator("#gaps")
        shows(page, 11, 40)
        expect(told).to_contain_text("3 of the first 29 answers are passed over.")
        expect(told).to_contain_text("You were unsure of 3 of 26 answers.")
        for number in (11, 12, 13):
            shows(page, number, 40)
            label(page, "1", "correct")
        expect(told).to_contain_text("You were unsure of 3 of 29 answers.")
        expect(told).not_to_contain_text("passed over")
        shows(page, 30, 40)
        label(page, "1", "correct")
        expect(told).not_to_be_visible()


def test_a_file_that_cant_be_used_is_named_and_labelling_goes_on(sample: Sample, pages: Pages) -> None:
    pages.expected = ("500",)
    (sample.folder / "verdicts_swift.parquet").write_text("no Parquet")
    with LabelServer(sample) as server:
        page = pages.open(server.url)
        for number in range(1, 12):
            shows(page, number)
            label(page, "1", "correct")
        expect(page.locator("#precision")).to_contain_text("verdicts_swift.parquet")
    assert len(sample.given()) == 11


def test_finish_ends_the_server_cleanly(sample: Sample, pages: Pages) -> None:
    with LabelServer(sample) as server:
        page = pages.open(server.url)
        shows(page, 1)
        label(page, "1", "correct")
        page.get_by_role("button", name="Finish").click()
        expect(page.get_by_role("dialog")).to_contain_text(
            "1 of 12 answers are labelled, and all of that is saved."
        )
        page.keyboard.press("1")  # labels nothing while it asks
        page.get_by_role("button", name="Go on labelling").click()
        shows(page, 2)
        page.get_by_role("button", name="Finish").click()
        page.get_by_role("dialog").get_by_role("button", name="Finish").click()
        expect(page.locator("#ended-words")).to_contain_text("1 of 12 answers are labelled")
        status, logged = server.ended()
    assert status == 0
    assert "Finished. 1 of 12 answers are labelled" in logged
    assert server.url.partition("#")[2] not in logged
    assert [row["label"] for row in sample.given()] == ["correct"]


def test_control_c_ends_the_server_cleanly(sample: Sample, pages: Pages) -> None:
    with LabelServer(sample) as server:
        page = pages.open(server.url)
        shows(page, 1)
        label(page, "1", "correct")
        server.process.send_signal(signal.SIGINT)
        status, logged = server.ended()
    assert status == 0
    assert "Traceback" not in logged
    assert [row["label"] for row in sample.given()] == ["correct"]


def test_all_labelled_is_said_and_the_unsure_can_be_looked_at_again(tmp_path: Path, pages: Pages) -> None:
    sample = Sample(tmp_path, [question(1)], 2).write()
    with LabelServer(sample) as server:
        page = pages.open(server.url)
        shows(page, 1, 2)
        label(page, "s", "unsure")
        label(page, "1", "correct")
        expect(page.get_by_role("heading", name="Every answer of the sample is labelled")).to_be_visible()
        page.get_by_role("button", name="Go to an answer that you were unsure of (1)").click()
        shows(page, 1, 2)
        label(page, "0", "incorrect")
        expect(page.locator("#unsure-again")).not_to_be_visible()
        page.keyboard.press("u")
        shows(page, 1, 2)
    assert [row["label"] for row in sample.given()] == ["incorrect", "correct"]


def test_ratings_are_given_from_one_to_five(tmp_path: Path, pages: Pages) -> None:
    sample = Sample(tmp_path, verdict="scale").write()
    with LabelServer(sample) as server:
        page = pages.open(server.url, PHONE)
        shows(page, 1)
        expect(page.get_by_text("5: says all that a reference answer says.", exact=False)).to_be_visible()
        for key in "12345":
            label(page, key, key)
        page.get_by_role("button", name="5 right").click()
        says(page, "Answer 6 saved: 5.")
        assert wider_than_the_window(page) == []
    assert [row["label"] for row in sample.given()] == ["1", "2", "3", "4", "5", "5"]


def test_several_people_label_for_themselves(sample: Sample, pages: Pages) -> None:
    for labeler, key, words in (("ada", "1", "correct"), ("ben", "0", "incorrect")):
        with LabelServer(sample, ("--labeler", labeler)) as server:
            page = pages.open(server.url)
            shows(page, 1)
            expect(page.locator("#labeler")).to_have_text(f"Labels of {labeler}")
            label(page, key, words)
    rows = sample.given()
    assert [(row["labeler"], row["label"]) for row in rows] == [("ada", "correct"), ("ben", "incorrect")]
    assert rows[0]["item"] == rows[1]["item"]


def test_an_address_without_its_secret_shows_nothing(sample: Sample, pages: Pages) -> None:
    pages.expected = ("403",)
    with LabelServer(sample) as server:
        page = pages.open(server.url.partition("#")[0])
        expect(page.get_by_role("alert")).to_contain_text("This address is not whole")
        other = pages.open(server.url.partition("#")[0] + "#somethingelse")
        expect(other.get_by_role("alert")).to_contain_text("Open the address that it printed.")
        assert "bridge" not in page.content() + other.content()
