//! One row for each territory, under the column names of the ministry's published tables, and the
//! same with the outline of the territory: for what reads those tables already.
//!
//! `artif_LEVEL` and `imper_LEVEL` number the vintages from the oldest: `surface_artif_1`,
//! `pourcent_artif_1`, `flux_surface_1_2` (difference of the stocks). Of the published series alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, StringArray};
use arrow::datatypes::{DataType, Field};

use super::geopackage::{ColumnType, LayerKind, Place, Row, Value};
use super::tables::{Cell, cells, write_csv};
use super::{GeoPackage, GeoParquet, Staging};
use crate::align::{Ground, NONE, PUBLISHED};
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::grid::{HALF_CM2_PER_M2, Point};
use crate::indicators::Table;
use crate::levels::Levels;
use crate::partition::{FaceId, Polygon};

/// The folder of these tables among the outputs.
pub const FOLDER: &str = "ministere";

/// The table that they are made of.
pub(super) const STOCK: &str = "stock";

/// The level of communes.
const COMMUNE: &str = "commune";

/// A published indicator: the beginning of its file's name, the column of its area, and the bases on
/// which its share may be given.
struct Measure {
    name: &'static str,
    column: &'static str,
    bases: &'static [&'static str],
}

const MEASURES: [Measure; 2] = [
    Measure {
        name: "artif",
        column: "artificial_m2",
        bases: &["décret"],
    },
    Measure {
        name: "imper",
        column: "impermeable_m2",
        bases: &["décret", "couverture seule"],
    },
];

/// A stock of one territory.
struct Stock {
    years: Vec<u16>,
    area: i64,
    land: i64,
    is_shared: bool,
}

/// A column: its name and its values.
type Column = (String, Vec<Cell>);

/// Where the territories of a level lie.
pub struct Outlines<'a> {
    /// The ground.
    pub ground: &'a Ground,
    /// Its CRS.
    pub crs: &'a Crs,
}

/// Writes the tables of every level; with geometry where the ground has communes.
pub fn write(
    staging: &Staging,
    tables: &[Table],
    levels: &Levels,
    outlines: Option<Outlines>,
) -> Result<()> {
    for table in tables.iter().filter(|t| t.indicator.name == STOCK) {
        let level = table.level.as_deref().unwrap_or(COMMUNE);
        for measure in &MEASURES {
            let columns = columns(level, measure, table, levels)?;
            let name = format!("{}_{level}", measure.name);
            let path = staging.path(format!("{FOLDER}/{name}.csv"))?;
            let file = std::fs::File::create(&path).map_err(|e| Error::unwritable(&path, e))?;
            write_csv(file, &columns, staging.separator())
                .map_err(|e| Error::unwritable(&path, e))?;
            if let Some(outlines) = &outlines {
                let polygons = outlines.of(level, &columns[0].1, levels);
                write_geometry(staging, &name, &columns, &polygons, outlines.crs)?;
            }
        }
    }
    Ok(())
}

/// The columns of one table.
fn columns(level: &str, measure: &Measure, table: &Table, levels: &Levels) -> Result<Vec<Column>> {
    let stocks = stocks(measure, table)?;
    let most = stocks.values().map(|(_, own)| own.len()).max().unwrap_or(0);
    let rows = || stocks.iter();
    let name = measure.name;
    let share = |part: i64, stock: &Stock| match stock.land {
        land if land > 0 && stock.is_shared => Cell::Number(part as f64 * 100.0 / land as f64),
        _ => Cell::Empty,
    };
    let told = |of: &dyn Fn(&[Stock]) -> Option<Cell>| -> Vec<Cell> {
        let cell = |(_, own): &(String, Vec<Stock>)| of(own).unwrap_or(Cell::Empty);
        stocks.values().map(cell).collect()
    };
    let mut columns = vec![
        (
            format!("{level}_code"),
            rows().map(|(code, _)| Cell::Text(code.clone())).collect(),
        ),
        (
            "nom".to_owned(),
            rows()
                .map(|(_, (name, _))| Cell::Text(name.clone()))
                .collect(),
        ),
    ];
    for n in 0..most {
        let years = told(&|own| {
            let years: Vec<String> = own.get(n)?.years.iter().map(u16::to_string).collect();
            Some(Cell::Text(years.join(",")))
        });
        columns.push((format!("millesimes_{}", n + 1), years));
        let shares = told(&|own| own.get(n).map(|stock| share(stock.area, stock)));
        columns.push((format!("pourcent_{name}_{}", n + 1), shares));
        let areas = told(&|own| own.get(n).map(|stock| Cell::Area(stock.area)));
        columns.push((format!("surface_{name}_{}", n + 1), areas));
    }
    for n in 1..most {
        let moved = |own: &[Stock]| Some(own.get(n)?.area - own.get(n - 1)?.area);
        let flux = told(&|own| moved(own).map(Cell::Area));
        columns.push((format!("flux_surface_{n}_{}", n + 1), flux));
        let shares = told(&|own| Some(share(moved(own)?, own.get(n)?)));
        columns.push((format!("flux_percent_{n}_{}", n + 1), shares));
    }
    let territories = Around::of(levels);
    let around = |other: &str| -> Vec<Cell> {
        rows()
            .map(|(code, _)| territories.codes(level, code, other))
            .collect()
    };
    for other in levels.names().into_iter().filter(|other| *other != level) {
        columns.push((format!("{other}_code"), around(other)));
    }
    let land = told(&|own| own.last().map(|stock| Cell::Area(stock.land)));
    columns.push((format!("{level}_surface"), land));
    Ok(columns)
}

