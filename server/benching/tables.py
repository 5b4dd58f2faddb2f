"""Figures for a person at a terminal."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table


def print_figures(title: str, figures: Mapping[str, object]) -> None:
    """Each figure on a line; groups of figures are set apart."""
    table = Table("", "", title=title, title_justify="left", show_header=False)
    for name, value in figures.items():
        if isinstance(value, Mapping):
            table.add_section()
            for inner, figure in value.items():
                table.add_row(f"{name}: {inner}", str(figure))
            table.add_section()
        else:
            table.add_row(name, str(value))
    Console(highlight=False).print(table)
