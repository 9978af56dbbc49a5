"""A packed page holds the page, whole, in a fraction of its size."""

import base64
import gzip
import re

from assay.document.packed import packed

PAGE = "<!DOCTYPE html><p>é</script><script>no</script>" + "<path d='M 1.5 2.5'/>" * 5000


def test_the_page_is_in_it_to_the_letter_and_nothing_of_it_stands_outside() -> None:
    made = packed(PAGE, "report.html")
    (data,) = re.findall(r'atob\("([A-Za-z0-9+/=]+)"\)', made)
    assert gzip.decompress(base64.b64decode(data)).decode() == PAGE
    assert made.count("</script>") == 1
    assert len(made) < len(PAGE) / 10


def test_the_same_page_gives_the_same_text_and_its_name_is_only_a_name() -> None:
    assert packed(PAGE, "a.html") == packed(PAGE, "a.html")
    assert "<b>" not in packed(PAGE, "<b>.html")
