"""Writes the KPIs of docs/metrics.md: `python -m tests.metrics.listing`."""

from __future__ import annotations

from pathlib import Path

from factbook.metrics.catalog import Catalog, built_in

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"
BEGIN, END = "<!-- kpis: written by `python -m tests.metrics.listing` -->", "<!-- /kpis -->"


def kpis(catalog: Catalog) -> str:
    """One table for each group, in the order of the catalog."""
    lines: list[str] = []
    for group, label in catalog.kpis.items():
        lines += ["", f"### {label}", "", "| id | KPI | unit | formula | meaning |", "|---|---|---|---|---|"]
        lines += [
            f"| `{one.id}` | {one.label} | {one.unit} | `{one.source}` | {one.description} |"
            for one in catalog.metrics.values()
            if one.kpi == group
        ]
    return "\n".join(lines) + "\n\n"


if __name__ == "__main__":
    before, _, rest = DOCS.read_text("utf-8").partition(BEGIN)
    DOCS.write_text(f"{before}{BEGIN}\n{kpis(built_in())}{END}{rest.partition(END)[2]}", "utf-8")
