"""A new model takes the place of the one in force only if it is not worse on the district's own held-out examples.

`python -m workers.adoption DIR [--district NAME]`: intake never imports workers, so `zhibao triage adopt` runs this.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import SettingsError
from config.taxonomy import Taxonomy
from intake.domain.actor import MACHINE
from intake.domain.errors import Conflict, DomainError, NotFound
from intake.domain.language.lexicon import lexicon_of
from intake.domain.language.matching_form import matching_form
from intake.domain.learnt_part import LearntPart
from intake.models import Area
from intake.queries.pair_example import pair_examples
from intake.queries.training_example import CategoryExample, category_examples
from intake.services.triage_model import lock_models, settle, store_candidate
from intake.wiring import Wiring
from workers.district_model import model_in_force, own_parts
from workers.pair_lessons import EXAMPLES as PAIR_EXAMPLES
from workers.pair_lessons import learnt_until, pairs_of, split
from workers.runtime import job_session, process_wiring
from workers.triage.learning.compare import Judged, judge, not_worse
from workers.triage.learning.pair_compare import JudgedPairs, judge_pairs
from workers.triage.learning.pair_compare import not_worse as pairs_not_worse
from workers.triage.learning.pair_correction import Pairs
from workers.triage.model.artifact import ArtifactError
from workers.triage.model.base import shipped_model
from workers.triage.model.category import category_model
from workers.triage.model.district import district_file, own_version
from workers.triage.same_matter.scorer import base_scorer, scorer_of
from workers.triage.stages.classify import Weigher

EXAMPLES = 5_000
"""How many of a district's latest categories are learnt from and judged by."""

FILES: Mapping[str, LearntPart] = {"classify.npz": LearntPart.CATEGORY, "pairs.npz": LearntPart.SAME_MATTER}
"""What `zhibao triage train` writes into a folder."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a comparison; `model_version` names the part that was made anew."""

    part: LearntPart
    model_version: str
    adopted: bool
    candidate: Judged | JudgedPairs
    in_force: Judged | JudgedPairs


def propose(
    session: Session,
    district_id: int,
    content: bytes,
    *,
    taxonomy: Taxonomy,
    examples: tuple[CategoryExample, ...],
    learnt: int,
    at: datetime,
) -> Outcome:
    """Store the classifier in `content` for the district, compare it on the held-out `examples`, and adopt or refuse it.

    Raises ArtifactError when the bytes are no model, Conflict when there is nothing to judge by.
    """
    candidate = category_model(content, shipped=shipped_model())
    held_out = [(matching_form(example.words), example.category) for example in examples if example.held_out]
    if not held_out:
        raise Conflict(
            "本区还没有可以用来比较的例子：先在研判时改过或确认过几件来件的类别，再来采用。 / The district has no held-out examples yet."
        )
    lock_models(session, district_id)
    new = judge(Weigher(taxonomy, candidate), held_out)
    old = judge(Weigher(taxonomy, model_in_force(session, district_id).category), held_out)
    outcome = Outcome(LearntPart.CATEGORY, candidate.version, not_worse(new, old), new, old)
    _put_down(session, district_id, outcome, content, learnt=learnt, at=at)
    return outcome


def propose_scorer(session: Session, district_id: int, content: bytes, *, judging: Pairs, learnt: int, at: datetime) -> Outcome:
    """Store the pair scorer in `content` for the district, compare it on the pairs `judging`, and adopt or refuse it.

    Raises ArtifactError when the bytes are no scorer, Conflict when there is nothing to judge by.
    """
    candidate = scorer_of(content)
    if not len(judging):
        raise Conflict("本区还没有可以用来比较的来件 / The district has no held-out pairs yet.")
    lock_models(session, district_id)
    new, shipped = judge_pairs(candidate, judging), judge_pairs(base_scorer(), judging)
    old = judge_pairs(model_in_force(session, district_id).scorer, judging)
    outcome = Outcome(LearntPart.SAME_MATTER, candidate.version, pairs_not_worse(new, old, shipped), new, old)
    _put_down(session, district_id, outcome, content, learnt=learnt, at=at, shipped=shipped.to_json())
    return outcome


