"""`python -m workers.triage.learning train … | evaluate …`: intake never imports workers, so `zhibao triage` runs this."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import click

from workers.triage.learning.rows import RowsError, Text, read_json_lines
from workers.triage.model.artifact import ArtifactError

TASKS = ("classify", "same-matter", "pairs", "redact")
TEXTS = ("full", "title", "body60")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _Sentences(click.Group):
    """A group whose refusals are sentences: what is wrong with a file, or what isn't installed."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; exit code 2 with one sentence for what a person can mend."""
        try:
            return super().invoke(ctx)
        except (RowsError, ArtifactError) as error:
            raise click.UsageError(str(error)) from error
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] in {"sklearn", "scipy"}:
                message = "训练要另装：pip install 'zhibao[train]' / training needs the extra `train`"
                raise click.UsageError(message) from error
            raise


@click.group(cls=_Sentences)
def main() -> None:
    """训练和评估研判模型 / train and evaluate the triage models."""


@main.command()
@click.option("--data", "data", type=_FILE, multiple=True, required=True, help="带标注的来件，每行一个 JSON / labelled rows, JSON lines")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="模型写到哪个文件夹 / folder for the model")
@click.option("--task", type=click.Choice(["classify", "same-matter"]), default="classify", show_default=True)
@click.option("--folds", type=click.IntRange(2, 20), default=5, show_default=True)
def train(data: tuple[Path, ...], out: Path, task: str, folds: int) -> None:
    """从本区的数据训练一个模型 / make a model from a file of your own."""
    out.mkdir(parents=True, exist_ok=True)
    if task == "same-matter":
        from workers.triage.learning.same_matter import train as train_same_matter

        click.echo(json.dumps(train_same_matter(list(data), out), ensure_ascii=False))
        return
    from workers.triage.learning.classify_task import train_into

    train_into(data, out, folds=folds, say=_note)
    click.echo(f"{out} 里有了新模型；zhibao triage adopt {out} 会先比较再采用 / adopt compares before it takes effect")


@main.command()
@click.option("--task", type=click.Choice(TASKS), required=True)
@click.option("--data", type=_FILE, help="要评估的数据 / rows to measure; redact 不写则用自造的例子 / made-up cases without it")
@click.option("--events", type=_FILE, help="same-matter 的标准答案 / reference events")
@click.option("--pairs", type=_FILE, help="pairs 的标准答案 / hand-read pairs")
@click.option("--text", type=click.Choice(TEXTS), default="full", show_default=True, help="拿什么当来件 / what stands for the message")
@click.option("--model", type=_FILE, help="别的分类模型文件 / another classify.npz; 不写则用随系统带的 / the shipped one without it")
@click.option(
    "--folds",
    type=click.IntRange(0, 20),
    default=5,
    show_default=True,
    help="模型见过这些数据时的分组折数，0 不算 / grouped folds, 0 for none",
)
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="结果另存为 JSON / write the figures there")
def evaluate(  # noqa: PLR0917 -- click passes them by name
    task: str,
    data: Path | None,
    events: Path | None,
    pairs: Path | None,
    text: str,
    model: Path | None,
    folds: int,
    json_file: Path | None,
) -> None:
    """量一量现在的模型有多准 / measure the model in force."""
    if data is None and task != "redact":
        raise click.UsageError("--data 要写 / --data is needed")
    figures = _measured(task, data, events=events, pairs=pairs, text=text, model=model, folds=folds)
    if json_file is not None:
        json_file.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _measured(
    task: str, data: Path | None, *, events: Path | None, pairs: Path | None, text: str, model: Path | None, folds: int
) -> Mapping[str, Any]:
    if task == "redact":
        from workers.triage.learning.evaluate_redact import cases_in, made_up_cases, redact_figures

        return _shown(redact_figures(cases_in(data) if data is not None else made_up_cases()))
    assert data is not None
    if task == "classify":
        from workers.triage.learning.classify_task import measure

        return measure(data, text=text, model=model, folds=folds, say=click.echo, note=_note)
    reference, name = (events, "--events") if task == "same-matter" else (pairs, "--pairs")
    if reference is None:
        raise click.UsageError(f"{name} 要写 / {name} is needed for {task}")
    return _same_matter(task, data, reference, other=pairs if task == "same-matter" else events, text=cast("Text", text), folds=folds)


def _same_matter(task: str, data: Path, reference: Path, *, other: Path | None, text: Text, folds: int) -> Mapping[str, Any]:
    """Figures of the shipped scorer; where it was trained on such a reference it says so and gives out-of-fold figures beside."""
    from workers.triage.learning.same_matter import evaluate_pairs, evaluate_same_matter
    from workers.triage.same_matter.scorer import base_scorer

    def figures(*, apart: bool) -> dict[str, float]:
        if task == "same-matter":
            return evaluate_same_matter(data, reference, text, folds=apart, pairs_path=other if apart else None)
        return evaluate_pairs(data, reference, text, folds=apart, events_path=other if apart else None)

    found: dict[str, Any] = dict(_shown(figures(apart=False)))
    seen = base_scorer().card.get("trained_on", {}).get(reference.name) == len(read_json_lines(reference))
    if seen and folds:
        click.echo(f"\n打分模型训练时用过 {reference.name}，上面的数字偏高；没见过的： / the scorer has seen this reference; out of fold:")
        found["out_of_fold"] = _shown(figures(apart=True))
    return {**found, "seen": seen}


def _shown(figures: Mapping[str, Any]) -> Mapping[str, Any]:
    for name, value in figures.items():
        click.echo(f"{name:>16}  {value:.4f}" if isinstance(value, float) else f"{name:>16}  {value}")
    return figures


def _note(sentence: str) -> None:
    click.echo(f"… {sentence}", err=True)


if __name__ == "__main__":
    main(prog_name="zhibao triage")
    sys.exit(0)
