"""A new model takes the place of the one in force only if it is not worse on the district's own held-out examples.

`python -m workers.adoption DIR [--district NAME]`: intake never imports workers, so `zhibao triage adopt` runs this.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import SettingsError
from config.taxonomy import Taxonomy
from intake.domain.actor import MACHINE
from intake.domain.errors import Conflict, DomainError, NotFound
from intake.domain.language.matching_form import matching_form
from intake.models import Area
from intake.queries.training_example import CategoryExample, category_examples
from intake.services.triage_model import settle, store_candidate
from workers.district_model import model_in_force
from workers.runtime import job_session, process_wiring
from workers.triage.learning.compare import Judged, judge, not_worse
from workers.triage.model.artifact import ArtifactError
from workers.triage.model.base import shipped_model
from workers.triage.model.category import category_model
from workers.triage.stages.classify import Weigher

EXAMPLES = 5_000
"""How many of a district's latest examples are learnt from and judged by."""

MODEL_NAME = "classify.npz"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a comparison."""

    model_version: str
    adopted: bool
    candidate: Judged
    in_force: Judged


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
    """Store the model in `content` for the district, compare it on the held-out `examples`, and adopt or refuse it.

    Raises ArtifactError when the bytes are no model, Conflict when there is nothing to judge by.
    """
    candidate = category_model(content, shipped=shipped_model())
    held_out = [(matching_form(example.words), example.category) for example in examples if example.held_out]
    if not held_out:
        raise Conflict(
            "本区还没有可以用来比较的例子：先在研判时改过或确认过几件来件的类别，再来采用。 / The district has no held-out examples yet."
        )
    new = judge(Weigher(taxonomy, candidate), held_out)
    old = judge(Weigher(taxonomy, model_in_force(session, district_id)), held_out)
    adopted = not_worse(new, old)
    model = store_candidate(
        session,
        district_id=district_id,
        model_version=candidate.version,
        artifact=content,
        examples=learnt,
        measured={"candidate": new.to_json(), "in_force": old.to_json()},
        actor=MACHINE,
        at=at,
    )
    settle(session, model, better=adopted, actor=MACHINE, at=at)
    return Outcome(candidate.version, adopted, new, old)


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--district", help="区的名称，只有一个区时不用写 / needed where there are several districts")
def main(folder: Path, district: str | None) -> None:
    """给一个区换上文件夹里的模型，只要在它自己的例子上不更差 / adopt a model if it is not worse."""
    try:
        content = (folder / MODEL_NAME).read_bytes()
        wiring = process_wiring()
        with job_session() as session:
            district_id = _district(session, district)
            examples = category_examples(session, district_id=district_id, limit=EXAMPLES)
            outcome = propose(session, district_id, content, taxonomy=wiring.taxonomy, examples=examples, learnt=0, at=wiring.clock.now())
    except (OSError, SettingsError, ArtifactError, DomainError) as error:
        raise click.UsageError(str(error)) from error
    verdict = "采用了 / adopted" if outcome.adopted else "没有采用，比在用的差 / refused, worse than the one in force"
    click.echo(f"{outcome.model_version}：{verdict}")
    for name, judged in (("新的 / candidate", outcome.candidate), ("在用的 / in force", outcome.in_force)):
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
