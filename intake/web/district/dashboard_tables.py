"""全区情况 as tables, each with what its numbers are a part of and what they can't show."""

from collections.abc import Sequence
from dataclasses import dataclass

from intake.domain.daily_count import FEW, NO_CATEGORY, Measure
from intake.domain.dashboard import AGAINST_NAMES, AreaCounts, Dashboard, Sums
from intake.domain.figures import Period
from intake.domain.outcome import VERDICT_NAMES
from intake.domain.submission import CHANNEL_NAMES, Channel, SubmissionAction
from intake.domain.topic import ROUTE_NAMES
from intake.web.labels import category_name, translated
from intake.web.language import translate as _
from intake.web.report import Report, Row, Table, Value, percent, shown

ACTION_NAMES: dict[SubmissionAction, str] = {
    SubmissionAction.ATTACH: "并入议题",
    SubmissionAction.OPEN_TOPIC: "另立议题",
    SubmissionAction.REFER: "转报",
    SubmissionAction.ANSWER: "答复",
    SubmissionAction.ASK: "请补充",
    SubmissionAction.DECLINE: "不采用",
}
"""What a card can come to, in the order of the card."""
FIRST = (Measure.HEARD, Measure.HEARD_DECIDED, Measure.HEARD_TOLD, Measure.TOPIC_OPENED, Measure.TOPIC_APPROVED)
"""What is read first."""
_STAYING = (Measure.HEARD, Measure.WITHDRAWN)
SAID: tuple[tuple[str, Measure, tuple[Measure, ...], str], ...] = (
    ("来件", Measure.HEARD, (), ""),
    ("居民自己撤回", Measure.WITHDRAWN, (Measure.HEARD,), "收到的来件"),
    ("定了去向", Measure.HEARD_DECIDED, _STAYING, "没有撤回的来件"),
    ("有了答复或结果", Measure.HEARD_TOLD, _STAYING, "没有撤回的来件"),
    ("附议", Measure.ENDORSED, (), ""),
    ("导入的热线和留言", Measure.IMPORTED, (), ""),
    ("告诉的结果", Measure.TOLD, (), ""),
    ("居民打开看过", Measure.REACHED, (Measure.TOLD,), "告诉的结果"),
    ("居民作了评价", Measure.VERDICT, (Measure.TOLD,), "告诉的结果"),
    ("发出的通知", Measure.NOTICE, (), ""),
    ("知道送到了的通知", Measure.NOTICE_REACHED, (Measure.NOTICE,), "发出的通知"),
    ("立起来的议题", Measure.TOPIC_OPENED, (), ""),
    ("入库的议题", Measure.TOPIC_APPROVED, (), ""),
    ("不立项的议题", Measure.TOPIC_REJECTED, (), ""),
    ("送交办机关", Measure.SENT, (), ""),
    ("承办单位已答复", Measure.ANSWERED, (Measure.SENT,), "送交办机关的"),
)
"""Words, what is counted, what it is a part of (the first without the others), and that in words."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One measure to be shown by its parts, in their own order."""

    key: str
    title: str
    measure: Measure
    parts: Sequence[tuple[str, str]]
    unit: str
    notes: tuple[str, ...] = ()


def report_of(found: Dashboard, *, categories: Sequence[str]) -> Report:
    """All of the page for a file."""
    return Report(
        title=f"{found.ground.name} · {_('全区情况')}",
        under=_("%(period)s，对照%(then)s %(earlier)s", period=days(found.period), then=_then(found), earlier=days(found.earlier)),
        tables=tables_of(found, categories=categories),
        notes=unseen(found),
    )


def tables_of(found: Dashboard, *, categories: Sequence[str]) -> tuple[Table, ...]:
    """In the order of the page; those with a chart are drawn from their rows."""
    return (_whole(found), _curve(found), _times(found), *(_by(found, kind) for kind in _kinds(categories)), _routes(found), _areas(found))


