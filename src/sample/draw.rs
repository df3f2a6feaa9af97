//! Drawing the points.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arrow::array::{Array, BooleanArray};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::{COLUMNS, Kind, LAYER};
use crate::align::{ALIGNED, PUBLISHED, Verdict};
use crate::crs::Crs;
use crate::error::{Error, Result, suggest};
use crate::grid::Point;
use crate::publish::{ColumnType, GeoPackage, LayerKind, Place, Row, Value};
use crate::query::{self, Batch, FaceFile, Need, Store};
use crate::vector::{Ring, polygons};

/// What is to be drawn.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Folder of the outputs of a run.
    pub out: PathBuf,
    /// Period, such as `2018-2021`; needed where the run has several.
    pub period: Option<String>,
    /// Series; the aligned one where the run made it, when not given.
    pub series: Option<String>,
    /// Number of points.
    pub count: usize,
    /// What chance follows from.
    pub seed: u64,
}

/// What was drawn.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The period.
    pub period: String,
    /// The series.
    pub series: String,
    /// Strata: their ground in half square centimetres, and their points.
    pub strata: BTreeMap<Kind, (i64, usize)>,
    /// Ground whose status is not known, which no point is drawn on.
    pub unknown: i64,
}

/// A point, and the codes of the ground that it lies on.
struct Drop {
    kind: Kind,
    at: Point,
    codes: [String; 4],
}

/// Most points of a draw.
const MOST: usize = 1_000_000;

/// Draws points and writes them into the GeoPackage `path`, which must not be there yet.
pub fn draw(plan: &Plan, path: &Path) -> Result<Drawn> {
    if path.exists() {
        return Err(Error::input(
            path.display(),
            "is there already",
            "give a new name: points that people checked are never replaced",
        ));
    }
    if plan.count > MOST {
        return Err(Error::input(
            "--count",
            format!("{} points are more than anyone checks", plan.count),
            format!("give at most {MOST}"),
        ));
    }
    if plan.count < Kind::ALL.len() * 2 {
        return Err(Error::input(
            "--count",
            format!("{} points are too few to say anything", plan.count),
            format!("give at least {}", Kind::ALL.len() * 2),
        ));
    }
    let (period, files) = files(plan)?;
    let series = match &plan.series {
        Some(series) => series.clone(),
        None if plan.out.join(ALIGNED).is_dir() => ALIGNED.to_owned(),
        None => PUBLISHED.to_owned(),
    };
    query::require_listed(&plan.out, "series", &series)?;
    // Once through the faces for the areas, once for those that a point falls on.
    let store = Store::new(&plan.out);
    let (areas, unknown) = measure(&store, &files, &series)?;
    if areas.is_empty() {
        return Err(Error::input(
            plan.out.display(),
            format!("has no ground of known status in the series {series}"),
            "give another series with --series, or another period",
        ));
    }
    let counts = allocate(&areas, plan.count);
    let mut chance = Pcg64Mcg::seed_from_u64(plan.seed);
    let mut targets: BTreeMap<Kind, Vec<i64>> = BTreeMap::new();
    for (&kind, &count) in &counts {
        let area = areas[&kind];
        let mut drawn: Vec<i64> = (0..count)
            .map(|_| ((chance.random::<f64>() * area as f64) as i64).min(area - 1))
            .collect();
        drawn.sort_unstable_by(|a, b| b.cmp(a));
        targets.insert(kind, drawn);
    }
    let mut reached: BTreeMap<Kind, i64> = BTreeMap::new();
    let mut drops = Vec::with_capacity(plan.count);
    let mut crs = None;
    for file in &files {
        let found = scan(&store, file, &series, |kind, area, batch, row| {
            let Some(kind) = kind else { return Ok(()) };
            let before = reached.entry(kind).or_default();
            *before += area;
            let own = targets.entry(kind).or_default();
            while own.last().is_some_and(|target| target < before) {
                own.pop();
                let shape = polygons(batch.geometry()?.value(row));
                let rings = shape.and_then(|s| s.polygons.into_iter().next());
                let at = rings.and_then(|rings| inside(&rings, &mut chance));
                let at =
                    at.ok_or_else(|| Error::unreadable(batch.path(), "a polygon holds no point"))?;
                let mut codes: [String; 4] = Default::default();
                let names = ["cs_before", "us_before", "cs_after", "us_after"];
                for (code, name) in codes.iter_mut().zip(names) {
                    let column = batch.text(name)?;
                    if column.is_valid(row) {
                        column.value(row).clone_into(code);
                    }
                }
                drops.push(Drop { kind, at, codes });
            }
            Ok(())
        })?;
        crs = Some(found);
    }
    let crs = crs.ok_or_else(|| Error::Internal("no file of faces".to_owned()))?;
    write(path, &crs, (&period, &series), &areas, &drops)?;
    Ok(Drawn {
        period,
        series,
        strata: areas
            .into_iter()
            .map(|(kind, area)| (kind, (area, counts[&kind])))
            .collect(),
        unknown,
    })
}

/// The ground of each stratum, and that whose status is not known, in half square centimetres.
fn measure(store: &Store, files: &[String], series: &str) -> Result<(BTreeMap<Kind, i64>, i64)> {
    let mut areas: BTreeMap<Kind, i64> = BTreeMap::new();
    let mut unknown = 0;
    for file in files {
        scan(store, file, series, |kind, area, _, _| {
            match kind {
                Some(kind) => *areas.entry(kind).or_default() += area,
                None => unknown += area,
            }
            Ok(())
        })?;
    }
    Ok((areas, unknown))
}

