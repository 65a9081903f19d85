"""A made-up Danish day in the real row shape, of any size, for measuring.

    python -m benchmarks.danish_day aisdk-2026-04-26.csv --rows 20000000

5,000 ships sail between the Skagerrak, the Kattegat, the Belts and Bornholm or lie in harbours there. As in
the real files, rows stand in order of time with 26 columns, several stations repeat each report (60 % of rows
are repeats), static values are absent until they were first heard and then stand on every row, and base
stations and reports without a position stand between.
"""

import argparse
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from pipeline.sources.dma import COLUMNS

DAY = date(2026, 4, 26)
N_SHIPS = 5000
SEED = 20260426
# Copies of one report: 1 to 4, each as likely, so that 60 % of all rows are repeats.
MAX_COPIES = 4
MEAN_COPIES = (1 + MAX_COPIES) / 2
MOORED_SHARE = 0.6
# A ship at rest reports so many times less often than one under way (3 min against 10 to 30 s).
MOORED_FACTOR = 7
KM_PER_DEGREE = 111.195

# From the Skagerrak through the Great Belt to Bornholm, and through the Sound; about the deep-water routes.
ROUTES = [
    [
        *((57.90, 8.00), (57.95, 10.60), (57.20, 11.30), (56.30, 11.00), (55.60, 10.90)),
        *((54.90, 11.00), (54.50, 11.60), (55.00, 14.50)),
    ],
    [
        *((57.80, 9.00), (57.90, 10.80), (56.90, 11.90), (56.20, 12.40), (55.90, 12.70)),
        *((55.50, 12.75), (55.20, 13.20), (55.10, 14.80)),
    ],
]
HARBOURS = [
    (56.153, 10.226), (55.555, 9.723), (57.434, 10.549), (55.470, 8.428), (55.704, 12.601), (57.689, 11.915),
    (54.650, 11.350), (55.103, 14.697), (56.700, 8.217), (57.720, 10.590), (54.177, 12.098), (55.680, 12.620),
]  # fmt: skip
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def _ships(rng: np.random.Generator) -> duckdb.DuckDBPyConnection:
    """A connection with the table `ships`: what each transmits of itself."""
    con = duckdb.connect()
    con.execute("SET preserve_insertion_order = true")
    k = np.arange(N_SHIPS)
    mids = np.array([219, 211, 265, 257, 273, 636, 538, 248, 244, 304])[rng.integers(0, 10, N_SHIPS)]
    first_six = rng.integers(900000, 999999, N_SHIPS)
    digits = (first_six[:, None] // 10 ** np.arange(5, -1, -1)) % 10
    check = (digits * np.arange(7, 1, -1)).sum(axis=1) % 10
    facts = {
        "k": k,
        "mmsi": mids * 1_000_000 + 1000 + k * 37,
        "imo": first_six * 10 + check,
        "heard_s": rng.integers(0, 720, N_SHIPS),
        "length": rng.integers(12, 330, N_SHIPS),
        "draught": rng.integers(20, 150, N_SHIPS) / 10,
    }
    con.register("facts", facts)
    con.execute("""
        CREATE TABLE ships AS
        SELECT
            *,
            length // 7 + 2 AS width,
            if(k % 5 = 0, 'Class B', 'Class A') AS mobile,
            'OX' || k AS callsign,
            if(k % 3 = 0, 'NORTHERN TRADER ', 'MS ') || k AS name,
            ['Cargo', 'Tanker', 'Cargo', 'Fishing', 'Passenger', 'Sailing', 'Pleasure'][1 + k % 7] AS kind,
            ['RU LED', 'SEGOT', 'DKCPH>RULED', 'GDANSK POLAND', 'ROTTERDAM', 'FR BOD'][1 + k % 6] AS bound
        FROM facts
    """)
    con.unregister("facts")
    return con


def _reports(
    rng: np.random.Generator, hour: int, step_s: float, course: dict[str, Floats]
) -> dict[str, NDArray]:
    """One hour's reports, each once, in no order: ship, second, place, speed, course."""
    under_way = course["speed_kn"] > 0
    every_s = np.where(under_way, step_s, step_s * MOORED_FACTOR)
    count = rng.poisson(3600 / every_s)
    k = np.repeat(np.arange(N_SHIPS), count)
    t_s = hour * 3600 + rng.integers(0, 3600, len(k))
    speed = course["speed_kn"][k]
    along_km = course["start_km"][k] + speed * 1.852 * t_s / 3600
    lat, lon, cog = np.empty(len(k)), np.empty(len(k)), np.empty(len(k))
    for number, route in enumerate(ROUTES):
        points = np.array(route)
        step = np.diff(points, axis=0) * KM_PER_DEGREE * [1, np.cos(np.radians(56))]
        leg_km = np.concatenate([[0], np.cumsum(np.hypot(*step.T))])
        mine = course["route"][k] == number
        # There and back again, a little to the right of the line.
        there = along_km[mine] % (2 * leg_km[-1])
        back = there > leg_km[-1]
        km = np.where(back, 2 * leg_km[-1] - there, there)
        heading = np.degrees(np.arctan2(step[:, 1], step[:, 0]))
        leg = np.clip(np.searchsorted(leg_km, km, side="right") - 1, 0, len(step) - 1)
        cog[mine] = (heading[leg] + np.where(back, 180, 0)) % 360
        aside = course["aside_km"][k][mine] / KM_PER_DEGREE * np.where(back, -1, 1)
        lat[mine] = np.interp(km, leg_km, points[:, 0]) - aside * np.sin(np.radians(heading[leg]))
        lon[mine] = np.interp(km, leg_km, points[:, 1]) + aside * np.cos(np.radians(heading[leg])) * 1.8
    rest = ~under_way[k]
    lat[rest], lon[rest] = course["lat"][k][rest], course["lon"][k][rest]
    noise = rng.normal(0, 5e-5, (2, len(k)))
    return {
        "k": k,
        "t_s": t_s,
        "lat": lat + noise[0],
        "lon": lon + noise[1],
        "sog": np.where(rest, rng.integers(0, 2, len(k)) / 10, speed + rng.normal(0, 0.2, len(k))),
        "cog": cog,
        "copies": rng.integers(1, MAX_COPIES + 1, len(k)),
        "lot": rng.integers(0, 1000, len(k)),
    }


ROWS = """
    SELECT
        strftime(TIMESTAMP '{day} 00:00:00' + to_seconds(CAST(t_s AS BIGINT)), '%d/%m/%Y %H:%M:%S'),
        if(lot < 30, 'Base Station', mobile),
        if(lot < 30, 2190000 + k % 60, mmsi),
        if(lot BETWEEN 30 AND 50, '91.000000', printf('%.6f', lat)),
        if(lot BETWEEN 30 AND 50, '0.000000', printf('%.6f', lon)),
        if(sog < 0.3, 'Moored', if(k % 5 = 0, 'Unknown value', 'Under way using engine')),
        if(k % 5 = 0, NULL, '0.0'),
        printf('%.1f', abs(sog)),
        if(lot % 20 = 0, NULL, printf('%.1f', cog)),
        if(k % 5 = 0, NULL, printf('%d', CAST(floor(cog) AS INTEGER))),
        if(heard AND k % 5 > 0, CAST(imo AS VARCHAR), 'Unknown'),
        if(heard, callsign, 'Unknown'),
        if(heard, name, NULL),
        if(heard, kind, 'Undefined'),
        if(heard AND k % 10 = 1, 'Category X', NULL),
        if(heard, width, NULL),
        if(heard, length, NULL),
        if(heard, 'GPS', 'Undefined'),
        if(heard AND k % 5 > 0, printf('%.1f', draught), NULL),
        if(heard AND k % 5 > 0, bound, 'Unknown'),
        if(heard AND k % 5 > 0, '27/04/2026 12:00:00', NULL),
        'AIS',
        if(heard, length // 2, NULL),
        if(heard, length - length // 2, NULL),
        if(heard, width // 2, NULL),
        if(heard, width - width // 2, NULL)
    FROM (
        SELECT
            *,
            t_s >= heard_s AND lot >= 30 AS heard,
            unnest(range(copies)) AS copy
        FROM reports JOIN ships USING (k)
    )
    ORDER BY t_s, k, lat, copy
"""


def write_day(path: Path, n_rows: int) -> int:
    """Write a Danish day of about `n_rows` rows; returns its size in bytes."""
    rng = np.random.default_rng(SEED)
    con = _ships(rng)
    moored = rng.random(N_SHIPS) < MOORED_SHARE
    harbour = np.array(HARBOURS)[rng.integers(0, len(HARBOURS), N_SHIPS)]
    course = {
        "route": rng.integers(0, len(ROUTES), N_SHIPS).astype(float),
        "start_km": rng.random(N_SHIPS) * 2000,
        "aside_km": rng.random(N_SHIPS) * 8,
        "speed_kn": np.where(moored, 0, rng.uniform(5, 18, N_SHIPS)),
        "lat": harbour[:, 0] + rng.normal(0, 0.01, N_SHIPS),
        "lon": harbour[:, 1] + rng.normal(0, 0.02, N_SHIPS),
    }
    weight = (~moored).sum() + moored.sum() / MOORED_FACTOR
    step_s = 86400 * weight * MEAN_COPIES / n_rows
    with path.open("wb") as day:
        day.write(("# " + ",".join([*COLUMNS, "A", "B", "C", "D"]) + "\n").encode())
        for hour in range(24):
            part = path.with_name(f"{path.name}.{hour}")
            con.register("reports", _reports(rng, hour, step_s, course))
            con.execute(f"COPY ({ROWS.format(day=DAY)}) TO '{part}' (FORMAT csv, HEADER false)")
            con.unregister("reports")
            with part.open("rb") as rows:
                while block := rows.read(1 << 24):
                    day.write(block)
            part.unlink()
    con.close()
    return path.stat().st_size


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path, help="the CSV to write")
    parser.add_argument("--rows", type=float, default=20e6, help="about how many rows")
    arguments = parser.parse_args()
    size = write_day(arguments.path, int(arguments.rows))
    print(f"{arguments.path}: {size / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
