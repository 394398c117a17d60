"""A district's own rule files in place of those that ship with the project."""

from pathlib import Path

from config.settings import SettingsError

SHIPPED = Path(__file__).parent
NAMES = ("taxonomy.toml", "workflow.toml")


def rules_file(folder: str, name: str) -> Path:
    """The file to read for `name`: the one in `folder` if it holds one, else the shipped one.

    SettingsError where `folder` is set but holds neither file: a mistyped folder must not be taken for the shipped rules.
    """
    if not folder:
        return SHIPPED / name
    if not any((Path(folder) / one).is_file() for one in NAMES):
        raise SettingsError(f"ZHIBAO_CONFIG_FOLDER: neither {' nor '.join(NAMES)} is in {folder}")
    own = Path(folder) / name
    return own if own.is_file() else SHIPPED / name
