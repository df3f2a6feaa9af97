//! The layers: faces of a period, vintages in their clean form.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field};
use serde::{Deserialize, Serialize};

use super::{GeoParquet, hilbert_order};
use crate::align::{ALIGNED, Cause, Ground, NONE, OnGround, Series, Verdict};
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::grid::{HALF_CM2_PER_M2, Point};
use crate::ledger::{Change, PeriodFaces, Side, VintageStatus, commune_code};
use crate::partition::{FaceId, Partition, Polygon};
use crate::reference::Reference;
use crate::vintage::Object;

fn text(name: &str, is_nullable: bool) -> Field {
    Field::new(name, DataType::Utf8, is_nullable)
}

fn flag(name: &str) -> Field {
    Field::new(name, DataType::Boolean, true)
}

fn texts<T: AsRef<str>>(values: impl Iterator<Item = Option<T>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

fn flags(values: impl Iterator<Item = Option<bool>>) -> ArrayRef {
    Arc::new(values.collect::<BooleanArray>())
}

/// The columns of the area: in square metres, and exactly.
fn area_fields() -> [Field; 2] {
    [
        Field::new("area_m2", DataType::Float64, false),
        Field::new("area_half_cm2", DataType::Int64, false),
    ]
}

/// The values of [`area_fields`], from half square centimetres.
fn area_columns(areas: impl Iterator<Item = i64> + Clone) -> [ArrayRef; 2] {
    let square_metres = |half_cm2: i64| half_cm2 as f64 / HALF_CM2_PER_M2 as f64;
    [
        Arc::new(Float64Array::from_iter_values(
            areas.clone().map(square_metres),
        )),
        Arc::new(Int64Array::from_iter_values(areas)),
    ]
}

/// A point of each face, to order them by: the first of its outer ring.
fn centres(partition: &Partition, faces: &[FaceId]) -> Vec<Point> {
    faces.iter().map(|&f| partition.first_point(f)).collect()
}

/// The polygon of a bounded face.
fn polygon(partition: &Partition, face: FaceId) -> Polygon {
    partition.polygon(face).unwrap_or_default()
}

/// Not empty.
fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Writes the faces of a period, in each series.
pub fn faces(
    path: &Path,
    ground: &Ground,
    periods: &[PeriodFaces],
    reference: &Reference,
    crs: &Crs,
) -> Result<()> {
    let kept: Vec<(&PeriodFaces, FaceId, Change)> = periods
        .iter()
        .flat_map(|period| {
            let changes = period.changes.iter().enumerate();
            changes.filter_map(move |(f, change)| Some((period, f as FaceId, (*change)?)))
        })
        .collect();
    let mut fields = vec![
        text("series", false),
        text("commune", false),
        text("cause", false),
        text("verdict", true),
        text("cs_observed", true),
        text("us_observed", true),
        Field::new("change_probability", DataType::Float64, true),
    ];
    for when in ["before", "after"] {
        fields.extend([
            text(&format!("cs_{when}"), true),
            text(&format!("us_{when}"), true),
            flag(&format!("matrix_{when}")),
            flag(&format!("final_{when}")),
            flag(&format!("threshold_{when}")),
            flag(&format!("edge_{when}")),
            flag(&format!("impermeable_{when}")),
            flag(&format!("official_{when}")),
            flag(&format!("computed_{when}")),
            flag(&format!("other_forcing_{when}")),
            flag(&format!("exempted_{when}")),
            flag(&format!("zc_{when}")),
            text(&format!("id_{when}"), true),
            text(&format!("code_or_{when}"), true),
            text(&format!("source_{when}"), true),
        ]);
    }
    fields.extend(area_fields());
    let mut file = GeoParquet::create(path, fields, crs)?;
    let columns = |rows: &[usize]| -> Vec<ArrayRef> {
        let changes = || rows.iter().map(|&r| &kept[r].2);
        let mut arrays = vec![
            texts(rows.iter().map(|&r| Some(kept[r].0.series))),
            texts(changes().map(|c| Some(commune_code(ground, c.commune)))),
            texts(changes().map(|c| Some(c.cause.name()))),
            texts(changes().map(|c| c.verdict.map(Verdict::name))),
            texts(changes().map(|c| c.observed.map(|o| reference.cover.text(o.0)))),
            texts(changes().map(|c| c.observed.map(|o| reference.usage.text(o.1)))),
            Arc::new(changes().map(|c| c.probability).collect::<Float64Array>()),
        ];
        for is_before in [true, false] {
            let side = |c: &Change| if is_before { c.before } else { c.after };
            let objects = &ground.objects;
            let sides = || changes().map(side);
            let state = || sides().map(|s| s.state);
            let object = |s: Side| (s.object != NONE).then(|| &objects[s.object as usize]);
            arrays.extend([
                texts(state().map(|s| s.codes.map(|c| reference.cover.text(c.0)))),
                texts(state().map(|s| s.codes.map(|c| reference.usage.text(c.1)))),
                flags(state().map(|s| s.matrix)),
                flags(state().map(|s| s.last)),
                flags(state().map(|s| s.threshold)),
                flags(state().map(|s| s.edge)),
                flags(state().map(|s| s.impermeable)),
                flags(state().map(|s| s.official)),
                flags(state().map(|s| s.computed)),
                flags(state().map(|s| s.other_forcing)),
                flags(state().map(|s| s.exempted)),
                flags(state().map(|s| s.zone)),
                texts(sides().map(|s| object(s).and_then(|o| some(&o.id)))),
                texts(sides().map(|s| object(s).and_then(|o| some(&o.code_or)))),
                texts(sides().map(|s| object(s).and_then(|o| some(&o.source)))),
            ]);
        }
        let areas = rows.iter().map(|&r| kept[r].0.partition.area(kept[r].1));
        arrays.extend(area_columns(areas));
        arrays
    };
    let shape = |row: usize| {
        let (period, face, _) = kept[row];
        polygon(&period.partition, face)
    };
    let (order, index) = by_commune(ground, &kept);
    let (changes, unchanged) = order.split_at(index.changes as usize);
    for group in changes.chunks(GROUP_OF_CHANGES) {
        file.write_in_order(group, columns, shape)?;
        file.end_group()?;
    }
    file.write_in_order(unchanged, columns, shape)?;
    let index = serde_json::to_string(&index)
        .map_err(|e| Error::Internal(format!("index of the faces: {e}")))?;
    file.note(INDEX, index);
    file.finish()
}

/// Key of the index in the metadata of a file.
pub const INDEX: &str = "millesime:faces";

/// Where the faces of each commune are in a file: changes come before what is unchanged, and in both the
/// faces of a commune stand together.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Index {
    /// Rows of changes, at the beginning of the file.
    pub changes: u64,
    /// First row and number of rows of every stretch of a commune.
    pub communes: BTreeMap<String, Vec<(u64, u64)>>,
}

