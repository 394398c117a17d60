"""A topic in its residents' own words: a title, at most two sentences, keywords and places; nothing is written that nobody said."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from intake.domain.language.grams import telling_grams
from intake.domain.language.lexicon import Lexicon
from intake.domain.language.matching_form import matching_form
from intake.domain.language.places import places_in
from intake.domain.language.title import title_for
from intake.domain.personal_data import DOT, personal_data

MOST_TEXTS = 200
"""The latest messages of a topic; more of them say nothing new, and the time stays bounded."""
SENTENCES = 2
KEYWORDS = 5
PLACES = 3
_READ = 300
_SHORTEST, _LONGEST = 6, 60
_TOO_ALIKE = 0.5
"""A second sentence that shares more of its pieces with the first repeats it."""

_SENTENCE = re.compile(r"[^。!！?？;；\n]+[。!！?？;；]?")
_CLAUSE = re.compile(r"[^,，。!！?？;；\n]+[,，。!！?？;；]?")
_BLANK = re.compile(r"\s+")
_GREETING = re.compile(
    r"^(?:[你您]们?好|领导好?|尊敬的\S{0,6}|请问|(?:我?想)?(?:反映|咨询|投诉|举报)一?下?)[,，:：!！ ]*(?:我?想?(?:反映|咨询)一?下)?"
)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a topic is about; all empty when nobody's words can be shown."""

    title: str
    sentences: tuple[str, ...]
    keywords: tuple[str, ...]
    places: tuple[str, ...]

    @property
    def text(self) -> str:
        """One sentence a line, as a topic keeps it."""
        return "\n".join(self.sentences)


@dataclass(frozen=True, slots=True)
class _Sentence:
    words: str
    grams: frozenset[str]
    worth: float


def summarise(texts: Sequence[str], lexicon: Lexicon) -> Summary:
    """A summary of masked `texts`, the latest first; bounded by MOST_TEXTS texts of 300 characters.

    A sentence is worth what its pieces are heard in other messages, and more where it names place and problem; one that holds masked or
    personal data is never chosen.
    """
    read = [text[:_READ] for text in texts[:MOST_TEXTS]]
    forms = [matching_form(text) for text in read]
    heard = Counter(gram for form in forms for gram in set(telling_grams(form)))
    ranked = sorted(_sentences(read, heard, lexicon), key=lambda one: (-one.worth, one.words))
    chosen: list[_Sentence] = []
    for one in ranked:
        if len(chosen) < SENTENCES and not any(_alike(one, other) for other in chosen):
            chosen.append(one)
    return Summary(
        title=title_for(chosen[0].words, lexicon) if chosen else "",
        sentences=tuple(one.words for one in chosen),
        keywords=_most_heard((lexicon.words_in(form) for form in forms), KEYWORDS),
        places=_most_heard((places_in(form) for form in forms), PLACES),
    )


def _sentences(texts: Sequence[str], heard: Counter[str], lexicon: Lexicon) -> list[_Sentence]:
    found: dict[str, _Sentence] = {}
    for text in texts:
        for words in _cut(text):
            if words not in found and _SHORTEST <= len(words) <= _LONGEST and DOT not in words and not personal_data(words):
                found[words] = _weighed(words, heard, lexicon)
    return list(found.values())


def _cut(text: str) -> list[str]:
    """Whole sentences; one too long in its clauses, put together again up to what can be shown."""
    cut: list[str] = []
    for sentence in _SENTENCE.findall(text):
        if len(sentence) <= _LONGEST:
            cut.append(sentence)
            continue
        piece = ""
        for clause in _CLAUSE.findall(sentence):
            if piece and len(piece) + len(clause) > _LONGEST // 2:
                cut.append(piece)
                piece = ""
            piece += clause
        cut.append(piece)
    return [_GREETING.sub("", _BLANK.sub(" ", one).strip(" ,，;；")) for one in cut]


def _weighed(words: str, heard: Counter[str], lexicon: Lexicon) -> _Sentence:
    form = matching_form(words)
    grams = frozenset(telling_grams(form))
    named = lexicon.words_in(form)
    centre = sum(heard[gram] - 1 for gram in grams) / (len(grams) + 4)
    worth = (1 + centre) * (1 + 0.5 * bool(places_in(form)) + 0.5 * bool(lexicon.problem_words(named)) + 0.2 * bool(named))
    return _Sentence(words, grams, worth)


def _alike(one: _Sentence, other: _Sentence) -> bool:
    return len(one.grams & other.grams) > _TOO_ALIKE * max(1, min(len(one.grams), len(other.grams)))


def _most_heard(of_each: Iterable[Sequence[str]], most: int) -> tuple[str, ...]:
    counted = Counter(name for names in of_each for name in dict.fromkeys(names))
    return tuple(name for name, _ in sorted(counted.items(), key=lambda item: (-item[1], -len(item[0]), item[0]))[:most])
