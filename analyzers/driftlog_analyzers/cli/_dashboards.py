"""``driftlog dashboards``: what Kibana shows of driftlog, kept as files, brought there and compared."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Concatenate

import typer

from driftlog_analyzers.cli._console import note, progress, show, show_json
from driftlog_analyzers.cli._options import ConfigOption, JsonOption, taking
from driftlog_analyzers.cli._place import configuration
from driftlog_analyzers.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftlog_analyzers._kibana._bring import Brought
    from driftlog_analyzers._kibana._objects import SavedObject
    from driftlog_analyzers._kibana._server import Kibana

UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url", envvar="KIBANA_URL", help="Kibana, such as https://localhost:5601.", metavar="URL"
    ),
]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        envvar="KIBANA_API_KEY",
        help="Encoded API key of Elasticsearch; better in the variable.",
        metavar="KEY",
    ),
]
UserOption = Annotated[
    str | None,
    typer.Option(
        "--username",
        envvar="KIBANA_USERNAME",
        help="Instead of a key; its password is taken from KIBANA_PASSWORD alone.",
    ),
]
PasswordOption = Annotated[
    str | None, typer.Option("--password", envvar="KIBANA_PASSWORD", hidden=True)
]
SpaceOption = Annotated[
    str | None,
    typer.Option("--space", envvar="KIBANA_SPACE", help="The space's id.", metavar="ID"),
]
CertificatesOption = Annotated[
    str | None,
    typer.Option(
        "--ca-certs",
        envvar="KIBANA_CA_CERTS",
        help="File of the certificates to trust.",
        metavar="FILE",
    ),
]
FolderOption = Annotated[
    Path | None,
    typer.Option("--folder", help="Your own copy of the files.", metavar="DIR"),
]
_SHOWN = 5
_DIFFERENT = 1


def export_ndjson(
    *,
    output: Annotated[
        Path | None, typer.Option("--output", help="By default it is printed.", metavar="FILE")
    ] = None,
    folder: FolderOption = None,
) -> None:
    """Write what Kibana's own import takes.

    In Kibana: Stack Management, Saved Objects, Import.
    """
    from driftlog_analyzers._kibana._objects import ndjson  # noqa: PLC0415 - when needed

    lines = ndjson(_shipped(folder))
    if output is None:
        sys.stdout.buffer.write(lines)
        sys.stdout.buffer.flush()
        return
    output.write_bytes(lines)
    show(f"{len(lines.splitlines())} objects in {output}.")


def bring(
    kibana: "Kibana",
    *,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what is otherwise in Kibana.")
    ] = False,
    rules: Annotated[
        bool, typer.Option("--rules", help="Also bring the alerting rules, without actions.")
    ] = False,
    folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring the dashboards into a space of Kibana.

    What is missing is made. What is there and otherwise (you changed it, or another driftlog made
    it) is told and left as it is, unless with --overwrite.
    """
    from driftlog_analyzers._kibana import _bring  # noqa: PLC0415 - when needed

    shipped = _shipped(folder)
    with progress("importing") as advance:
        brought = _bring.bring(kibana, shipped, overwrite=overwrite, progress=advance)
    done = _bring.bring_rules(kibana, _rules(folder), overwrite=overwrite) if rules else {}
    if as_json:
        show_json(_values(brought) | {"rules": dict(done)})
    else:
        _tell(kibana, brought)
        if done:
            show(*(f"  rule {name}: {what}" for name, what in done.items()))
    if brought.refused:
        raise typer.Exit(1)


