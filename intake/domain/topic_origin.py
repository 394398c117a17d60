"""六途径 (row L3): how topics come in by each, and what is registered by hand."""

from intake.domain.topic import Route

BY_HAND = (Route.PARTY_GOVERNMENT, Route.COMMUNITIES, Route.NETWORK)
"""Routes by which a topic is registered on a form; by the others it comes of messages, of members or of an open call."""

BODY_MAX, NUMBER_MAX, ADDRESS_MAX, WORDS_MAX, PLACE_MAX = 60, 60, 500, 2_000, 120
"""Characters."""
HOMES_MAX = 100_000
NAMED_MOST = 20
"""Messages that a community worker may name."""

OFFICES = ("社区党委", "居委会", "社区党委和居委会", "居务监督委员会")
"""Which office of a community asks (两委找题)."""

HOW: dict[Route, str] = {
    Route.PARTY_GOVERNMENT: "区委、区政府或街道来文、来函或当面点的题，由工作人员登记。",
    Route.COMMUNITIES: "社区两委在工作里看到的，由社区工作者在手机或电脑上提。",
    Route.MEMBERS: "委员随手记下或替人转达的话，研判后立成议题。",
    Route.RESIDENTS: "居民扫码、写微信或请社区代填的话，同一件事归并成议题。",
    Route.OPEN_CALL: "向大家问一个问题，答的话归并成议题。",
    Route.NETWORK: "热线和留言板成批导入；网上看到的一条帖子，由工作人员登记。",
}
"""How topics come in by a route, in one sentence."""
