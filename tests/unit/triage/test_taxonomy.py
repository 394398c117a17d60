from pathlib import Path

import pytest

from config.taxonomy import TaxonomyError, default_taxonomy, load_taxonomy

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
    assert len(taxonomy.categories) >= 22
    assert taxonomy.category("street-lights").name == "路灯照明"
    assert all(category.department and category.words for category in taxonomy.categories)


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
        ("[[group]]", "[[group", "toml"),
    ],
)
def test_a_malformed_file_is_refused_by_the_name_of_its_entry(tmp_path: Path, old: str, new: str, named: str) -> None:
    path = tmp_path / "taxonomy.toml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(TaxonomyError) as refusal:
        load_taxonomy(path)
    assert named in str(refusal.value)
