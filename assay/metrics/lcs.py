"""How much of one sequence runs through another: the length of the longest common subsequence (LCS) of two texts' words."""

from collections.abc import Sequence

WIDTH = 4096
"""So many words of the second sequence are looked at together: one integer of so many bits for each distinct word of them."""


def lcs_length(x: Sequence[str], y: Sequence[str], width: int = WIDTH) -> int:
    """Length of the longest common subsequence of two sequences.

    Bit-parallel, after Hyyro (2004), "Bit-parallel LCS-length computation revisited": a row of the table of lengths is a
    number whose bit j is 0 where the length grows at y[j]. The next row takes one addition. Here y is taken in blocks of
    `width`, and what each addition carries over into the next block is kept, a byte for each of x: memory grows with the
    lengths of the texts and not with their product, and time with len(x) * len(y) / 64 or so.
    """
    carries = bytearray(len(x))
    length = 0
    for start in range(0, len(y), width):
        block = y[start : start + width]
        positions: dict[str, int] = {}
        for j, word in enumerate(block):
            positions[word] = positions.get(word, 0) | (1 << j)
        everything = (1 << len(block)) - 1
        row = everything
        for i, word in enumerate(x):
            match = row & positions.get(word, 0)
            if match or carries[i]:
                raised = row + match + carries[i]
                carries[i] = raised >> len(block)
                row = (raised | (row - match)) & everything
        length += len(block) - row.bit_count()
    return length
