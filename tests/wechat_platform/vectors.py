"""Published examples of safe mode, recorded as facts; tests open and make each with our adapter and with the simulator.

`OFFICIAL_TEXT` is from Tencent's Python sample for 公众号 (Sample.py, 2014), `OFFICIAL_ECHO` from its sample for corporate accounts,
`FIXED_PREFIX` from its Java sample (WXBizMsgCryptTest, the one with the sixteen random bytes given). All three stand unchanged in many
public repositories; the plain signature of the first is from another project's test of the same request.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """One published request."""

    token: str
    app_id: str
    aes_key: str
    timestamp: str
    nonce: str
    msg_signature: str
    sealed: str


OFFICIAL_TEXT = Sample(
    token="spamtest",
    app_id="wx2c2769f8efd9abc2",
    aes_key="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    timestamp="1409735669",
    nonce="1320562132",
    msg_signature="5d197aaffba7e9b25a30732f161a50dee96bd5fa",
    sealed=(
        "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PGHQHFVAFmOD2LdJF9FrXpbUAh0B5GIItb52sn"
        "896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6tEDYsVticbSnyU8dKOIbgU6ux5VTjg3yt+WGzjlpKn6NPhRjpA912xMezR4kw6KWwMrCVKSV"
        "CZciVGCgavjIQ6X8tCOp3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v6h0EIBYYI1BD1DlD+C0CR8e6OewpusjZ4uBl9FyJvnhvQl+q5rv1ixrcpCum"
        "EPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE="
    ),
)
OFFICIAL_TEXT_PLAIN_SIGNATURE = "16120ec1b8dbb870f510d87ce6bc2463eae6ca1a"
OFFICIAL_TEXT_ACCOUNT = "gh_10f6c3c3ac5a"
OFFICIAL_TEXT_OPENID = "oyORnuP8q7ou2gfYjqLzSIWZf0rs"
OFFICIAL_TEXT_CREATED = 1409735668
OFFICIAL_TEXT_CONTENT = "abcdteT"
OFFICIAL_TEXT_MESSAGE_ID = "6054768590064713728"

OFFICIAL_ECHO = Sample(
    token="QDG6eK",
    app_id="wx5823bf96d3bd56c7",
    aes_key="jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
    timestamp="1409659589",
    nonce="263014780",
    msg_signature="5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
    sealed="P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==",
)

FIXED_PREFIX_APP_ID = "wxb11529c136998cb6"
FIXED_PREFIX_AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
FIXED_PREFIX = b"aaaabbbbccccdddd"
FIXED_PREFIX_TEXT = "我是中文abcd123"
FIXED_PREFIX_SEALED = "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="
