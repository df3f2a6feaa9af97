#!/usr/bin/env python3
"""The tables of a country: ours beside DuckDB and pandas, on one account.

    country.py MILLESIME OUT WORK COMMUNES

OUT is the outputs of a run of a twin; its account is repeated until it has COMMUNES communes, spread
over départements and intercommunalities. Each engine reads the same Parquet files and writes the tables
as CSV: ours all of them, at every level, with Parquet, dictionary and workbooks; DuckDB the same SQL, for
communes alone; pandas the four tables that matter most, for communes alone. Prints seconds and MiB.
"""

import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb

SQL = Path(__file__).parent.parent / "indicators"


def grown(out, work, communes):
    """The account of OUT, repeated; its codes are made anew."""
    account = work / "account"
    account.mkdir(parents=True)
    shutil.copy(out / "datapackage.json", work)
    db = duckdb.connect()
    db.execute("set preserve_insertion_order = true")
    own = db.execute(
        f"select list(commune order by commune) from '{out}/account/communes.parquet'"
    ).fetchone()[0]
    copies = -(-communes // len(own))
    place = "{" + ", ".join(f"'{c}': {n}" for n, c in enumerate(own)) + "}"
    db.execute(f"create macro code(c, k) as lpad((k * {len(own)} + map_from_entries(map_entries(MAP {place}))[c])::varchar, 5, '0')")
    for file in sorted((out / "account").glob("*.parquet")):
        columns = [r[0] for r in db.execute(f"describe select * from '{file}'").fetchall()]
        target = account / file.name
        if "commune" not in columns or file.stem == "levels":
            shutil.copy(file, target)
            continue
        # Each copy is one hundred communes or so of a département.
        selected = []
        for column in columns:
            if column == "commune":
                selected.append("code(t.commune, k) as commune")
            elif column == "departement":
                selected.append(f"lpad((1 + k * {len(own)} * 100 // {communes} % 95)::varchar, 2, '0') as departement")
            else:
                selected.append(f't."{column}"')
        db.execute(
            f"copy (select {', '.join(selected)} from '{file}' t, range({copies}) r(k) "
            f"where t.commune <> '' order by all) to '{target}' (format parquet, compression zstd)"
        )
    db.execute(
        f"copy (select * from ("
        f"select 'territoire' as level, 'T' as territory, 'Tout' as territory_name, commune, {communes}::bigint as communes from '{account}/communes.parquet' "
        f"union all select 'departement', departement, departement, commune, 1::bigint from '{account}/communes.parquet' "
        f"union all select 'epci', 'E' || (commune::int // 28)::varchar, 'EPCI', commune, 28::bigint from '{account}/communes.parquet') "
        f"order by level, territory, commune) to '{account}/levels.parquet' (format parquet)"
    )
    rows = db.execute(f"select count(*) from '{account}/ledger.parquet'").fetchone()[0]
    stock = db.execute(f"select count(*) from '{account}/stock.parquet'").fetchone()[0]
    count = db.execute(f"select count(*) from '{account}/communes.parquet'").fetchone()[0]
    print(f"account: {count} communes, {rows} rows of the ledger, {stock} of the stock", flush=True)


def measured(name, command):
    start = time.time()
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    memory = f"{peak / 1024:8.0f}" if peak > before else f"≤{peak / 1024:7.0f}"
    print(f"{name:<52} {time.time() - start:8.1f} s {memory} MiB", flush=True)


def by_duckdb(work):
    """The same SQL, table by table."""
    db = duckdb.connect()
    db.execute(f"set threads = {os.cpu_count()}")
    for file in (work / "account").glob("*.parquet"):
        db.execute(f"create view {file.stem} as select * from '{file}'")
    target = work / "duckdb"
    target.mkdir()
    first = ["basis", "guarantee", "comparison", "per_inhabitant"]
    for name in first + sorted(p.stem for p in SQL.glob("*.sql") if p.stem not in first):
        sql = (SQL / f"{name}.sql").read_text()
        db.execute(f"create table {name}_ as {sql}")
        if name in first:
            db.execute(f"create view {name} as select * from {name}_")
        db.execute(f"copy {name}_ to '{target}/{name}.csv'")


def by_pandas(work):
    """stock, flux, composition, transitions."""
    import pandas

    target = work / "pandas"
    target.mkdir()
    stock = pandas.read_parquet(work / "account/stock.parquet")
    ledger = pandas.read_parquet(work / "account/ledger.parquet")
    place = ["series", "commune", "departement", "year"]
    area = "area_half_cm2"
    stock["artificial"] = stock[area].where(stock["final"].eq(True), 0)
    stock["impermeable_area"] = stock[area].where(stock["impermeable"].eq(True), 0)
    stock["covered"] = stock[area].where(stock["cs"].notna(), 0)
    sums = stock.groupby(place, dropna=False)[[area, "covered", "artificial", "impermeable_area"]].sum()
    sums["share"] = sums["artificial"] / sums["covered"]
    sums.to_csv(target / "stock.csv")
    keys = place + ["cs", "us", "final", "impermeable"]
    stock.groupby(keys, dropna=False)[area].sum().to_csv(target / "composition.csv")
    period = ["series", "commune", "departement", "year_before", "year_after"]
    before, after = ledger["final_before"], ledger["final_after"]
    ledger["gained"] = ledger[area].where(before.eq(False) & after.eq(True), 0)
    ledger["lost"] = ledger[area].where(before.eq(True) & after.eq(False), 0)
    flux = ledger.groupby(period, dropna=False)[["gained", "lost"]].sum()
    flux["net"] = flux["gained"] - flux["lost"]
    flux.to_csv(target / "flux.csv")
    keys = period + ["cs_before", "us_before", "cs_after", "us_after", "final_before", "final_after", "cause"]
    ledger.groupby(keys, dropna=False)[area].sum().to_csv(target / "transitions.csv")


def main():
    if sys.argv[1] in ("duckdb", "pandas"):
        {"duckdb": by_duckdb, "pandas": by_pandas}[sys.argv[1]](Path(sys.argv[2]))
        return
    program, out, work, communes = Path(sys.argv[1]).resolve(), *map(Path, sys.argv[2:4]), int(sys.argv[4])
    shutil.rmtree(work, ignore_errors=True)
    grown(out.resolve(), work, communes)
    own = [program, "indicators", "all", "--out", work, "--into", work / "ours"]
    # The peak that is told is the largest so far.
    for name, what in (("duckdb", "all tables, communes"), ("pandas", "four tables, communes")):
        measured(f"{name}: {what}", [sys.executable, __file__, name, work])
    measured("millesime: all tables, communes and three levels", own)


if __name__ == "__main__":
    main()