def _kinds(categories: Sequence[str]) -> tuple[_Kind, ...]:
    actions = [(action.value, _(words)) for action, words in ACTION_NAMES.items()]
    channels = [(one.value, _(words)) for one, words in CHANNEL_NAMES.items() if one not in {Channel.ENDORSEMENT, Channel.IMPORT}]
    verdicts = [(one.value, _(words)) for one, words in VERDICT_NAMES.items()]
    named = [*((code, category_name(code)) for code in categories), (NO_CATEGORY, category_name(None))]
    often = _("按定下来的那天算；请居民补充以后还会再定，一件来件可以定几次。")
    loud = _("说得多的不一定最要紧；类别由系统先分，委员可以改。")
    silent = _("没有打开回执的人没法评价，没有评价不等于满意。")
    return (
        _Kind("decisions", _("怎样定的"), Measure.DECISION, actions, _("次"), (often,)),
        _Kind("channels", _("从哪里来"), Measure.HEARD_CHANNEL, channels, _("件")),
        _Kind("categories", _("来件说的是什么"), Measure.HEARD_CATEGORY, named, _("件"), (loud,)),
        _Kind("topic-categories", _("议题的类别"), Measure.TOPIC_CATEGORY, named, _("个")),
        _Kind("verdicts", _("居民怎么说"), Measure.VERDICT, verdicts, _("次"), (silent,)),
    )


def days(period: Period) -> str:
    """2026-11-01 – 2026-11-30."""
    return f"{period.first} – {period.last}"


def unseen(found: Dashboard) -> tuple[str, ...]:
    """What none of the numbers can show."""
    ground = found.ground
    notes = [_("没有手机、不会扫码、没看见海报的人不在里面；来件多的地方不一定问题多，少的地方不等于没有事。")]
    if ground.communities:
        notes.append(
            _(
                "%(communities)s 个社区里，%(without)s 个没有在用的直报点，%(silent)s 个有直报点但这段时间没有来件。",
                communities=ground.communities,
                without=ground.without_point,
                silent=ground.silent,
            )
        )
    notes.append(_("一件来件后来怎样，记在收到它的那一天；离现在近的日子，还没有走完的多。结果告诉 35 天以后才打开、才评价的不在里面。"))
    notes.append(
        _("不足 %(few)s 的数，凡是可能看出是谁的，还有能由它算出这样的数的，都写“不列”；各区域按自己的顺序列出，不排名。", few=FEW)
    )
    if found.missing:
        notes.append(_("有 %(days)s 天还没有数完，正在补数，补完以前数会偏小。", days=found.missing))
    if found.then is None:
        notes.append(_("用来对照的时段没有全部数过，所以没有写它的数。"))
    return tuple(notes)


def _whole(found: Dashboard) -> Table:
    both = (found.now, found.then) if found.then is not None else (found.now,)
    rows = []
    for words, measure, wholes, whole_words in SAID:
        values: list[Value] = []
        for sums in both:
            part, among = _said(found, sums, measure, wholes)
            values += [part, among if wholes else "", percent(part, among)]
        rows.append(Row(_("%(what)s（占%(whole)s）", what=_(words), whole=_(whole_words)) if whole_words else _(words), tuple(values)))
    then = _then(found) if found.then is not None else ""
    heads = [_("指标"), _("这段时间"), _("占多少里的"), _("百分数")]
    heads += [then, _("%(then)s：占多少里的", then=then), _("%(then)s：百分数", then=then)] if then else []
    notes = (_("%(then)s：%(period)s。", then=then, period=days(found.earlier)),) if then else ()
    return Table("whole", _("各项数"), tuple(heads), tuple(rows), notes=notes)


def flow_of(found: Dashboard) -> tuple[tuple[str, Value, str], ...]:
    """The numbers that are read first: words, count, and its share of what it is a part of."""
    lines = [(words, *_said(found, found.now, measure, wholes)) for words, measure, wholes, _of in SAID if measure in FIRST]
    return tuple((_(words), count, str(percent(count, among))) for words, count, among in lines)


def _said(found: Dashboard, sums: Sums, measure: Measure, wholes: tuple[Measure, ...]) -> tuple[int | None, int | None]:
    """A count and what it is a part of, where it is one."""
    if not wholes:
        return found.said(sums.whole(measure)), None
    among = found.said(sums.whole(wholes[0]) - sum(sums.whole(one) for one in wholes[1:]))
    return found.said_of(sums.whole(measure), among), among


def _then(found: Dashboard) -> str:
    return _(AGAINST_NAMES[found.against])


