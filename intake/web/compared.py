"""What a colleague saved beside what somebody typed meanwhile, field by field, for a form that came second."""

from collections.abc import Iterable, Mapping

Compared = tuple[tuple[str, str, str], ...]
"""(label, as saved, as typed); words as a page shows them."""


def compared(
    labels: Mapping[str, str], saved: Mapping[str, str], typed: Mapping[str, str], *, choices: Mapping[str, Iterable[tuple[object, str]]]
) -> Compared:
    """Each field of `labels`; of those with `choices` the chosen one's words."""
    words = {name: {str(code): said for code, said in offered} for name, offered in choices.items()}

    def shown(name: str, value: str) -> str:
        said = " ".join(value.split())
        return words[name].get(said, said) if name in words else said

    return tuple((label, shown(name, saved.get(name, "")), shown(name, typed.get(name, ""))) for name, label in labels.items())
