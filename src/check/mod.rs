//! Is a vintage a valid partition with valid codes? Everything that is not, and where.

mod border;

use std::collections::BTreeMap;
use std::path::Path;

use gdal::vector::Geometry;

pub use border::{Border, border};

use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::grid::{HALF_CM2_PER_M2, Point};
use crate::partition::{FaceId, Overlay, Partition};
use crate::reference::{Nomenclature, Reference};
use crate::vector::{Layer, Opening};
use crate::vintage::{Intake, object_columns, open_product};

/// How many places a finding names.
const NAMED: usize = 10;

/// What was found in one file.
pub struct Report {
    /// The file and its layer.
    pub place: String,
    /// Rows read.
    pub rows: u64,
    /// Polygons, each part of a multi-polygon counted.
    pub polygons: u32,
    /// Ground that they cover, in half square centimetres.
    pub covered: i64,
    /// What is amiss, the faults first.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing found makes the vintage invalid.
    pub fn is_valid(&self) -> bool {
        self.findings.iter().all(|f| !f.is_fault)
    }
}

/// One kind of thing that is amiss.
pub struct Finding {
    /// What it is.
    pub what: String,
    /// Whether it makes the vintage invalid; else it is worth knowing, no more.
    pub is_fault: bool,
    /// How often it occurs.
    pub count: u64,
    /// Ground concerned, in half square centimetres, where that has a meaning.
    pub area: Option<i64>,
    /// Where, the most important first.
    pub places: Vec<String>,
}

/// Checks the vintage in the file at `path`, against the ground of `frame` if one is given.
pub fn check(
    path: &Path,
    layer: Option<&str>,
    frame: Option<&Path>,
    reference: &Reference,
) -> Result<Report> {
    let layer = open_product(path, layer, None)?;
    let place = layer.place();
    let crs = grid_crs(&layer, &place)?;
    let mut objects = read_objects(layer, &crs, reference)?;
    let mut findings = objects.findings();
    let mut builder = std::mem::take(&mut objects.intake.builder);
    let polygons = builder.item_count();
    if let Some(frame) = frame {
        builder.append(read_frame(frame, &crs)?.builder);
    }
    let overlay = builder.build();
    overlay
        .verify()
        .map_err(|defect| Error::Internal(format!("the partition is not one: {defect}")))?;
    findings.extend(overlaps(&overlay, polygons, &objects));
    findings.extend(collapsed(&overlay, polygons, &objects));
    let is_covered = |f: FaceId| overlay.items(f).first().is_some_and(|&i| i < polygons);
    let is_framed = |f: FaceId| overlay.items(f).last().is_some_and(|&i| i >= polygons);
    if frame.is_some() {
        let missing = |f: FaceId| is_framed(f) && !is_covered(f);
        let beyond = |f: FaceId| is_covered(f) && !is_framed(f);
        findings.extend(patches(
            "ground of the frame that is not covered",
            &overlay,
            missing,
        ));
        findings.extend(patches("covered ground beyond the frame", &overlay, beyond));
    } else {
        let gaps = gaps(&overlay.partition, is_covered);
        let is_gap = |f: FaceId| gaps[f as usize];
        findings.extend(patches(
            "gaps: ground not covered but enclosed",
            &overlay,
            is_gap,
        ));
    }
    findings.sort_by_key(|f| !f.is_fault);
    Ok(Report {
        place,
        rows: objects.rows,
        polygons,
        covered: (1..overlay.partition.face_count() as FaceId)
            .filter(|&f| is_covered(f))
            .map(|f| overlay.partition.area(f))
            .sum(),
        findings,
    })
}

/// The CRS of a layer, which must be one that areas can be measured in.
fn grid_crs(layer: &Layer, place: &str) -> Result<Crs> {
    let crs = layer.crs().cloned().ok_or_else(|| {
        Error::input(
            place,
            "does not say its CRS",
            "add it to the file (a .prj for a Shapefile)",
        )
    })?;
    crs.require_metres(place)?;
    Ok(crs)
}

fn read_frame(path: &Path, target: &Crs) -> Result<Intake> {
    let opening = Opening {
        usual: &["communes", "commune", "departement"],
        ..Opening::default()
    };
    let mut layer = Layer::open(path, opening)?;
    let mut intake = Intake::new(&layer, None, target)?;
    layer.scan(&[], |row| intake.add(row.number, row.geometry).map(drop))?;
    intake.finish()
}

/// The rows of a vintage, and what is amiss in each alone.
struct Objects {
    rows: u64,
    intake: Intake,
    /// The row of each item.
    row_of: Vec<u64>,
    /// The identifier of each row, where the layer has them.
    ids: Vec<Box<str>>,
    /// Cover and use of each row, as they are published.
    said: Vec<(String, String)>,
    /// Rows with each text that is not a leaf of its axis, and why.
    codes: BTreeMap<(&'static str, String, CodeFault), Rows>,
    /// Rows of geometry that GEOS finds invalid.
    invalid: Rows,
    /// Rows whose geometry cannot be read at all.
    unreadable: Rows,
    /// Rows that repeat the identifier of an earlier one.
    repeated: Rows,
}

/// Why a code is not a leaf of the nomenclature.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum CodeFault {
    Empty,
    Unknown,
    AboveLeaves,
}

