"""seqkit doctor."""

import typer

from seqkit.cli import common


def doctor(json: common.AsJson = False) -> None:
    """Check the installation: versions, cores, memory, data, and each kernel against its reference.

    Example: seqkit doctor
    """
    from seqkit.embeddings.doctor import examine

    findings = examine()
    common.show(findings, "\n".join(f"{name:22} {value}" for name, value in findings.items()), json)
    if not all(ok for name, ok in findings.items() if name.startswith("kernel ")):
        raise typer.Exit(1)
