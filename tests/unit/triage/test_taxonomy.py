from collections import Counter
from pathlib import Path

import pytest

from config.taxonomy import TRAINED_CLASSES, TaxonomyError, default_taxonomy, load_taxonomy

GOOD = """
[[group]]
code = "streets"
name = "道路"
english = "Streets"
[[group.category]]
code = "street-lights"
name = "路灯"
english = "Street lights"
department = "区城市管理局"
words = ["路灯"]
"""


def test_the_shipped_taxonomy_covers_a_communitys_matters() -> None:
    taxonomy = default_taxonomy()
    assert len(taxonomy.categories) >= 40
    assert taxonomy.category("street-lights").name == "路灯照明"
    assert all(category.department and category.words for category in taxonomy.categories)


def test_every_trained_class_has_a_category_and_most_categories_have_one() -> None:
    trained = [category.trained for category in default_taxonomy().categories]
    assert set(trained) - {""} == set(TRAINED_CLASSES)
    assert sum(map(bool, trained)) >= 0.8 * len(trained)


def test_a_problem_has_several_names_and_no_word_speaks_for_three_categories() -> None:
    taxonomy = default_taxonomy()
    spoken = Counter(word for one in taxonomy.categories for word in {*one.words, *(word for group in one.problems for word in group)})
    assert {word for word, times in spoken.items() if times > 2} == set()
    assert sum(len(group) > 1 for one in taxonomy.categories for group in one.problems) >= 100


# A code is stored with every message: none that was ever shipped may go.
def test_no_code_of_the_first_edition_is_gone() -> None:
    first = (
        "property-management old-estate-renewal lift-addition lift-safety illegal-building parking roads street-lights transport water-supply "
        "power-supply gas heating drainage noise air waste greenery animals schools health elderly-care jobs-and-pay social-insurance safety "
        "markets-and-prices culture-and-sport government-services business"
    )
    assert set(first.split()) <= {category.code for category in default_taxonomy().categories}


def test_an_unknown_code_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        default_taxonomy().category("moon")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('code = "street-lights"', 'code = "Street Lights"', "Street Lights"),
        ('code = "street-lights"', 'code = "streets"', "used twice"),
        ('name = "路灯"', "", "category 1 (street-lights): `name`"),
        ('words = ["路灯"]', "words = []", "(street-lights): `words`"),
        ('words = ["路灯"]', 'words = ["路灯"]\nproblems = ["路灯"]', "`problems` entry 1"),
        ('words = ["路灯"]', 'words = ["路灯"]\nproblems = 3', "`problems`"),
        ('words = ["路灯"]', 'words = ["路灯"]\nword = ["灯"]', "unknown key 'word'"),
        ("[[group.category]]", "[group.category]", "[[category]]"),
        ('words = ["路灯"]', 'words = ["路灯"]\ntrained = "照明"', "`trained` must be one of 城乡建设"),
        ("[[group]]", "[[group", "toml"),
    ],
)
def test_a_malformed_file_is_refused_by_the_name_of_its_entry(tmp_path: Path, old: str, new: str, named: str) -> None:
    path = tmp_path / "taxonomy.toml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(TaxonomyError) as refusal:
        load_taxonomy(path)
    assert named in str(refusal.value)