def diff(
    kibana: "Kibana",
    *,
    folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what Kibana has otherwise than driftlog ships it.

    Exit code 1 where something is missing or otherwise.
    """
    from driftlog_analyzers._kibana._bring import standings  # noqa: PLC0415 - when needed
    from driftlog_analyzers._kibana._compare import State  # noqa: PLC0415 - as above

    found = standings(kibana, _shipped(folder))
    other = [one for one in found if one.state is not State.SAME]
    if as_json:
        show_json({one.shipped.name: [one.state, *one.differences] for one in found})
    elif other:
        for one in other:
            show(f"{one.shipped.name}: {one.state}", *(f"  {words}" for words in one.differences))
    else:
        show(f"{kibana} has all {len(found)} objects as they are shipped.")
    if other:
        raise typer.Exit(_DIFFERENT)


def check(*, folder: FolderOption = None) -> None:
    """Check the files without a Kibana; CI runs it.

    Ids, versions, references, layout, columns of charts, and that each file is printed as this
    program prints it.
    """
    from driftlog_analyzers._kibana._check import problems  # noqa: PLC0415 - when needed
    from driftlog_analyzers._kibana._folder import shipped_folder  # noqa: PLC0415 - as above
    from driftlog_analyzers._kibana._objects import written  # noqa: PLC0415 - as above
    from driftlog_analyzers._kibana._rules import rule_problems  # noqa: PLC0415 - as above

    objects, rules = _shipped(folder), _rules(folder)
    found = problems(objects)
    found += [words for name, body in rules.items() for words in rule_problems(name, body)]
    where = folder or shipped_folder()
    found += [
        f"{one.name}: its file is not printed with sorted keys and two blanks"
        for one in objects
        if (where / one.type / f"{one.id}.json").read_text(encoding="utf-8") != written(one.body)
    ]
    if found:
        raise InputError(f"{len(found)} problems in {where}:\n  " + "\n  ".join(found))
    show(f"{len(objects)} objects and {len(rules)} rules in {where}: no problem.")


def _shipped(folder: Path | None) -> "tuple[SavedObject, ...]":
    from driftlog_analyzers._kibana._folder import shipped_folder  # noqa: PLC0415 - when needed
    from driftlog_analyzers._kibana._objects import load  # noqa: PLC0415 - as above

    return load(folder or shipped_folder())


def _rules(folder: Path | None) -> dict[str, dict[str, object]]:
    from driftlog_analyzers._kibana._folder import shipped_folder  # noqa: PLC0415 - when needed
    from driftlog_analyzers._kibana._rules import load_rules  # noqa: PLC0415 - as above

    return load_rules(folder or shipped_folder())


def _kibana(
    *,
    url: UrlOption = None,
    api_key: KeyOption = None,
    username: UserOption = None,
    password: PasswordOption = None,
    space: SpaceOption = None,
    ca_certs: CertificatesOption = None,
    config: ConfigOption = None,
) -> "Kibana":
    """Kibana by the options or the variables, else by ``[kibana]`` of the configuration."""
    from driftlog_analyzers._kibana._server import Account, Kibana  # noqa: PLC0415 - when needed

    named = configuration(config).kibana
    address = url or named.url
    if address is None:
        raise typer.BadParameter(
            "name Kibana with --url URL or KIBANA_URL, or with url under [kibana] in --config FILE",
            param_hint="--url",
        )
    account = Account(api_key or None, username, password)
    space = space or named.space or "default"
    return Kibana(address, account, space=space, ca_certs=ca_certs)


def at_kibana(command: "Callable[Concatenate[Kibana, ...], None]") -> "Callable[..., None]":
    """Give a command the options that lead to Kibana in the stead of its first parameter."""
    return taking(_kibana, command)


def _tell(kibana: "Kibana", brought: "Brought") -> None:
    show(
        f"{kibana}: {len(brought.made)} objects made, {len(brought.replaced)} replaced,"
        f" {len(brought.same)} as they were."
    )
    for one in brought.kept:
        more = len(one.differences) - _SHOWN
        note(f"{one.shipped.name} is otherwise there and was left so; --overwrite replaces it:")
        for words in one.differences[:_SHOWN]:
            note(f"  {words}")
        if more > 0:
            note(f"  and {more} more differences")
    for refused in brought.refused:
        note(f"{refused.type} {refused.id} was refused: {refused.reason}")
    show(f"Open {kibana.page('dashboards#/view/driftlog-overview')}")


def _values(brought: "Brought") -> dict[str, object]:
    return {
        "version": brought.version,
        "made": [one.name for one in brought.made],
        "replaced": [one.name for one in brought.replaced],
        "same": [one.name for one in brought.same],
        "kept": {one.shipped.name: one.differences for one in brought.kept},
        "refused": {f"{one.type} {one.id}": one.reason for one in brought.refused},
    }
