"""Evidence to failure with every provider's rules wired in: what `explain` and the engine call."""

from mailproof.diagnosis.classify import classify
from mailproof.diagnosis.evidence import Evidence
from mailproof.diagnosis.failure import Failure
from mailproof.providers.rules import tables_for

__all__ = ["diagnose"]


def diagnose(evidence: Evidence) -> Failure:
    """Name what went wrong at the provider that the evidence names. Never raises."""
    return classify(evidence, tables_for(evidence.provider))