/// Rows of changes in a row group: those of one commune are a part of one or two.
const GROUP_OF_CHANGES: usize = 8_192;

/// The order of faces in their file, and where those of each commune are: changes first, then what is
/// unchanged; in both commune by commune along a Hilbert curve, and so within each.
fn by_commune(ground: &Ground, kept: &[(&PeriodFaces, FaceId, Change)]) -> (Vec<usize>, Index) {
    let centres: Vec<Point> = kept
        .iter()
        .map(|(period, face, _)| period.partition.first_point(*face))
        .collect();
    let mut order = hilbert_order(&centres);
    // Communes in the order in which the curve first meets them.
    let mut places: HashMap<u32, usize> = HashMap::new();
    for &row in &order {
        let next = places.len();
        places.entry(kept[row].2.commune).or_insert(next);
    }
    let is_unchanged = |row: usize| kept[row].2.cause == Cause::Unchanged;
    order.sort_by_key(|&row| (is_unchanged(row), places[&kept[row].2.commune]));
    let mut index = Index::default();
    let mut first = 0;
    for stretch in order.chunk_by(|&a, &b| {
        is_unchanged(a) == is_unchanged(b) && kept[a].2.commune == kept[b].2.commune
    }) {
        let length = stretch.len() as u64;
        if !is_unchanged(stretch[0]) {
            index.changes += length;
        }
        let commune = commune_code(ground, kept[stretch[0]].2.commune).to_string();
        let own = index.communes.entry(commune).or_default();
        own.push((first, length));
        first += length;
    }
    (order, index)
}

