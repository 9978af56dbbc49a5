"""Text to comparable words, in English and Chinese, as LongBench's published scores take them.

The scores themselves are left to the modules beside this one. jieba (the Chinese dictionary takes most of a
second to load) is imported at the first Chinese text only.
"""

import logging
import re
import string
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Protocol

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_CHINESE_PUNCTUATION = "！？｡。＂＃＄％＆＇（）＊＋，－／：；＜＝＞＠［＼］＾＿｀｛｜｝～｟｠｢｣､、〃》「」『』【】〔〕〖〗〘〙〚〛〜〝〞〟〰〾〿–—‘’‛“”„‟…‧﹏."
_NO_CHINESE_PUNCTUATION = str.maketrans("", "", string.punctuation + _CHINESE_PUNCTUATION)


def normalised(text: str) -> str:
    """English text in lower case, without ASCII punctuation and articles, with single spaces.

    SQuAD's normalisation (Rajpurkar et al. 2016), in its order: punctuation goes before articles, so that
    "The-end" is the one word "theend".
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split())


def normalised_chinese(text: str) -> str:
    """Text in lower case, without ASCII and Chinese punctuation and without any white space.

    The closing 》 goes and the opening 《 stays, as in the published normalisation.
    """
    return "".join(text.lower().translate(_NO_CHINESE_PUNCTUATION).split())


class _Segmenter(Protocol):
    def cut(self, sentence: str, cut_all: bool) -> Iterator[str]: ...


@cache
def _segmenter() -> _Segmenter:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its escapes and its use of pkg_resources are deprecated
        import jieba

    jieba.setLogLevel(logging.WARNING)  # else it tells on stderr how it loads its dictionary
    segmenter: _Segmenter = jieba.dt
    return segmenter


def segmented(text: str) -> list[str]:
    """Chinese text cut into words by jieba's accurate mode; nothing is dropped, white space and marks included."""
    return list(_segmenter().cut(text, cut_all=False))