/// The stocks of every territory, from the oldest: those of the whole where it lies in several
/// départements. Ground outside all communes is no territory.
fn stocks(measure: &Measure, table: &Table) -> Result<BTreeMap<String, (String, Vec<Stock>)>> {
    let columns: BTreeMap<String, Vec<Cell>> = cells(&table.frame)?.into_iter().collect();
    let column = |name: &str| columns.get(name).map_or(&[][..], Vec::as_slice);
    let text = |name: &str, row: usize| column(name).get(row).map_or(String::new(), Cell::text);
    let area = |name: &str, row: usize| match column(name).get(row) {
        Some(Cell::Area(area)) => *area,
        _ => 0,
    };
    let code = match table.level {
        Some(_) => "territory",
        None => COMMUNE,
    };
    let mut whole: BTreeMap<String, bool> = BTreeMap::new();
    let rows: Vec<usize> = (0..table.frame.height())
        .filter(|&row| text("series", row) == PUBLISHED && !text(code, row).is_empty())
        .collect();
    for &row in &rows {
        *whole.entry(text(code, row)).or_default() |= text("departement", row).is_empty();
    }
    let mut stocks: BTreeMap<String, (String, Vec<Stock>)> = BTreeMap::new();
    for row in rows {
        let territory = text(code, row);
        if whole[&territory] != text("departement", row).is_empty() {
            continue;
        }
        let dates = match table.level {
            Some(_) => text("dates", row),
            None => text("year", row),
        };
        let basis = text("basis", row);
        let stock = Stock {
            years: years(&dates),
            area: area(measure.column, row),
            land: area("area_m2", row),
            is_shared: measure.bases.contains(&basis.as_str()),
        };
        let (_, own) = stocks
            .entry(territory)
            .or_insert_with(|| (text("name", row), Vec::new()));
        own.push(stock);
    }
    for (_, own) in stocks.values_mut() {
        own.sort_by(|p, q| p.years.last().cmp(&q.years.last()));
    }
    Ok(stocks)
}

/// The years of "2022 (32) · 2018 (65)", increasing, each once.
fn years(dates: &str) -> Vec<u16> {
    let words = dates.split(|c: char| c.is_whitespace() || c == '·');
    let mut years: Vec<u16> = words.filter_map(|word| word.parse().ok()).collect();
    years.sort_unstable();
    years.dedup();
    years
}

/// The communes of every territory, and the territory of every commune, by level.
struct Around<'a> {
    members: BTreeMap<(&'a str, &'a str), Vec<&'a str>>,
    territory: BTreeMap<(&'a str, &'a str), &'a str>,
}

impl<'a> Around<'a> {
    fn of(levels: &'a Levels) -> Self {
        let mut around = Self {
            members: BTreeMap::new(),
            territory: BTreeMap::new(),
        };
        for m in &levels.members {
            let own = around.members.entry((&m.level, &m.territory));
            own.or_default().push(&m.commune);
            around
                .territory
                .insert((&m.level, &m.commune), &m.territory);
        }
        around
    }

    /// The territories of another level that a territory lies in, separated by commas.
    fn codes(&self, level: &str, code: &str, other: &str) -> Cell {
        let own = [code];
        let communes = match level {
            COMMUNE => &own[..],
            _ => self
                .members
                .get(&(level, code))
                .map_or(&[][..], Vec::as_slice),
        };
        let found = communes
            .iter()
            .filter_map(|c| self.territory.get(&(other, *c)));
        let codes: BTreeSet<&str> = found.copied().collect();
        match codes.is_empty() {
            true => Cell::Empty,
            false => Cell::Text(codes.into_iter().collect::<Vec<_>>().join(",")),
        }
    }
}

