"""Where a person may be led after a detour: our own pages and nowhere else."""

LONGEST = 1_000
"""Characters; it travels to the platform and back inside another address."""


def own_path(target: str) -> str:
    """`target` where it is a path of ours, else nothing: another site must not be reached through our sign-in or through WeChat's.

    Browsers read a backslash as a slash and skip tabs and line ends, so a target with either is refused rather than understood.
    """
    ours = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if ours and len(target) <= LONGEST else ""
