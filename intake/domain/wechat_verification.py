"""域名校验文件: the text file that the platform asks for under the root of our site."""

import re

from intake.domain.errors import InvalidInput

TEXT_MAX = 100
NAME_PATTERN = r"MP_verify_[A-Za-z0-9]{8,40}\.txt"
_NAME = re.compile(NAME_PATTERN)


def checked_verification(name: str, text: str) -> tuple[str, str]:
    """Name and text of the file, both empty for none; InvalidInput (`verify_name`, `verify_text`) with the cure.

    The name's pattern is strict, since the file is served from the root to everybody.
    """
    name, text = name.strip(), text.strip()
    if not name and not text:
        return "", ""
    if not _NAME.fullmatch(name):
        raise InvalidInput("文件名以 MP_verify_ 开头、以 .txt 结尾，请照平台给的文件名写，不要改名。", field="verify_name")
    if not text:
        raise InvalidInput("请打开平台给的文件，把里面那一行复制过来。", field="verify_text")
    if len(text) > TEXT_MAX or not all("!" <= one <= "~" for one in text):
        raise InvalidInput(f"文件里只有一行英文字母和数字，最多 {TEXT_MAX} 个，请再复制一次。", field="verify_text")
    return name, text
