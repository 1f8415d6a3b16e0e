"""Is a word a Vietnamese syllable? Onset and rhyme by list, and the rule of tones.

The rule: one tone mark at most, and a syllable that ends in c, ch, p or t bears sắc or nặng. A wrong decoding
makes words that break it, a right one hardly any; that is all the detector needs.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_ONSET_WORDS = "b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x"
_RHYME_WORDS = """
a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
e ec em en eng eo ep et ê êch êm ên êng ênh êp êt êu êc
i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu y yêm yên yêng yêt yêu ynh ych yt
o oc oi om on ong op ot oong ooc ô ôc ôi ôm ôn ông ôp ôt ôông ơ ơi ơm ơn ơp ơt
u ua uc ui um un ung up ut uôc uôi uôm uôn uông uôt ư ưa ưc ưi ưm ưn ưng ưt ưu
ươc ươi ươm ươn ương ươp ươt ươu
oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oe oec oem oen oeo oet
uân uâng uât uây uê uêch uên uênh uêu uy uya uych uyn uynh uyp uyt uyu uyên uyêt uơ uơn uơi
"""
_ONSETS = ("", *_ONSET_WORDS.split())
_RHYMES = tuple(_RHYME_WORDS.split())
_STOPS = ("c", "ch", "p", "t")
# Combining grave, acute, tilde, hook above, dot below.
TONES = "̣̀́̃̉"
_SHARP = "̣́"
_BETWEEN = re.compile(r"[\s\d!\"#$%&'’‘“”()*+,./:;<=>?@\[\\\]^_`{|}~–—-]+")
_SYLLABLES = frozenset(
    {onset + rhyme for onset in _ONSETS for rhyme in _RHYMES}
    | {"q" + rhyme for rhyme in _RHYMES if rhyme.startswith("u")}
    | {"gi"}
)


def words(text: str) -> list[str]:
    """The words of a text, split at blanks, digits and ASCII punctuation only."""
    return [word for word in _BETWEEN.split(text) if word]


@lru_cache(maxsize=65_536)
def is_syllable(word: str) -> bool:
    """Whether a word in NFC, in any case, can be Vietnamese."""
    bare, tone = _parts(word.lower())
    if bare not in _SYLLABLES or len(tone) > 1:
        return False
    return not bare.endswith(_STOPS) or (tone in _SHARP and tone != "")


def is_whole(text: str) -> bool:
    """Whether every word with letters beyond ASCII can be Vietnamese: hardly one is in a wrong encoding."""
    return all(is_syllable(word) for word in words(text) if not word.isascii())


def plain(text: str) -> str:
    """Letters and digits only, lower case, without marks: for comparing names that people wrote."""
    loose = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d")).lower()
    return "".join(char for char in loose if char.isalnum())


def spoken(text: str) -> str:
    """As :func:`plain` with every mark kept, wherever its tone is written (``hoà`` is ``hòa``)."""
    made = []
    for word in words(unicodedata.normalize("NFC", text).lower()):
        letters, tone = _parts(word)
        made.append("".join(char for char in letters if char.isalnum()) + tone)
    return " ".join(made)


def bare(text: str) -> str:
    """Lower case without marks, blanks and signs kept."""
    loose = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d")).lower()
    return "".join(char for char in loose if not unicodedata.combining(char))


def _parts(word: str) -> tuple[str, str]:
    loose = unicodedata.normalize("NFD", word)
    tone = "".join(char for char in loose if char in TONES)
    return unicodedata.normalize("NFC", "".join(char for char in loose if char not in TONES)), tone
