"""补打回执: how somebody makes sure that a receipt is given to whoever it belongs to."""

from enum import StrEnum


class IdentityCheck(StrEnum):
    """How the identity was checked, told before a receipt is printed again."""

    CONTACT = "contact"
    """报出的联系方式与留的一致."""
    NUMBER = "number"
    """说得出回执号，也说得出反映的事."""
    SLIP = "slip"
    """有社区代填时的纸条."""
    KNOWN = "known"
    """认识本人，也说得出反映的事."""


IDENTITY_NAMES: dict[IdentityCheck, str] = {
    IdentityCheck.CONTACT: "报出的联系方式和留的一样",
    IdentityCheck.NUMBER: "说得出回执号和反映的事",
    IdentityCheck.SLIP: "拿着社区代填时的纸条",
    IdentityCheck.KNOWN: "认识本人，本人说得出反映的事",
}
"""The choices on the page."""
DAYS_AROUND = 14
"""A resident remembers roughly when: so many days before and after."""