/// Number of rows, and the first of them.
#[derive(Default)]
struct Rows {
    count: u64,
    first: Vec<String>,
}

impl Rows {
    fn add(&mut self, row: u64, id: &str) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push(row_name(row, id));
        }
    }

    fn finding(self, what: String, is_fault: bool) -> Option<Finding> {
        (self.count > 0).then_some(Finding {
            what,
            is_fault,
            count: self.count,
            area: None,
            places: self.first,
        })
    }
}

fn row_name(row: u64, id: &str) -> String {
    if id.is_empty() {
        format!("row {row}")
    } else {
        format!("row {row} ({id})")
    }
}

fn read_objects(mut layer: Layer, crs: &Crs, reference: &Reference) -> Result<Objects> {
    let columns = object_columns(&layer, None, None)?;
    let mut objects = Objects {
        rows: 0,
        intake: Intake::new(&layer, None, crs)?,
        row_of: Vec::new(),
        ids: Vec::new(),
        said: Vec::new(),
        codes: BTreeMap::new(),
        invalid: Rows::default(),
        unreadable: Rows::default(),
        repeated: Rows::default(),
    };
    let mut seen = std::collections::HashSet::new();
    layer.scan(&columns, |row| {
        let value = |n: usize| row.values[n].as_deref().map(str::trim).unwrap_or("");
        let id = value(2);
        objects.rows += 1;
        if !id.is_empty() && !seen.insert(id.to_owned()) {
            objects.repeated.add(row.number, id);
        }
        for (nomenclature, text) in [(&reference.cover, value(0)), (&reference.usage, value(1))] {
            if let Some(fault) = code_fault(nomenclature, text) {
                let key = (nomenclature.axis().prefix(), text.to_owned(), fault);
                objects.codes.entry(key).or_default().add(row.number, id);
            }
        }
        if row.geometry.is_some_and(|wkb| !is_simple(wkb)) {
            objects.invalid.add(row.number, id);
        }
        if objects.intake.add(row.number, row.geometry).is_err() {
            objects.unreadable.add(row.number, id);
        }
        objects
            .row_of
            .resize(objects.intake.builder.item_count() as usize, row.number);
        objects.ids.push(id.into());
        let published = |nomenclature: &Nomenclature, text: &str| {
            let code = nomenclature.code(text);
            code.map_or(text, |code| nomenclature.text(code)).to_owned()
        };
        objects.said.push((
            published(&reference.cover, value(0)),
            published(&reference.usage, value(1)),
        ));
        Ok(())
    })?;
    Ok(objects)
}

/// Whether GEOS finds a geometry valid. What is not even well formed is told elsewhere.
fn is_simple(wkb: &[u8]) -> bool {
    Geometry::from_wkb(wkb).map_or(true, |geometry| geometry.is_valid())
}

fn code_fault(nomenclature: &Nomenclature, text: &str) -> Option<CodeFault> {
    if text.is_empty() {
        return Some(CodeFault::Empty);
    }
    match nomenclature.code(text) {
        None => Some(CodeFault::Unknown),
        Some(code) if nomenclature.leaves(code).count() == 1 => None,
        Some(_) => Some(CodeFault::AboveLeaves),
    }
}

impl Objects {
    fn name(&self, item: u32) -> String {
        let row = self.row_of[item as usize];
        row_name(row, &self.ids[row as usize - 1])
    }

    /// Cover and use of an item.
    fn codes_of(&self, item: u32) -> &(String, String) {
        let row = self.row_of[item as usize];
        &self.said[row as usize - 1]
    }

    /// What is amiss in rows alone.
    fn findings(&mut self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for ((axis, text, fault), rows) in std::mem::take(&mut self.codes) {
            let what = match fault {
                CodeFault::Empty => format!("{axis} code missing"),
                CodeFault::Unknown => format!("`{text}` is not a {axis} code"),
                CodeFault::AboveLeaves => {
                    format!("`{text}` is not a leaf of the {axis} nomenclature")
                }
            };
            findings.extend(rows.finding(what, true));
        }
        let repairs = &self.intake.repairs;
        let null = Rows {
            count: repairs.null_geometries,
            first: repairs
                .null_geometry_rows
                .iter()
                .take(NAMED)
                .map(|r| row_name(*r, ""))
                .collect(),
        };
        let counted = |count: u64| Rows {
            count,
            first: Vec::new(),
        };
        let (points, multi) = (counted(repairs.not_polygons), counted(repairs.multi_parts));
        let invalid = std::mem::take(&mut self.invalid);
        let unreadable = std::mem::take(&mut self.unreadable);
        let repeated = std::mem::take(&mut self.repeated);
        let empty = counted(u64::from(self.intake.builder.item_count() == 0));
        let degrees = counted(u64::from(self.intake.looks_like_degrees()));
        findings.extend(empty.finding("layer without any polygon".to_owned(), true));
        findings.extend(degrees.finding(
            "coordinates said to be metres that look like degrees".to_owned(),
            true,
        ));
        findings.extend(null.finding("rows without geometry".to_owned(), true));
        findings.extend(unreadable.finding("geometries that cannot be read".to_owned(), true));
        findings.extend(invalid.finding("invalid geometries (by GEOS)".to_owned(), true));
        findings.extend(points.finding("geometries that are not polygons".to_owned(), true));
        findings.extend(repeated.finding("identifiers given before".to_owned(), true));
        findings.extend(multi.finding("polygons of several parts".to_owned(), false));
        findings
    }
}

