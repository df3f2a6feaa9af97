//! The files of a produced vintage: the schema of OCS GE, in GeoParquet and GeoPackage.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int32Array, StringArray};
use arrow::datatypes::{DataType, Field};

use super::Production;
use super::fused::Fused;
use super::quality::Quality;
use crate::crs::Crs;
use crate::error::Result;
use crate::fuse::{Candidate, Decision, Origin, Verdict};
use crate::generalise::Plots;
use crate::grid::{HALF_CM2_PER_M2, Point};
use crate::partition::{FaceId, Polygon};
use crate::publish::{
    self, ColumnType, GeoPackage, GeoParquet, LayerKind, Place, Row, Staging, Value,
};
use crate::reference::Reference;

/// The objects of a vintage,
pub(super) const OBJECTS: &str = "occupation_sol.parquet";
/// its zone construite,
pub(super) const ZONES: &str = "zone_construite.parquet";
/// and what was decided before it was generalised.
pub const DECISIONS: &str = "decisions.parquet";

/// Names of layers, as they are published.
const OBJECT_LAYER: &str = "OCCUPATION_SOL";
const ZONE_LAYER: &str = "ZONE_CONSTRUITE";
/// What columns of provenance hold where there is none.
const NO_ORIGIN: &str = "NC";

/// CRS of the product, by the label that names of files bear.
const LABELS: [(&str, &str); 5] = [
    ("EPSG:2154", "LAMB93"),
    ("EPSG:5490", "RGAF09UTM20"),
    ("EPSG:2972", "RGFG95UTM22"),
    ("EPSG:2975", "RGR92UTM40S"),
    ("EPSG:4471", "RGM04UTM38S"),
];

const COLUMNS: &[(&str, ColumnType)] = &[
    ("id", ColumnType::Text),
    ("code_cs", ColumnType::Text),
    ("code_us", ColumnType::Text),
    ("millesime", ColumnType::Integer),
    ("source", ColumnType::Text),
    ("ossature", ColumnType::Integer),
    ("id_origine", ColumnType::Text),
    ("code_or", ColumnType::Text),
];
const ZONE_COLUMNS: &[(&str, ColumnType)] =
    &[("id", ColumnType::Text), ("millesime", ColumnType::Integer)];

/// A vintage to be written.
pub(super) struct Product<'a> {
    pub(super) production: &'a Production<'a>,
    pub(super) crs: &'a Crs,
    pub(super) reference: &'a Reference,
    pub(super) fused: &'a Fused<'a>,
}

/// An object of a vintage.
struct Object<'a> {
    id: String,
    cover: &'a str,
    usage: &'a str,
    source: &'a str,
    ossature: bool,
    id_origine: &'a str,
    code_or: &'a str,
    face: FaceId,
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { NO_ORIGIN } else { text }
}

fn texts<'v>(values: impl Iterator<Item = Option<&'v str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