def _put_down(
    session: Session, district_id: int, outcome: Outcome, content: bytes, *, learnt: int, at: datetime, **more: Mapping[str, Any]
) -> None:
    """Store the new part with the other one that is in force, and settle which serves from now on."""
    parts = {**own_parts(session, district_id), outcome.part: content}
    model = store_candidate(
        session,
        district_id=district_id,
        model_version=own_version(parts),
        artifact=district_file(parts),
        examples=learnt,
        measured={
            "part": outcome.part.value,
            "version": outcome.model_version,
            "candidate": outcome.candidate.to_json(),
            "in_force": outcome.in_force.to_json(),
            **more,
        },
        actor=MACHINE,
        at=at,
    )
    settle(session, model, better=outcome.adopted, actor=MACHINE, at=at)


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--district", help="区的名称，只有一个区时不用写 / needed where there are several districts")
def main(folder: Path, district: str | None) -> None:
    """给一个区换上文件夹里的模型，只要在它自己的例子上不更差 / adopt the models in a folder that are not worse."""
    try:
        found = {part: (folder / name).read_bytes() for name, part in FILES.items() if (folder / name).exists()}
        if not found:
            raise click.UsageError(f"{folder} 里没有 {' 或 '.join(FILES)} / neither of these files is there")
        wiring = process_wiring()
        with job_session() as session:
            district_id = _district(session, district)
            outcomes = [_adopted(session, wiring, district_id, part, content) for part, content in found.items()]
    except (OSError, SettingsError, ArtifactError, DomainError) as error:
        raise click.UsageError(str(error)) from error
    for outcome in outcomes:
        _tell(outcome)


def _adopted(session: Session, wiring: Wiring, district_id: int, part: LearntPart, content: bytes) -> Outcome:
    """Compare a file from elsewhere: none of the district's examples count as learnt."""
    at = wiring.clock.now()
    if part is LearntPart.CATEGORY:
        examples = category_examples(session, district_id=district_id, limit=EXAMPLES)
        return propose(session, district_id, content, taxonomy=wiring.taxonomy, examples=examples, learnt=0, at=at)
    sides = split(
        pair_examples(session, district_id=district_id, limit=PAIR_EXAMPLES),
        learnt_until=learnt_until(model_in_force(session, district_id).scorer),
    )
    if sides.missing is not None:
        raise Conflict(sides.missing)
    lexicon = lexicon_of(wiring.taxonomy)
    _, judging = pairs_of(session, district_id, replace(sides, lessons=()), lexicon=lexicon, shipped=base_scorer())
    return propose_scorer(session, district_id, content, judging=judging, learnt=0, at=at)


def _tell(outcome: Outcome) -> None:
    verdict = "采用了 / adopted" if outcome.adopted else "没有采用，比在用的差 / refused, worse than the one in force"
    click.echo(f"{outcome.model_version}：{verdict}")
    for name, judged in (("新的 / candidate", outcome.candidate), ("在用的 / in force", outcome.in_force)):
        if isinstance(judged, JudgedPairs):
            click.echo(
                f"  {name}：{judged.examples} 对里会自己并起来 {judged.joined} 对，其中对 {judged.right} 对"
                f" / would join {judged.joined} of {judged.examples} pairs, {judged.right} of them rightly"
            )
        else:
            click.echo(f"  {name}：{judged.examples} 件里对 {judged.right}，错 {judged.wrong}，其余没有给出")


def _district(session: Session, name: str | None) -> int:
    districts = session.execute(select(Area.id, Area.name).where(Area.id == Area.district_id)).all()
    found = [area_id for area_id, area_name in districts if name is None or area_name == name]
    if len(found) != 1:
        names = "、".join(area_name for _, area_name in districts)
        raise NotFound(f"请用 --district 写明是哪个区：{names} / Say which district.")
    return found[0]


if __name__ == "__main__":
    main(prog_name="zhibao triage adopt")
