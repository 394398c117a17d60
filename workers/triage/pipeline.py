"""The stages in order; a pipeline is itself a stage."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce

from config.taxonomy import Taxonomy
from intake.domain.language.lexicon import Lexicon, lexicon_of
from intake.domain.language.title import title_for
from workers.triage.message import Finding, Message
from workers.triage.stages.classify import classifier
from workers.triage.stages.grams import grams
from workers.triage.stages.normalise import normalise
from workers.triage.stages.redact import redact
from workers.triage.stages.urgency import urgency

MODEL_VERSION = "words-1"
Stage = Callable[[Message, Finding], Finding]


def pipeline(stages: Sequence[Stage]) -> Stage:
    """One stage that runs `stages` in order, each seeing what those before it found."""
    chain = tuple(stages)

    def run(message: Message, finding: Finding) -> Finding:
        return reduce(lambda found, stage: stage(message, found), chain, finding)

    return run


def default_pipeline(taxonomy: Taxonomy) -> Stage:
    """Everything a message goes through without the database; call with an empty Finding."""
    lexicon = lexicon_of(taxonomy)
    # Redaction comes first, so that neither grams nor title can hold what it found.
    return pipeline([redact, normalise, classifier(lexicon), urgency, grams, _title(lexicon), _version])


def _title(lexicon: Lexicon) -> Stage:
    def title(message: Message, finding: Finding) -> Finding:  # noqa: ARG001 -- the signature of every stage
        return replace(finding, title_hint=title_for(finding.masked, lexicon))

    return title


def _version(message: Message, finding: Finding) -> Finding:  # noqa: ARG001 -- the signature of every stage
    return replace(finding, model_version=MODEL_VERSION)
