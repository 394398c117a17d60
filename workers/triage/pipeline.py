"""The stages in order; a pipeline is itself a stage."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from config.taxonomy import Taxonomy
from intake.domain.language.lexicon import Lexicon, lexicon_of
from intake.domain.language.title import title_for
from workers.triage.message import Finding, Message
from workers.triage.model.district import DistrictModel, shipped_district_model
from workers.triage.stages.classify import Weigher, classifier
from workers.triage.stages.demands import demander
from workers.triage.stages.grams import grams
from workers.triage.stages.normalise import normalise
from workers.triage.stages.places import places
from workers.triage.stages.redact import redact
from workers.triage.stages.route_out import route_out
from workers.triage.stages.screen import screener
from workers.triage.stages.urgency import urgency

MODEL_VERSION = "words-1"
"""Of the rules and word lists; a finding also names the classifier and the pair scorer that were in force."""

Stage = Callable[[Message, Finding], Finding]


def pipeline(stages: Sequence[Stage]) -> Stage:
    """One stage that runs `stages` in order, each seeing what those before it found."""
    chain = tuple(stages)

    def run(message: Message, finding: Finding) -> Finding:
        return reduce(lambda found, stage: stage(message, found), chain, finding)

    return run


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Everything a message goes through without the database; call with an empty Finding.

    For a batch: `begin` with each message, `read_ahead` the normalised texts of all, `finish` each. The findings are the same.
    """

    begin: Stage
    read_ahead: Callable[[Sequence[str]], None]
    finish: Stage

    def __call__(self, message: Message, finding: Finding) -> Finding:
        """All stages for one message."""
        return self.finish(message, self.begin(message, finding))


def default_pipeline(taxonomy: Taxonomy, model: DistrictModel | None = None) -> Pipeline:
    """All stages for a taxonomy and the learnt `model`; without one, the shipped model is used."""
    lexicon = lexicon_of(taxonomy)
    model = model or shipped_district_model()
    # Redaction comes first, so that neither grams nor title can hold what it found.
    before = (redact, normalise, screener(lexicon), route_out)
    after = (urgency, places, demander(lexicon), grams, _title(lexicon), _version(model))
    weigher = Weigher(taxonomy, model.category)
    return Pipeline(pipeline(before), weigher.read_ahead, pipeline([classifier(weigher), *after]))


def _title(lexicon: Lexicon) -> Stage:
    def title(message: Message, finding: Finding) -> Finding:  # noqa: ARG001 -- the signature of every stage
        return replace(finding, title_hint=title_for(finding.masked, lexicon))

    return title


def _version(model: DistrictModel) -> Stage:
    version = f"{MODEL_VERSION}+{model.version}"

    def sign(message: Message, finding: Finding) -> Finding:  # noqa: ARG001 -- the signature of every stage
        return replace(finding, model_version=version)

    return sign
