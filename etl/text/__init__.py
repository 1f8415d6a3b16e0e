"""Vietnamese text out of the encodings that files are in, into NFC.

Callers use the names below.
"""

from etl.text.column import Decoder
from etl.text.detect import Judged, judge
from etl.text.encodings import ENCODINGS, decode, spellings
from etl.text.syllables import bare, is_syllable, is_whole, plain, spoken, words

__all__ = [
    "ENCODINGS",
    "Decoder",
    "Judged",
    "bare",
    "decode",
    "is_syllable",
    "is_whole",
    "judge",
    "plain",
    "spellings",
    "spoken",
    "words",
]
