"""The taxonomy's words, ready to be found in a text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from config.taxonomy import Taxonomy
from intake.domain.language.matching_form import matching_form
from intake.domain.language.word_pattern import word_pattern


@dataclass(frozen=True, eq=False)  # compared and cached by identity: there is one per taxonomy
class Lexicon:
    """Words by category and by problem; a longer word hides the shorter ones inside it (加装电梯 hides 电梯)."""

    categories: dict[str, frozenset[str]]
    problems: dict[str, frozenset[str]]
    pattern: re.Pattern[str]

    def words_in(self, normalised: str) -> tuple[str, ...]:
        """Every word found in a normalised text, each once, in order of appearance."""
        return tuple(dict.fromkeys(self.pattern.findall(normalised)))

    def category_words(self, words: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Which of `words` speak for which category code."""
        found: dict[str, list[str]] = {}
        for word in words:
            for code in self.categories.get(word, ()):
                found.setdefault(code, []).append(word)
        return {code: tuple(group) for code, group in found.items()}

    def category_of(self, normalised: str) -> str | None:
        """The category whose words weigh most in a normalised text; None without any, or where two weigh the same."""
        weights = {code: sum(map(len, words)) for code, words in self.category_words(self.words_in(normalised)).items()}
        most = max(weights.values(), default=0)
        best = [code for code, weight in weights.items() if weight == most]
        return best[0] if len(best) == 1 else None

    def names_a_problem(self, words: Iterable[str]) -> bool:
        """Whether any of `words` names a problem."""
        return any(word in self.problems for word in words)

    def problem_words(self, words: Iterable[str]) -> dict[str, str]:
        """The first of `words` that names each problem, by the problem's id."""
        found: dict[str, str] = {}
        for word in words:
            for problem in sorted(self.problems.get(word, ())):
                found.setdefault(problem, word)
        return found


@lru_cache(maxsize=8)
def lexicon_of(taxonomy: Taxonomy) -> Lexicon:
    """Compile a taxonomy's words; the same taxonomy gives the same lexicon."""
    categories: dict[str, set[str]] = {}
    problems: dict[str, set[str]] = {}
    for category in taxonomy.categories:
        for word in category.words:
            categories.setdefault(matching_form(word), set()).add(category.code)
        for number, synonyms in enumerate(category.problems):
            for word in synonyms:
                categories.setdefault(matching_form(word), set()).add(category.code)
                problems.setdefault(matching_form(word), set()).add(f"{category.code}:{number}")
    return Lexicon(
        {word: frozenset(codes) for word, codes in categories.items()},
        {word: frozenset(ids) for word, ids in problems.items()},
        word_pattern(categories),
    )
