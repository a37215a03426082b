"""Faults of a text pipeline, as pure functions over a column of texts."""

import re
import unicodedata
from collections.abc import Callable

import numpy as np
import pandas as pd

Change = Callable[["pd.Series[str]", np.random.Generator], "pd.Series[str]"]

_SPANISH = re.findall(
    r"\w+",
    "los trabajadores necesitan escuelas nuevas porque nuestra economía crece despacio y ningún gobierno puede "
    "olvidar que las familias pagan demasiado por sus medicinas mientras los bancos reciben ayuda cada año desde "
    "aquella guerra larga hacia donde fueron nuestros hijos con valor sin pedir nada para ellos ni siquiera descanso",
)


def capitalized(column: "pd.Series[str]", _: np.random.Generator) -> "pd.Series[str]":
    """Case folding off: the first word of each sentence keeps its capital (names would, too)."""
    return column.str.capitalize()


def misread(column: "pd.Series[str]", _: np.random.Generator) -> "pd.Series[str]":
    """UTF-8 read as Latin-1."""
    return column.map(lambda text: text.encode().decode("latin-1"))


def stripped(column: "pd.Series[str]", _: np.random.Generator) -> "pd.Series[str]":
    """Letters without their accents."""
    return column.map(
        lambda text: unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    )


def emptied(column: "pd.Series[str]", _: np.random.Generator) -> "pd.Series[str]":
    """A tokenizer that yields nothing."""
    return pd.Series([""] * len(column), index=column.index, dtype="str")


def switched(share: float) -> Change:
    """This share of the texts is Spanish: each of their words is replaced by one of a list."""

    def change(column: "pd.Series[str]", chance: np.random.Generator) -> "pd.Series[str]":
        def other(text: str) -> str:
            return " ".join(chance.choice(_SPANISH, max(1, len(text.split()))))

        return pd.Series(
            [other(text) if chance.random() < share else text for text in column], column.index
        )

    return change


def unknown(share: float) -> Change:
    """This share of the words is replaced by words that nobody has used before."""

    def change(column: "pd.Series[str]", chance: np.random.Generator) -> "pd.Series[str]":
        def word(match: re.Match[str]) -> str:
            if chance.random() >= share:
                return match.group()
            return f"qx{chance.integers(10**6)}"

        return column.map(lambda text: re.sub(r"\w+", word, text))

    return change
