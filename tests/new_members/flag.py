"""A flag of all commands that train: a field of Training, its help in RUN, and what Training.run does with it."""

FILE = "cli/options.py"
BEFORE = {
    "    dry_run: bool": "    summary: Path | None = None\n",
    '    "quiet": in_panel(': """    "summary": in_panel(
        Annotated[Path | None, typer.Option(help="Write the summary to this file too.")], "Output"
    ),
""",
    "            common.show(result, f": """            if self.summary is not None:
                self.summary.write_text(f"{text(result)}\\n", encoding="utf-8")
""",
}
INSTEAD = {}