impl Outlines<'_> {
    /// The polygons of the territories of a level, in the order of their codes.
    fn of(&self, level: &str, codes: &[Cell], levels: &Levels) -> Vec<Vec<Polygon>> {
        let codes: Vec<String> = codes.iter().map(Cell::text).collect();
        // Codes are sorted.
        let number = |code: &str| codes.binary_search_by(|own| own.as_str().cmp(code)).ok();
        let territory: BTreeMap<&str, usize> = match level {
            COMMUNE => {
                let communes = self.ground.communes.iter();
                communes
                    .filter_map(|c| Some((&*c.code, number(&c.code)?)))
                    .collect()
            }
            _ => levels
                .members
                .iter()
                .filter(|m| m.level == level)
                .filter_map(|m| Some((m.commune.as_str(), number(&m.territory)?)))
                .collect(),
        };
        let of_commune: Vec<Option<&usize>> = self
            .ground
            .communes
            .iter()
            .map(|c| territory.get(&*c.code))
            .collect();
        let keys: Vec<u32> = self
            .ground
            .commune
            .iter()
            .map(|&commune| match commune {
                NONE => 0,
                n => of_commune[n as usize].map_or(0, |&t| t as u32 + 1),
            })
            .collect();
        let dissolved = self.ground.partition.dissolve(&keys);
        let mut polygons = vec![Vec::new(); codes.len()];
        for (face, &member) in dissolved.members.iter().enumerate() {
            let key = keys[member as usize];
            if key > 0
                && let Some(polygon) = dissolved.partition.polygon(face as FaceId)
            {
                polygons[key as usize - 1].push(polygon);
            }
        }
        polygons
    }
}

/// Writes a table with its geometry, as GeoPackage and as GeoParquet.
fn write_geometry(
    staging: &Staging,
    name: &str,
    columns: &[Column],
    polygons: &[Vec<Polygon>],
    crs: &Crs,
) -> Result<()> {
    let is_number = |values: &[Cell]| {
        values
            .iter()
            .any(|v| matches!(v, Cell::Area(_) | Cell::Number(_)))
    };
    let number = |cell: &Cell| match cell {
        Cell::Area(half_cm2) => Some(*half_cm2 as f64 / HALF_CM2_PER_M2 as f64),
        Cell::Number(number) => Some(*number),
        _ => None,
    };
    let text = |cell: &Cell| match cell {
        Cell::Text(text) => Some(text.clone()),
        _ => None,
    };
    let mut package = GeoPackage::create(&staging.path(format!("{FOLDER}/{name}.gpkg"))?)?;
    let kinds: Vec<(&str, ColumnType)> = columns
        .iter()
        .map(|(column, values)| match is_number(values) {
            true => (column.as_str(), ColumnType::Real),
            false => (column.as_str(), ColumnType::Text),
        })
        .collect();
    package.add_layer(name, &kinds, crs, LayerKind::MultiPolygon)?;
    let rows: Vec<Row> = polygons
        .iter()
        .enumerate()
        .map(|(n, own)| Row {
            place: Place::Polygons(own),
            values: columns
                .iter()
                .map(|(_, values)| match &values[n] {
                    Cell::Text(text) => Value::Text(text),
                    cell => number(cell).map_or(Value::Empty, Value::Real),
                })
                .collect(),
        })
        .collect();
    package.write(name, &rows)?;
    package.finish()?;

    let field = |(column, values): &Column| match is_number(values) {
        true => Field::new(column, DataType::Float64, true),
        false => Field::new(column, DataType::Utf8, true),
    };
    let fields = columns.iter().map(field).collect();
    let path = staging.path(format!("{FOLDER}/{name}.parquet"))?;
    let mut file = GeoParquet::create(&path, fields, crs)?;
    let arrays = |rows: &[usize]| -> Vec<ArrayRef> {
        let array = |(_, values): &Column| -> ArrayRef {
            match is_number(values) {
                true => Arc::new(
                    rows.iter()
                        .map(|&n| number(&values[n]))
                        .collect::<Float64Array>(),
                ),
                false => Arc::new(
                    rows.iter()
                        .map(|&n| text(&values[n]))
                        .collect::<StringArray>(),
                ),
            }
        };
        columns.iter().map(array).collect()
    };
    let centre = |own: &Vec<Polygon>| {
        let first = own.first().and_then(|p| p.exterior.first());
        first.copied().unwrap_or(Point::new(0, 0))
    };
    let centres: Vec<Point> = polygons.iter().map(centre).collect();
    file.write(&centres, arrays, |n| polygons[n].clone())?;
    file.finish()
}
