"""An answer over metrics as a table for the terminal, with what it was read from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from .answer_text import changed, labels, shown, sparkline


def table(answer: dict[str, Any]) -> Table:
    """A line a row, or a line a metric where the answer is not cut."""
    begin, end = answer["start_time"][:16].replace("T", " "), answer["end_time"][:16].replace("T", " ")
    caption = [f"{begin} to {end} ({answer['timezone']})"]
    if "compare" in answer:
        caption.append(f"compared with {answer['compare']['start_time'][:10]} to {answer['compare']['end_time'][:10]}")
    if answer["events"] == 0:
        caption.append("nothing of the kind happened in this time")
    cut = answer.get("cut")
    if cut and cut["is_cut"]:
        caption.append(f"{cut['shown']} of {cut['of']:,} shown; --limit shows more")
    if answer["complete_since"]:
        caption.append(f"complete since {answer['complete_since'][:16]}")
    return (_by_row if answer["dimensions"] else _by_metric)(answer, "\n".join(caption))


def _new(caption: str) -> Table:
    return Table(box=box.SIMPLE_HEAD, caption=caption, caption_justify="left")


def _by_metric(answer: dict[str, Any], caption: str) -> Table:
    found, total, compared = _new(caption), answer["total"], "compare" in answer
    found.add_column("metric")
    for name in ("value", *(("previous", "change") if compared else ())):
        found.add_column(name, justify="right")
    if "times" in answer:
        found.add_column(f"by {answer['granularity']}")
    for metric in answer["metrics"]:
        name = metric["id"]
        cells: list[str | Text] = [metric["label"], shown(total["values"][name], metric)]
        if compared:
            cells += [shown(total["previous"][name], metric), _change(total["change"][name], metric)]
        if "times" in answer:
            cells.append(sparkline(total["series"][name]))
        found.add_row(*cells)
    return found


def _by_row(answer: dict[str, Any], caption: str) -> Table:
    found, compared = _new(caption), "compare" in answer
    for dimension in answer["dimensions"]:
        found.add_column(dimension["label"])
    for metric in answer["metrics"]:
        found.add_column(metric["label"], justify="right")
        if compared:
            found.add_column("change", justify="right")
    if "times" in answer:
        found.add_column(f"{answer['metrics'][0]['label']} by {answer['granularity']}")
    total = {**answer["total"], "dimensions": None, "other": False}
    for row in [*answer["rows"], total]:
        is_total = row is total
        names = labels(row, answer["dimensions"])
        cells: list[str | Text] = ["total", *[""] * (len(names) - 1)] if is_total else [*names]
        for metric in answer["metrics"]:
            cells.append(shown(row["values"][metric["id"]], metric))
            if compared:
                cells.append(_change(row["change"][metric["id"]], metric))
        if "times" in answer:
            cells.append(sparkline(row["series"][answer["metrics"][0]["id"]]))
        found.add_row(*cells, style="bold" if is_total else None)
    return found


def _change(change: float | None, metric: dict[str, Any]) -> Text:
    good = {"up": 1, "down": -1}.get(metric["good"], 0) * (change or 0)
    return Text(changed(change), style="green" if good > 0 else "red" if good < 0 else "")


def explained(answer: dict[str, Any]) -> Iterator[str]:
    """What was read, where the answer says so."""
    for each in answer.get("explain", []):
        read = "" if each["rows_read"] is None else f", {each['rows_read']:,} rows"
        place = ", ".join([*each["tables"], *each["levels"]])
        yield f"{place}: {each['reason']} ({each['milliseconds']:.1f} ms{read})"
        yield each["sql"]
