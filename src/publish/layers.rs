//! The layers: faces of a period, vintages in their clean form.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field};

use super::GeoParquet;
use crate::align::{Ground, NONE, OnGround};
use crate::crs::Crs;
use crate::error::Result;
use crate::grid::{HALF_CM2_PER_M2, Point};
use crate::ledger::{Change, PUBLISHED, PeriodFaces, Side, VintageStatus, commune_code};
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

/// Writes the faces of a period.
pub fn faces(
    path: &Path,
    ground: &Ground,
    period: &PeriodFaces,
    reference: &Reference,
    crs: &Crs,
) -> Result<()> {
    let kept: Vec<(FaceId, Change)> = period
        .changes
        .iter()
        .enumerate()
        .filter_map(|(f, change)| Some((f as FaceId, (*change)?)))
        .collect();
    let mut fields = vec![
        text("series", false),
        text("commune", false),
        text("cause", false),
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
            flag(&format!("computed_{when}")),
            flag(&format!("other_forcing_{when}")),
            flag(&format!("exempted_{when}")),
            flag(&format!("zc_{when}")),
            text(&format!("id_{when}"), true),
            text(&format!("code_or_{when}"), true),
        ]);
    }
    fields.extend(area_fields());
    let mut file = GeoParquet::create(path, fields, crs)?;
    let columns = |rows: &[usize]| -> Vec<ArrayRef> {
        let changes = || rows.iter().map(|&r| &kept[r].1);
        let mut arrays = vec![
            texts(changes().map(|_| Some(PUBLISHED))),
            texts(changes().map(|c| Some(commune_code(ground, c.commune)))),
            texts(changes().map(|c| Some(c.cause.name()))),
        ];
        let (before, after) = period.vintages;
        for (vintage, is_before) in [(before, true), (after, false)] {
            let side = |c: &Change| if is_before { c.before } else { c.after };
            let objects = &ground.vintages[vintage].objects;
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
                flags(state().map(|s| s.computed)),
                flags(state().map(|s| s.other_forcing)),
                flags(state().map(|s| s.exempted)),
                flags(state().map(|s| s.zone)),
                texts(sides().map(|s| object(s).and_then(|o| some(&o.id)))),
                texts(sides().map(|s| object(s).and_then(|o| some(&o.code_or)))),
            ]);
        }
        let areas = rows.iter().map(|&r| period.partition.area(kept[r].0));
        arrays.extend(area_columns(areas));
        arrays
    };
    let ids: Vec<FaceId> = kept.iter().map(|(f, _)| *f).collect();
    file.write(&centres(&period.partition, &ids), columns, |row| {
        polygon(&period.partition, ids[row])
    })?;
    file.finish()
}

/// Writes a vintage in its clean form: the ground of `departement`, by object.
pub fn vintage(
    path: &Path,
    ground: &Ground,
    (number, departement): (usize, usize),
    decided: &VintageStatus,
    reference: &Reference,
    crs: &Crs,
) -> Result<()> {
    let vintage = &ground.vintages[number];
    // The vintage's own faces, cut by département only.
    let keys: Vec<u32> = (0..ground.partition.face_count())
        .map(|f| {
            let is_here = ground.departement[f] == departement as u32;
            let own = vintage.face[f];
            if is_here && vintage.object[own as usize] != NONE {
                own
            } else {
                0
            }
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
    let own = |row: usize| vintage.face[dissolved.members[kept[row] as usize] as usize] as usize;
    let columns = |rows: &[usize]| -> Vec<ArrayRef> {
        let objects = || {
            rows.iter()
                .map(|&r| &vintage.objects[vintage.object[own(r)] as usize])
        };
        let statuses = || rows.iter().map(|&r| decided.faces[own(r)]);
        let optional = |of: fn(&Object) -> &str| texts(objects().map(move |o| some(of(o))));
        let areas = rows.iter().map(|&r| dissolved.partition.area(kept[r]));
        vec![
            optional(|o| &o.id),
            texts(objects().map(|o| Some(reference.cover.text(o.cover)))),
            texts(objects().map(|o| Some(reference.usage.text(o.usage)))),
            texts(objects().map(|_| Some(vintage.year.to_string()))),
            optional(|o| &o.source),
            flags(objects().map(|o| o.ossature)),
            optional(|o| &o.id_origine),
            optional(|o| &o.code_or),
            flags(statuses().map(|s| s.matrix)),
            flags(statuses().map(|s| s.last)),
            flags(statuses().map(|s| s.threshold)),
            flags(statuses().map(|s| s.edge)),
            flags(objects().map(|o| Some(o.official.is_some()))),
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