/// Writes a vintage in its clean form: the ground of `departement`, by object.
pub fn vintage(
    path: &Path,
    ground: &Ground,
    series: &Series,
    (number, departement): (usize, usize),
    decided: &VintageStatus,
    reference: &Reference,
    crs: &Crs,
) -> Result<()> {
    let (vintage, version) = (&ground.vintages[number], &series.versions[number]);
    // An aligned vintage is the one before and what changed: it tells what changed ground was.
    let chain = ground.chain(departement);
    let place = chain.iter().position(|&v| v == number).unwrap_or(0);
    let previous = chain[..place].last().filter(|_| series.name == ALIGNED);
    let previous = previous.map(|&v| &series.versions[v]);
    let origin = |f: FaceId| match previous.map(|v| v.object_at(f)) {
        Some(object) if object != version.object_at(f) => object,
        _ => NONE,
    };
    // The vintage's own faces, cut by département and by what they were.
    let mut numbers = HashMap::new();
    let keys: Vec<u32> = (0..ground.partition.face_count() as FaceId)
        .map(|f| {
            let is_here = ground.departement[f as usize] == departement as u32;
            if !is_here || version.object_at(f) == NONE {
                return 0;
            }
            let next = numbers.len() as u32 + 1;
            *numbers
                .entry((version.face[f as usize], origin(f)))
                .or_insert(next)
        })
        .collect();
    let dissolved = ground.partition.dissolve(&keys);
    let kept: Vec<FaceId> = (0..dissolved.members.len() as FaceId)
        .filter(|&f| keys[dissolved.members[f as usize] as usize] != 0)
        .collect();
    let mut fields = vec![
        text("id", true),
        text("code_cs", false),
        text("code_us", false),
        text("millesime", false),
        text("source", true),
        flag("ossature"),
        text("id_origine", true),
        text("code_or", true),
        flag("matrix"),
        flag("artif"),
        flag("crit_seuil"),
        flag("edge"),
        flag("official"),
    ];
    fields.extend(area_fields());
    let mut file = GeoParquet::create(path, fields, crs)?;
    let origins = |rows: &[usize]| -> Vec<Option<&Object>> {
        let objects = rows
            .iter()
            .map(|&r| origin(dissolved.members[kept[r] as usize]));
        objects
            .map(|o| (o != NONE).then(|| &ground.objects[o as usize]))
            .collect()
    };
    let own = |row: usize| version.face[dissolved.members[kept[row] as usize] as usize] as usize;
    let columns = |rows: &[usize]| -> Vec<ArrayRef> {
        let objects = || {
            rows.iter()
                .map(|&r| &ground.objects[version.object[own(r)] as usize])
        };
        let statuses = || rows.iter().map(|&r| decided.faces[own(r)]);
        let optional = |of: fn(&Object) -> &str| texts(objects().map(move |o| some(of(o))));
        let origins = origins(rows);
        let id_origine = objects()
            .zip(&origins)
            .map(|(o, origin)| some(origin.map_or(&o.id_origine, |origin| &origin.id)));
        let code_or = objects().zip(&origins).map(|(o, origin)| match origin {
            None => some(&o.code_or).map(str::to_owned),
            Some(origin) => Some(format!(
                "{} {}",
                reference.cover.text(origin.cover),
                reference.usage.text(origin.usage)
            )),
        });
        let areas = rows.iter().map(|&r| dissolved.partition.area(kept[r]));
        vec![
            optional(|o| &o.id),
            texts(objects().map(|o| Some(reference.cover.text(o.cover)))),
            texts(objects().map(|o| Some(reference.usage.text(o.usage)))),
            texts(objects().map(|_| Some(vintage.year.to_string()))),
            optional(|o| &o.source),
            flags(objects().map(|o| o.ossature)),
            texts(id_origine),
            texts(code_or),
            flags(statuses().map(|s| s.matrix)),
            flags(statuses().map(|s| s.last)),
            flags(statuses().map(|s| s.threshold)),
            flags(statuses().map(|s| s.edge)),
            flags(objects().map(|o| Some(series.is_official && o.official.is_some()))),
        ]
        .into_iter()
        .chain(area_columns(areas))
        .collect()
    };
    file.write(&centres(&dissolved.partition, &kept), columns, |row| {
        polygon(&dissolved.partition, kept[row])
    })?;
    file.finish()
}

/// Writes the zone construite of a vintage in a département; nothing when it has none.
pub fn zone_construite(
    path: &Path,
    ground: &Ground,
    vintage: &OnGround,
    departement: usize,
    crs: &Crs,
) -> Result<()> {
    let Some(zone) = &vintage.zone else {
        return Ok(());
    };
    let keys: Vec<u32> = (0..ground.partition.face_count())
        .map(|f| u32::from(zone[f] && ground.departement[f] == departement as u32))
        .collect();
    let dissolved = ground.partition.dissolve(&keys);
    let kept: Vec<FaceId> = (0..dissolved.members.len() as FaceId)
        .filter(|&f| keys[dissolved.members[f as usize] as usize] != 0)
        .collect();
    let mut fields = vec![text("millesime", false)];
    fields.extend(area_fields());
    let mut file = GeoParquet::create(path, fields, crs)?;
    let columns = |rows: &[usize]| -> Vec<ArrayRef> {
        let areas = rows.iter().map(|&r| dissolved.partition.area(kept[r]));
        vec![texts(rows.iter().map(|_| Some(vintage.year.to_string())))]
            .into_iter()
            .chain(area_columns(areas))
            .collect()
    };
    file.write(&centres(&dissolved.partition, &kept), columns, |row| {
        polygon(&dissolved.partition, kept[row])
    })?;
    file.finish()
}