/// Ground that several polygons claim, by pairs of rows, the largest first.
fn overlaps(overlay: &Overlay, polygons: u32, objects: &Objects) -> Option<Finding> {
    let mut pairs: BTreeMap<(u32, u32), (i64, FaceId)> = BTreeMap::new();
    let mut excess = 0;
    for face in 1..overlay.partition.face_count() as FaceId {
        let items = overlay.items(face);
        let claims = &items[..items.partition_point(|&i| i < polygons)];
        let area = overlay.partition.area(face);
        excess += area * (claims.len() as i64 - 1).max(0);
        // Of many polygons on one ground, each is named with the next.
        for pair in claims.windows(2) {
            let pair = pairs.entry((pair[0], pair[1])).or_insert((0, face));
            pair.0 += area;
        }
    }
    let mut sorted: Vec<_> = pairs.into_iter().collect();
    sorted.sort_by_key(|&(pair, (area, _))| (-area, pair));
    let name = |&((a, b), (area, face)): &((u32, u32), (i64, FaceId))| {
        let near = near(overlay.partition.first_point(face));
        format!(
            "{} and {}: {} {near}",
            objects.name(a),
            objects.name(b),
            metres(area)
        )
    };
    (excess > 0).then(|| Finding {
        what: "overlaps: sum of the areas less that of their union".to_owned(),
        is_fault: true,
        count: sorted.len() as u64,
        area: Some(excess),
        places: sorted.iter().take(NAMED).map(name).collect(),
    })
}

/// Polygons that cover nothing on the grid.
fn collapsed(overlay: &Overlay, polygons: u32, objects: &Objects) -> Option<Finding> {
    let areas = overlay.item_areas();
    let mut rows = Rows::default();
    for item in (0..polygons).filter(|&i| areas[i as usize] == 0) {
        let row = objects.row_of[item as usize];
        rows.add(row, &objects.ids[row as usize - 1]);
    }
    rows.finding(
        "polygons that cover nothing on the 1 cm grid".to_owned(),
        false,
    )
}

/// Uncovered ground that does not reach the outside.
fn gaps(partition: &Partition, is_covered: impl Fn(FaceId) -> bool) -> Vec<bool> {
    let faces = partition.face_count() as FaceId;
    let keys: Vec<u32> = (0..faces).map(|f| u32::from(is_covered(f))).collect();
    let merged = partition.dissolve(&keys).merged;
    (0..faces)
        .map(|f| keys[f as usize] == 0 && merged[f as usize] != 0)
        .collect()
}

/// Connected pieces of the ground that `is_meant`, the largest first.
fn patches(what: &str, overlay: &Overlay, is_meant: impl Fn(FaceId) -> bool) -> Option<Finding> {
    let faces = overlay.partition.face_count() as FaceId;
    let keys: Vec<u32> = (0..faces).map(|f| u32::from(is_meant(f))).collect();
    let dissolved = overlay.partition.dissolve(&keys);
    let mut pieces: Vec<(i64, Point)> = (1..dissolved.members.len() as FaceId)
        .filter(|&f| keys[dissolved.members[f as usize] as usize] == 1)
        .map(|f| {
            (
                dissolved.partition.area(f),
                dissolved.partition.first_point(f),
            )
        })
        .collect();
    pieces.sort_by_key(|&(area, point)| (-area, point));
    let name = |&(area, point): &(i64, Point)| format!("{} {}", metres(area), near(point));
    (!pieces.is_empty()).then(|| Finding {
        what: what.to_owned(),
        is_fault: true,
        count: pieces.len() as u64,
        area: Some(pieces.iter().map(|(area, _)| area).sum()),
        places: pieces.iter().take(NAMED).map(name).collect(),
    })
}

fn near(point: Point) -> String {
    let (x, y) = point.metres();
    format!("near {x:.2}, {y:.2}")
}

fn metres(half_cm2: i64) -> String {
    format!("{:.2} m²", half_cm2 as f64 / HALF_CM2_PER_M2 as f64)
}