impl Product<'_> {
    fn year(&self) -> i32 {
        self.production.vintage.year.into()
    }

    /// The objects, by their first points: the same numbers for the same ground.
    fn objects<'p>(&'p self, plots: &'p Plots) -> Vec<Object<'p>> {
        let mut faces: Vec<FaceId> = plots.faces().map(|(face, _)| face).collect();
        faces.sort_by_key(|&face| plots.partition.first_point(face));
        let object = |(n, &face): (usize, &FaceId)| {
            let plot = plots.plots[face as usize].as_ref()?;
            let (source, id, code) = self.fused.origin(plot.origin);
            Some(Object {
                id: format!("OCSGE{:010}", n + 1),
                cover: self.reference.cover.text(plot.cover),
                usage: self.reference.usage.text(plot.usage),
                source,
                ossature: plot.ossature,
                id_origine: or_none(id),
                code_or: or_none(code),
                face,
            })
        };
        faces.iter().enumerate().filter_map(object).collect()
    }

    /// "OCS-GE_2-0__GPKG_LAMB93_D032_2019-01-01.gpkg".
    pub(super) fn name(&self) -> String {
        let label = LABELS.iter().find(|(code, _)| {
            Crs::parse(code, "a label").is_ok_and(|known| known.is_same(self.crs))
        });
        let label = label.map_or_else(
            || {
                let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
                self.crs.name().chars().map(plain).collect()
            },
            |(_, label)| (*label).to_owned(),
        );
        let departement = match &self.production.vintage.departement {
            Some(code) => format!("_D{code:0>3}"),
            None => String::new(),
        };
        format!(
            "OCS-GE_2-0__GPKG_{label}{departement}_{}-01-01.gpkg",
            self.year()
        )
    }

    /// Writes the vintage.
    pub(super) fn write(&self, staging: &Staging, plots: &Plots) -> Result<()> {
        let objects = self.objects(plots);
        self.write_objects(staging, plots, &objects)?;
        self.write_zones(staging)?;
        let mut file = GeoPackage::create(&staging.path(self.name())?)?;
        self.add_objects(&mut file, plots, &objects)?;
        file.add_layer(ZONE_LAYER, ZONE_COLUMNS, self.crs, LayerKind::Polygon)?;
        let ids: Vec<String> = self.zone_ids();
        let zones = self.fused.zones.iter().zip(&ids);
        let rows: Vec<Row> = zones
            .map(|(zone, id)| Row {
                place: Place::Polygon(zone),
                values: vec![Value::Text(id), Value::Integer(self.year())],
            })
            .collect();
        file.write(ZONE_LAYER, &rows)?;
        file.finish()?;
        for (name, column, nomenclature) in [
            ("couverture", "code_cs", &self.reference.cover),
            ("usage", "code_us", &self.reference.usage),
        ] {
            let path = staging.path(format!("{name}.qml"))?;
            super::write_text(&path, &publish::qml(column, nomenclature))?;
        }
        Ok(())
    }

    fn zone_ids(&self) -> Vec<String> {
        let count = self.fused.zones.len();
        (1..=count).map(|n| format!("ZC{n:08}")).collect()
    }

    fn write_objects(&self, staging: &Staging, plots: &Plots, objects: &[Object]) -> Result<()> {
        let text = |name: &str| Field::new(name, DataType::Utf8, false);
        let fields = vec![
            text("id"),
            text("code_cs"),
            text("code_us"),
            Field::new("millesime", DataType::Int32, false),
            text("source"),
            Field::new("ossature", DataType::Int32, false),
            text("id_origine"),
            text("code_or"),
            Field::new("area_m2", DataType::Float64, false),
        ];
        let mut file = GeoParquet::create(&staging.path(OBJECTS)?, fields, self.crs)?;
        let first = |o: &Object| plots.partition.first_point(o.face);
        let centres: Vec<Point> = objects.iter().map(first).collect();
        let columns = |rows: &[usize]| -> Vec<ArrayRef> {
            let these = || rows.iter().map(|&r| &objects[r]);
            let area = |o: &Object| plots.partition.area(o.face) as f64 / HALF_CM2_PER_M2 as f64;
            vec![
                texts(these().map(|o| Some(o.id.as_str()))),
                texts(these().map(|o| Some(o.cover))),
                texts(these().map(|o| Some(o.usage))),
                Arc::new(Int32Array::from_iter_values(these().map(|_| self.year()))),
                texts(these().map(|o| Some(o.source))),
                Arc::new(Int32Array::from_iter_values(
                    these().map(|o| o.ossature.into()),
                )),
                texts(these().map(|o| Some(o.id_origine))),
                texts(these().map(|o| Some(o.code_or))),
                Arc::new(Float64Array::from_iter_values(these().map(area))),
            ]
        };
        file.write(&centres, columns, |row| polygon(plots, objects[row].face))?;
        file.finish()
    }

    fn write_zones(&self, staging: &Staging) -> Result<()> {
        let fields = vec![
            Field::new("id", DataType::Utf8, false),
            Field::new("millesime", DataType::Int32, false),
        ];
        let mut file = GeoParquet::create(&staging.path(ZONES)?, fields, self.crs)?;
        let zones = &self.fused.zones;
        let first = |zone: &Polygon| zone.exterior.first().copied();
        let centres: Vec<Point> = zones.iter().filter_map(first).collect();
        let ids = self.zone_ids();
        let columns = |rows: &[usize]| -> Vec<ArrayRef> {
            vec![
                texts(rows.iter().map(|&r| Some(ids[r].as_str()))),
                Arc::new(Int32Array::from_iter_values(
                    rows.iter().map(|_| self.year()),
                )),
            ]
        };
        file.write(&centres, columns, |row| zones[row].clone())?;
        file.finish()
    }

    fn add_objects(&self, file: &mut GeoPackage, plots: &Plots, objects: &[Object]) -> Result<()> {
        file.add_layer(OBJECT_LAYER, COLUMNS, self.crs, LayerKind::Polygon)?;
        for part in objects.chunks(ROWS) {
            let polygons: Vec<Polygon> = part.iter().map(|o| polygon(plots, o.face)).collect();
            let rows: Vec<Row> = part
                .iter()
                .zip(&polygons)
                .map(|(o, polygon)| Row {
                    place: Place::Polygon(polygon),
                    values: vec![
                        Value::Text(&o.id),
                        Value::Text(o.cover),
                        Value::Text(o.usage),
                        Value::Integer(self.year()),
                        Value::Text(o.source),
                        Value::Integer(o.ossature.into()),
                        Value::Text(o.id_origine),
                        Value::Text(o.code_or),
                    ],
                })
                .collect();
            file.write(OBJECT_LAYER, &rows)?;
        }
        Ok(())
    }

    /// Writes what is decided by the sources up to one of them.
    pub(super) fn write_stage(
        &self,
        staging: &Staging,
        number: usize,
        up_to: Origin,
        plots: &Plots,
    ) -> Result<()> {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let name: String = crate::reference::folded(up_to.name())
            .chars()
            .map(plain)
            .collect();
        let name = if number == 0 {
            "classification".to_owned()
        } else {
            name
        };
        self.write_stage_file(
            staging,
            &format!("{}-{name}", number + 1),
            &plots.dissolve(),
        )
    }

    /// Writes the last stage.
    pub(super) fn write_generalised(&self, staging: &Staging, plots: &Plots) -> Result<()> {
        let name = format!("{}-generalised", Origin::ALL.len() + 1);
        self.write_stage_file(staging, &name, plots)
    }

    fn write_stage_file(&self, staging: &Staging, name: &str, plots: &Plots) -> Result<()> {
        let mut file = GeoPackage::create(&staging.path(format!("stages/{name}.gpkg"))?)?;
        self.add_objects(&mut file, plots, &self.objects(plots))?;
        file.finish()
    }

    /// Writes what was decided of each face before it was generalised, and why.
    pub(super) fn write_decisions(
        &self,
        staging: &Staging,
        decisions: &[Option<Decision>],
    ) -> Result<()> {
        let fused = self.fused;
        let judge = crate::fuse::Judge::new(self.reference)?;
        let kept: Vec<FaceId> = (0..decisions.len() as FaceId)
            .filter(|&f| decisions[f as usize].is_some())
            .collect();
        let text = |name: &str| Field::new(name, DataType::Utf8, true);
        let fields = vec![
            text("code_cs"),
            text("cover_by"),
            text("seen_cs"),
            text("seen_class"),
            Field::new("confidence", DataType::Float64, true),
            text("cover_others"),
            text("code_us"),
            text("use_rule"),
            text("use_by"),
            text("use_others"),
            Field::new("in_zone", DataType::Boolean, false),
        ];
        let mut file = GeoParquet::create(&staging.path(DECISIONS)?, fields, self.crs)?;
        let centres: Vec<Point> = kept
            .iter()
            .map(|&f| fused.partition.first_point(f))
            .collect();
        let told = |candidate: &Candidate| {
            let evidence = candidate.evidence;
            let kind = self.reference.fusion.kind_name(evidence.kind);
            let origin = evidence.origin.name();
            let parts = [kind, origin, &evidence.id, &evidence.code];
            let parts: Vec<&str> = parts.into_iter().filter(|t| !t.is_empty()).collect();
            parts.join(" · ")
        };
        let by_number = |candidates: &[Candidate], number: Option<u32>| {
            let found = candidates.iter().find(|c| Some(c.number) == number);
            found.map(told)
        };
        let columns = |rows: &[usize]| -> Vec<ArrayRef> {
            let (mut covers, mut usages) = (Vec::new(), Vec::new());
            let (mut cover_by, mut use_by, mut rules) = (Vec::new(), Vec::new(), Vec::new());
            let (mut cover_others, mut use_others) = (Vec::new(), Vec::new());
            let (mut seen_cs, mut seen_class) = (Vec::new(), Vec::new());
            for &row in rows {
                let face = kept[row];
                // Only faces with a decision are kept.
                let Some(decision) = decisions[face as usize] else {
                    continue;
                };
                let seen = fused.seen(face);
                let candidates = fused.candidates(face);
                covers.push(self.reference.cover.text(decision.cover));
                usages.push(self.reference.usage.text(decision.usage));
                cover_by.push(by_number(&candidates, decision.cover_by));
                seen_cs.push(seen.map(|s| self.reference.cover.text(s.cover)));
                let class = fused.class[face as usize];
                seen_class.push(class.map(|c| fused.classes[usize::from(c)].code.as_str()));
                let judged = judge.covers(seen, &candidates);
                let others = judged
                    .iter()
                    .filter(|(c, _)| Some(c.number) != decision.cover_by);
                cover_others.push(lines(others.map(|(candidate, verdict)| {
                    let cover = candidate.evidence.cover;
                    let cover = cover.map_or("", |code| self.reference.cover.text(code));
                    format!("{cover} ({}): {}", told(candidate), self.reason(*verdict))
                })));
                let usages = judge.usages(
                    decision.cover,
                    seen,
                    &candidates,
                    fused.in_zone[face as usize],
                );
                let rule = |n: u16| &self.reference.fusion.usage[usize::from(n)];
                let name = |n: u16| format!("{}: {}", rule(n).name, rule(n).label_fr);
                rules.push(name(decision.use_rule));
                use_by.push(by_number(&candidates, decision.use_by));
                use_others.push(lines(usages.iter().skip(1).map(|&(n, usage, by)| {
                    let by =
                        by_number(&candidates, by).map_or(String::new(), |t| format!(" ({t})"));
                    format!("{} {}{by}", self.reference.usage.text(usage), name(n))
                })));
            }
            let faces = || rows.iter().map(|&r| kept[r] as usize);
            let confidence = faces().map(|f| fused.confidence[f].map(f64::from));
            vec![
                texts(covers.into_iter().map(Some)),
                texts(cover_by.iter().map(Option::as_deref)),
                texts(seen_cs.into_iter()),
                texts(seen_class.into_iter()),
                Arc::new(confidence.collect::<Float64Array>()),
                texts(cover_others.iter().map(Option::as_deref)),
                texts(usages.into_iter().map(Some)),
                texts(rules.iter().map(|t| Some(t.as_str()))),
                texts(use_by.iter().map(Option::as_deref)),
                texts(use_others.iter().map(Option::as_deref)),
                Arc::new(
                    faces()
                        .map(|f| Some(fused.in_zone[f]))
                        .collect::<BooleanArray>(),
                ),
            ]
        };
        file.write(&centres, columns, |row| {
            fused.partition.polygon(kept[row]).unwrap_or_default()
        })?;
        file.finish()
    }

    /// Why evidence did not decide.
    fn reason(&self, verdict: Verdict) -> String {
        match verdict {
            Verdict::Decides => "decides".to_owned(),
            Verdict::ComesAfter => "comes after".to_owned(),
            Verdict::MayNotReplace(cover) => {
                format!("may not replace {}", self.reference.cover.text(cover))
            }
            Verdict::Outdated(changed) => {
                format!("is older, and the cover has been seen to change since ({changed:.2})")
            }
            Verdict::Yields(confidence) => {
                format!("is older, and what is seen is sure ({confidence:.2})")
            }
        }
    }

    /// Writes the quality sheet.
    pub(super) fn write_quality(&self, staging: &Staging, quality: &Quality) -> Result<()> {
        let sheet = quality.json(self.reference);
        super::write_text(&staging.path("quality.json")?, &format!("{sheet:#}\n"))?;
        let title = format!("{}, {}", self.production.territory.name, self.year());
        let page = quality.page(&title, self.reference);
        super::write_text(&staging.path("quality.html")?, &page)
    }
}

/// Rows written at a time.
const ROWS: usize = 16_384;

fn polygon(plots: &Plots, face: FaceId) -> Polygon {
    plots.partition.polygon(face).unwrap_or_default()
}

/// Lines of text; none where there is none.
fn lines(lines: impl Iterator<Item = String>) -> Option<String> {
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
