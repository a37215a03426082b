"""A result with its explanation."""

from dataclasses import replace

from driftlog_analyzers._finding import Result


def said(result: Result, explanation: str) -> Result:
    """The result with its explanation, which the summary ends with unless it has said so already."""
    if not explanation:
        return result
    told = explanation in result.summary
    summary = result.summary if told else f"{result.summary}; {explanation}"
    return replace(result, summary=summary, explanation=explanation)
