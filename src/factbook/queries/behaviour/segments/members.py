"""A segment's rule as SQL: one pass over the events, person by person."""

from __future__ import annotations

from dataclasses import dataclass

from factbook.core.sql import Parameters
from factbook.events.filters import Condition, Nature, Operator
from factbook.queries.asking.aggregates import rate
from factbook.queries.behaviour.people import WHO
from factbook.queries.behaviour.selection import Selection, matches
from factbook.queries.where import between, column, moment, where

from .rules import All, Did, Either, Figure, Frozen, Has, Not, Rule, Span

_NEWEST = "(timestamp, event_id)"
_COMPARED = {
    Operator.EQ: "=",
    Operator.NE: "!=",
    Operator.GT: ">",
    Operator.GTE: ">=",
    Operator.LT: "<",
    Operator.LTE: "<=",
}


@dataclass(frozen=True, slots=True)
class Written:
    """SQL. holds: over the events of one person, called `who`. looked_at: which events it looks at; of whoever has none
    of these, `absent` says whether it holds."""

    holds: str
    looked_at: tuple[str, ...]
    absent: bool


def members(rule: Rule, parameters: Parameters) -> str:
    """A statement that answers the people (`who`) for whom `rule` holds: of all who have an event that is no bot's."""
    if isinstance(rule, Frozen):
        return f"SELECT {WHO} AS who FROM {_frozen(rule, parameters)}"
    found = written(rule, parameters)
    return f"SELECT who FROM ({grouped([found], '')}) WHERE held0"


def everybody(rules: list[Rule], parameters: Parameters) -> str:
    """A statement that answers every person (`who`) and, for each of `rules`, whether it holds (`held0`, …)."""
    return grouped([written(rule, parameters) for rule in rules], "", all_people=True)


def grouped(found: list[Written], columns: str, *, all_people: bool = False) -> str:
    """columns: `, …` of further aggregates."""
    held = ", ".join(f"({each.holds}) AS held{i}" for i, each in enumerate(found))
    looked_at = dict.fromkeys(part for each in found for part in each.looked_at)
    only = "" if all_people or any(each.absent for each in found) else f"\n    AND ({' OR '.join(looked_at)})"
    return (
        f"SELECT {WHO} AS who{', ' if held else ''}{held}{columns}\nFROM events\n"
        f"WHERE tenant = {{tenant:String}} AND person != 0 AND NOT is_bot{only}\nGROUP BY who"
    )


def written(rule: Rule, parameters: Parameters) -> Written:
    match rule:
        case All(of):
            return _joined([written(each, parameters) for each in of], "AND")
        case Either(of):
            return _joined([written(each, parameters) for each in of], "OR")
        case Not(inner):
            found = written(inner, parameters)
            return Written(f"NOT ({found.holds})", found.looked_at, not found.absent)
        case Did():
            counted = _counted(rule.selection, rule.span, parameters)
            number = parameters.add(int(rule.times.number), "Int64")
            holds = f"toInt64(countIf({counted})) {_COMPARED[rule.times.operator]} {number}"
            return Written(holds, (counted,), rule.times.holds(0))
        case Has():
            return _has(rule, parameters)
        case Figure():
            return _figure(rule, parameters)
        case Frozen():
            inside = f"IN (SELECT {WHO} FROM {_frozen(rule, parameters)})"
            return Written(f"who {inside}", (f"{WHO} {inside}",), absent=False)


def _joined(parts: list[Written], by: str) -> Written:
    absent = (all if by == "AND" else any)(part.absent for part in parts)
    looked_at = tuple(each for part in parts for each in part.looked_at)
    return Written("(" + f" {by} ".join(part.holds for part in parts) + ")", looked_at, absent)


def _counted(chosen: Selection, span: Span, parameters: Parameters) -> str:
    return f"({matches(chosen, parameters)}{between(span.start, span.end, parameters)})"


def _has(rule: Has, parameters: Parameters) -> Written:
    condition = rule.condition
    before = None if rule.before is None else moment(rule.before, parameters)
    holds = f"(1{where((condition,), parameters, include_bots=True)})"
    if condition.operator is Operator.EXISTS:
        there = Condition(condition.name, condition.nature, Operator.EXISTS, (True,))
        has, wanted = f"(1{where((there,), parameters, include_bots=True)})", bool(condition.values[0])
        in_time = f" AND minIf(timestamp, {has}) < {before}" if before else ""
        found = f"(countIf({has}) > 0{in_time})"
        return Written(found if wanted else f"NOT {found}", (has,), not wanted)
    has, absent = _has_value(condition, parameters), condition.operator is Operator.NE
    if before is None:
        newest = f"argMaxIf({holds}, {_NEWEST}, {has})"
        return Written(f"if(countIf({has}) > 0, {newest}, {int(absent)})", (has,), absent)
    listed = f"arrayReverseSort(groupArrayIf((timestamp, event_id, {holds}), {has}))"
    at = f"arrayFirstIndex(each -> each.1 < {before}, {listed})"
    return Written(f"if({at} > 0, ({listed}[{at}]).3, {int(absent)})", (has,), absent)


def _has_value(condition: Condition, parameters: Parameters) -> str:
    match condition.nature:
        case None:
            key = parameters.add(condition.name, "String")
            return f"(mapContains(texts, {key}) OR mapContains(numbers, {key}))"
        case Nature.TEXT:
            return f"{column(condition.name)} != ''"
        case Nature.NUMBER:
            return f"{column(condition.name)} != 0"
    return "1"


def _figure(rule: Figure, parameters: Parameters) -> Written:
    key = parameters.add(rule.of, "String")
    counted = f"({_counted(rule.selection, rule.span, parameters)} AND mapContains(numbers, {key}))"
    compared = f"{_COMPARED[rule.compared.operator]} {parameters.add(rule.compared.number, 'Float64')}"
    value = f"numbers[{key}] * {rate(rule.money, parameters)}" if rule.money else f"numbers[{key}]"
    if rule.how == "sum":
        return Written(f"sumIf({value}, {counted}) {compared}", (counted,), rule.compared.holds(0))
    return Written(f"ifNull({rule.how}OrNullIf({value}, {counted}) {compared}, 0)", (counted,), absent=False)


def _frozen(rule: Frozen, parameters: Parameters) -> str:
    freezing = parameters.add(rule.freezing, "UInt64")
    return f"(SELECT person FROM segment_members WHERE tenant = {{tenant:String}} AND freezing = {freezing})"