/// The strata of a period and a series of the run in `out`.
pub(super) fn strata(out: &Path, period: &str, series: &str) -> Result<BTreeMap<Kind, i64>> {
    let plan = Plan {
        out: out.to_owned(),
        period: Some(period.to_owned()),
        series: None,
        count: 0,
        seed: 0,
    };
    let (_, files) = files(&plan)?;
    Ok(measure(&Store::new(out), &files, series)?.0)
}

/// Half of the points shared equally, half by area; at least two each.
fn allocate(areas: &BTreeMap<Kind, i64>, count: usize) -> BTreeMap<Kind, usize> {
    let total: i64 = areas.values().sum();
    let equal = count as f64 / 2.0 / areas.len() as f64;
    let share = |area: i64| equal + count as f64 / 2.0 * area as f64 / total as f64;
    let points = |area: i64| (share(area).round() as usize).max(2);
    areas.iter().map(|(&k, &a)| (k, points(a))).collect()
}

/// The period, and its files of faces.
fn files(plan: &Plan) -> Result<(String, Vec<String>)> {
    let mut periods: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for faces in Store::new(&plan.out).faces()? {
        periods.entry(faces.period).or_default().push(faces.file);
    }
    let known = || periods.keys().map(String::as_str);
    let period = match (&plan.period, periods.len()) {
        (Some(period), _) if periods.contains_key(period) => period.clone(),
        (Some(period), _) => {
            return Err(Error::input(
                plan.out.display(),
                format!("has no period {period}"),
                suggest(period, known()),
            ));
        }
        (None, 1) => known().next().unwrap_or_default().to_owned(),
        (None, _) => {
            return Err(Error::input(
                plan.out.display(),
                "has several periods",
                format!(
                    "choose one with --period: {}",
                    known().collect::<Vec<_>>().join(", ")
                ),
            ));
        }
    };
    let files = periods.remove(&period).unwrap_or_default();
    Ok((period, files))
}

/// Visits the faces of one series: stratum, area in half square centimetres, and where the row
/// is; returns the CRS of the file.
fn scan(
    store: &Store,
    file: &str,
    series: &str,
    mut visit: impl FnMut(Option<Kind>, i64, &Batch, usize) -> Result<()>,
) -> Result<Crs> {
    let file = FaceFile::open(store, file)?;
    let crs = file.crs()?;
    let mut batches = file.read(Need::default())?;
    while let Some(batch) = batches.next()? {
        let (before, after) = (batch.flag("final_before")?, batch.flag("final_after")?);
        let (own_series, communes) = (batch.text("series")?, batch.text("commune")?);
        let (verdicts, areas) = (batch.text("verdict")?, batch.area()?);
        for row in 0..batch.rows.num_rows() {
            if own_series.value(row) != series || communes.value(row).is_empty() {
                continue;
            }
            let status = |column: &BooleanArray| column.is_valid(row).then(|| column.value(row));
            let verdict = verdicts.is_valid(row).then(|| verdicts.value(row));
            let is_noise = verdict
                .and_then(Verdict::named)
                .is_some_and(Verdict::is_noise);
            let kind = Kind::of(status(before), status(after), is_noise);
            visit(kind, areas.value(row), &batch, row)?;
        }
    }
    Ok(crs)
}

/// Most throws at a polygon before it is given up.
const THROWS: usize = 1_000_000;

/// A point of the polygon, all equally likely.
fn inside(rings: &[Ring], chance: &mut Pcg64Mcg) -> Option<Point> {
    let outer = rings.first()?;
    let bounds = |of: fn(&(f64, f64)) -> f64| {
        let values = outer.iter().map(of);
        let least = values.clone().fold(f64::INFINITY, f64::min);
        (least, values.fold(f64::NEG_INFINITY, f64::max))
    };
    let ((west, east), (south, north)) = (bounds(|p| p.0), bounds(|p| p.1));
    for _ in 0..THROWS {
        let x = west + chance.random::<f64>() * (east - west);
        let y = south + chance.random::<f64>() * (north - south);
        let edges = rings.iter().flat_map(|ring| ring.windows(2));
        let crossed = edges.filter(|edge| {
            let ((ax, ay), (bx, by)) = (edge[0], edge[1]);
            (ay > y) != (by > y) && x < ax + (y - ay) / (by - ay) * (bx - ax)
        });
        if crossed.count() % 2 == 1 {
            return Point::from_metres(x, y);
        }
    }
    None
}

fn write(
    path: &Path,
    crs: &Crs,
    (period, series): (&str, &str),
    areas: &BTreeMap<Kind, i64>,
    drops: &[Drop],
) -> Result<()> {
    let kind_of = |name: &str| match name {
        "seen_before" | "seen_after" => ColumnType::Integer,
        _ => ColumnType::Text,
    };
    let columns: Vec<(&str, ColumnType)> = COLUMNS.iter().map(|&c| (c, kind_of(c))).collect();
    let texts: BTreeMap<Kind, String> = areas.iter().map(|(&k, a)| (k, a.to_string())).collect();
    let total = areas.values().sum::<i64>().to_string();
    let mut file = GeoPackage::create(path)?;
    file.add_layer(LAYER, &columns, crs, LayerKind::Point)?;
    let rows: Vec<Row> = drops
        .iter()
        .map(|drop| {
            let mut values = vec![
                Value::Text(period),
                Value::Text(series),
                Value::Text(drop.kind.name()),
                Value::Text(&texts[&drop.kind]),
                Value::Text(&total),
            ];
            values.extend(drop.codes.iter().map(|code| Value::Text(code)));
            values.extend([Value::Empty; 5]);
            Row {
                place: Place::Point(drop.at),
                values,
            }
        })
        .collect();
    file.write(LAYER, &rows)?;
    file.finish()
}