def _curve(found: Dashboard) -> Table:
    compared = any(one.earlier is not None for one in found.moments)
    heads = [_("从这天起"), _("收到"), _("其中定了去向"), _("其中有了答复或结果")]
    heard = found.said_each([one.heard for one in found.moments])
    columns = [
        heard,
        *(found.said_parts(parts, heard) for parts in ([one.decided for one in found.moments], [one.told for one in found.moments])),
    ]
    if compared:
        columns.append(found.said_each([one.earlier or 0 for one in found.moments]))
    rows = [Row(one.period.first, values) for one, values in zip(found.moments, zip(*columns, strict=True), strict=True)]
    if compared:
        heads.append(_("%(then)s收到", then=_then(found)))
    return Table("curve", _("来件"), tuple(heads), tuple(rows), chart="line", dashed=(3,) if compared else (), unit=_("件"))


def _times(found: Dashboard) -> Table:
    kinds = ((Measure.TRIAGED_IN, _("初步整理")), (Measure.DECIDED_IN, _("定下去向")), (Measure.TOLD_IN, _("得到答复或结果")))
    spells = [found.now.spell(measure) for measure, _words in kinds]
    columns = [found.said_each([count for _words, count in spell.by_bucket]) for spell in spells]
    names = [translated(words) for words, _count in spells[0].by_bucket]
    rows = tuple(Row(words, values) for words, values in zip(names, zip(*columns, strict=True), strict=True))
    notes = []
    for (_measure, words), spell in zip(kinds, spells, strict=True):
        half, most = spell.within(0.5), spell.within(0.9)
        if half is not None and most is not None and found.said(spell.count) is not None:
            said = {"what": words, "count": spell.count, "half": translated(half), "most": translated(most)}
            notes.append(_("从收到到%(what)s：%(count)s 件，一半不超过 %(half)s，九成不超过 %(most)s。", **said))
    notes.append(_("按日历算，夜里和休息日也在内；还没有走到那一步的不在里面。"))
    return Table(
        "times", _("用了多久"), (_("用了"), *(words for _measure, words in kinds)), rows, chart="columns", unit=_("件"), notes=tuple(notes)
    )  # fmt: skip


def _by(found: Dashboard, kind: _Kind) -> Table:
    """Parts that were nought in both periods are left out."""
    now, then = found.now.parts(kind.measure), found.then.parts(kind.measure) if found.then is not None else {}
    known = dict(kind.parts)
    others = sorted({*now, *then} - known.keys())
    whole = found.said(sum(now.values()))
    shown_parts = [
        (part, words) for part, words in (*known.items(), *((part, _("其他")) for part in others)) if now.get(part) or then.get(part)
    ]
    counts, before = (found.said_each([of.get(part, 0) for part, _words in shown_parts]) for of in (now, then))
    rows = [
        Row(words, (count, percent(count, whole), *((earlier,) if found.then is not None else ())))
        for (_part, words), count, earlier in zip(shown_parts, counts, before, strict=True)
    ]
    heads = (kind.title, kind.unit, _("占 %(whole)s 里的", whole=shown(whole)), *((_then(found),) if found.then is not None else ()))
    return Table(kind.key, kind.title, heads, tuple(rows), chart="bars", drawn=(0,), unit=kind.unit, notes=kind.notes)


def _routes(found: Dashboard) -> Table:
    measures = (Measure.TOPIC_OPENED, Measure.TOPIC_APPROVED, Measure.TOPIC_REJECTED)
    columns = [found.said_each([found.now.part(measure, route.value) for route in ROUTE_NAMES]) for measure in measures]
    rows = tuple(Row(_(words), values) for words, values in zip(ROUTE_NAMES.values(), zip(*columns, strict=True), strict=True))
    notes = (_("立起来、入库、不立项各按发生的那天算，入库的不一定是这段时间立起来的。"),)
    return Table(
        "routes", _("议题从哪条路来"), (_("途径"), _("立起来"), _("入库"), _("不立项")), rows, chart="bars", unit=_("个"), notes=notes
    )


def _areas(found: Dashboard) -> Table:
    heads = (
        _("区域"),
        _("在用的直报点"),
        _("收到"),
        _("没有撤回"),
        _("其中定了去向"),
        _("其中有了答复或结果"),
        _("告诉的结果"),
        _("其中居民看过"),
    )
    rows = tuple(Row(_("%(area)s本级", area=one.name) if one.is_own else one.name, _area(one), one.depth, one.id) for one in found.areas)
    return Table("areas", _("各区域"), heads, rows, notes=(_("按区域的顺序列出，不排名：来件少可能是没看见海报，不等于没有事。"),))


def _area(one: AreaCounts) -> tuple[Value, ...]:
    return ("" if one.is_own else one.points, one.heard, one.staying, one.decided, one.told, one.asked, one.reached)
