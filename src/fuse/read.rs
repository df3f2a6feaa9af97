//! Reading reference layers.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gdal::vector::{Geometry, OGRwkbGeometryType, geometry_type_flatten};

use super::parcels::Parcels;
use super::{Evidence, Gathered, Origin, SourceReport};
use crate::crs::Crs;
use crate::error::{Error, Result, suggest};
use crate::partition::ItemId;
use crate::reference::{Fusion, ObjectRule, Reference, folded};
use crate::territory::{Produce, Source};
use crate::vector::{Layer, Opening, Surface};
use crate::vintage::Intake;

/// Files that hold layers, by their ending.
const ENDINGS: [&str; 6] = ["shp", "gpkg", "parquet", "geoparquet", "geojson", "json"];
/// How deep layers are looked for in a folder.
const DEEPEST: usize = 6;

/// The usual names of the layers of sources of one layer.
const BD_FORET: &[&str] = &["FORMATION_VEGETALE", "formation_vegetale"];
const RPG: &[&str] = &[
    "PARCELLES_GRAPHIQUES",
    "parcelles_graphiques",
    "RPG_Parcelles",
];
const PARCELS: &[&str] = &["parcelles", "parcelle", "tup", "pnb10_parcelle"];

/// A layer of a source, found.
struct Found {
    path: PathBuf,
    /// The name of the layer in the file.
    layer: Option<String>,
    /// The layer as it is published.
    name: String,
}

/// Refuses sources that are not there, or hold none of their layers.
pub fn require(produce: &Produce, reference: &Reference) -> Result<()> {
    for (key, source) in produce.sources() {
        find(key, source, &reference.fusion)?;
    }
    Ok(())
}

/// The layers of a source that rules know.
fn find(key: &str, source: &Source, fusion: &Fusion) -> Result<Vec<Found>> {
    if !source.path.exists() {
        return Err(Error::input(
            source.path.display(),
            "does not exist",
            format!("give the file or folder of `{key}`; paths are relative to the territory file"),
        ));
    }
    let mut names: Vec<&str> = match key {
        "bd_topo" => fusion.bd_topo.iter().map(|r| r.layer.as_str()).collect(),
        "bd_foret" => BD_FORET.to_vec(),
        "rpg" => RPG.to_vec(),
        _ => PARCELS.to_vec(),
    };
    names.dedup();
    let published = |name: &str| match key {
        "bd_foret" => BD_FORET[0].to_owned(),
        "rpg" => RPG[0].to_owned(),
        _ => name.to_owned(),
    };
    let mut found: Vec<Found> = Vec::new();
    if source.path.is_dir() {
        let mut files = Vec::new();
        list(&source.path, 0, &mut files);
        files.sort();
        for path in files {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let is_name = |name: &&&str| stem.eq_ignore_ascii_case(name);
            if let Some(name) = names.iter().find(is_name) {
                found.push(Found {
                    name: published(name),
                    layer: None,
                    path,
                });
            } else if path
                .extension()
                .is_some_and(|e| e.eq_ignore_ascii_case("gpkg"))
            {
                found.extend(layers_of(&path, &names, &published)?);
            }
        }
    } else if key == "bd_topo" {
        found = layers_of(&source.path, &names, &published)?;
    } else {
        let layers = Layer::names(&source.path).unwrap_or_default();
        let is_told = |name: &&String| source.layer.as_ref().is_none_or(|told| told == *name);
        let usual = |name: &&String| names.iter().any(|n| name.eq_ignore_ascii_case(n));
        let layer = source.layer.clone().or_else(|| {
            let usual = layers.iter().find(usual).cloned();
            usual.or_else(|| {
                layers
                    .iter()
                    .find(is_told)
                    .filter(|_| layers.len() == 1)
                    .cloned()
            })
        });
        found.push(Found {
            path: source.path.clone(),
            layer,
            name: published(names[0]),
        });
    }
    if found.is_empty() {
        let names: Vec<&str> = names.into_iter().take(12).collect();
        return Err(Error::input(
            source.path.display(),
            format!("holds no layer of `{key}`"),
            format!("looked for {}, in any case of letters", names.join(", ")),
        ));
    }
    Ok(found)
}

/// All files of a folder that may hold layers.
fn list(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = folder.read_dir() else {
        return;
    };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let is_layer =
            |e: &std::ffi::OsStr| ENDINGS.iter().any(|known| e.eq_ignore_ascii_case(known));
        if path.is_dir() && depth < DEEPEST {
            list(&path, depth + 1, files);
        } else if path.extension().is_some_and(is_layer) {
            files.push(path);
        }
    }
}

/// The layers of one file whose names are known.
fn layers_of(
    path: &Path,
    names: &[&str],
    published: &dyn Fn(&str) -> String,
) -> Result<Vec<Found>> {
    let layers = Layer::names(path)?;
    let known = layers.into_iter().filter_map(|layer| {
        let name = names.iter().find(|name| layer.eq_ignore_ascii_case(name))?;
        Some(Found {
            path: path.to_owned(),
            name: published(name),
            layer: Some(layer),
        })
    });
    Ok(known.collect())
}

/// Gathers the evidence of all sources around a place.
pub struct Gathering<'a> {
    /// The tables.
    pub reference: &'a Reference,
    /// The CRS of the territory.
    pub crs: &'a Crs,
    /// The year of the vintage.
    pub year: u16,
    /// West, south, east, north of the territory, m.
    pub bounds: [f64; 4],
}

impl Gathering<'_> {
    /// Reads sources.
    pub fn gather(&self, produce: &Produce) -> Result<Gathered> {
        let mut gathered = Gathered::default();
        let fusion = &self.reference.fusion;
        for (key, source) in produce.sources() {
            let (origin, rules): (Origin, &[ObjectRule]) = match key {
                "bd_topo" => (Origin::BdTopo, &fusion.bd_topo),
                "bd_foret" => (Origin::BdForet, &fusion.bd_foret),
                "rpg" => (Origin::Rpg, &fusion.rpg),
                _ => (Origin::FichiersFonciers, &[]),
            };
            for found in find(key, source, fusion)? {
                self.read(origin, rules, source, &found, &mut gathered)?;
            }
        }
        Ok(gathered)
    }

    fn read(
        &self,
        origin: Origin,
        rules: &[ObjectRule],
        source: &Source,
        found: &Found,
        gathered: &mut Gathered,
    ) -> Result<()> {
        let fusion = &self.reference.fusion;
        let opening = Opening {
            layer: found.layer.as_deref(),
            encoding: source.encoding.as_deref(),
            ..Opening::default()
        };
        let mut layer = Layer::open(&found.path, opening)?;
        if layer.row_count() == 0 {
            gathered.reports.push(SourceReport {
                source: origin.name(),
                place: layer.place(),
                date: source.date,
                ..SourceReport::default()
            });
            return Ok(());
        }
        let rules: Vec<&ObjectRule> = rules.iter().filter(|r| r.layer == found.name).collect();
        let parcels = match origin {
            Origin::FichiersFonciers => Some(Parcels::new(&layer, self.reference)?),
            _ => None,
        };
        let wanted = wanted(origin, &rules, parcels.as_ref());
        let column = |name: &String| layer.find_column(&fusion.names_of(name));
        let columns: Vec<Option<String>> = wanted.iter().map(column).collect();
        let missing = wanted.iter().zip(&columns).filter(|(_, c)| c.is_none());
        let mut report = SourceReport {
            source: origin.name(),
            place: layer.place(),
            date: source.date,
            missing_columns: missing.map(|(name, _)| name.clone()).collect(),
            ..SourceReport::default()
        };
        if columns.iter().all(Option::is_none) && origin != Origin::BdTopo {
            return Err(Error::input(
                layer.place(),
                format!("has none of the columns {}", wanted.join(", ")),
                suggest(&wanted[0], layer.columns().iter().map(String::as_str)),
            ));
        }
        let place: HashMap<&str, usize> = wanted
            .iter()
            .enumerate()
            .map(|(n, name)| (name.as_str(), n))
            .collect();
        let (id_at, code_at) = (0, 1);
        let width_at = place.get(WIDTH).copied();
        let mut intake = Intake::new(&layer, source.crs.as_deref(), self.crs)?;
        let mut owners: Vec<u32> = Vec::new();
        let mut evidence: Vec<Evidence> = Vec::new();
        let mut closed: Vec<(Vec<u8>, f64, &ObjectRule)> = Vec::new();
        let mut seen = HashSet::new();
        layer.scan(&columns, |row| {
            report.rows += 1;
            let Some(wkb) = row.geometry else {
                intake.add(row.number, None)?;
                return Ok(());
            };
            let mut hasher = DefaultHasher::new();
            (wkb, row.values).hash(&mut hasher);
            if !seen.insert(hasher.finish()) {
                report.duplicates += 1;
                return Ok(());
            }
            let value = |n: usize| row.values[n].as_deref().unwrap_or("");
            let told = match &parcels {
                Some(parcels) => parcels
                    .tells(&|name| value(place[name]))
                    .map(|(kind, usage)| (Some(kind), None, Some(usage), None)),
                None => {
                    let values: Vec<String> = row
                        .values
                        .iter()
                        .map(|v| folded(v.as_deref().unwrap_or("")))
                        .collect();
                    let holds = |rule: &&&ObjectRule| {
                        rule.when
                            .iter()
                            .all(|c| c.holds(&values[place[c.column.as_str()]]))
                    };
                    rules
                        .iter()
                        .find(holds)
                        .map(|rule| (rule.kind, rule.cover, rule.usage, Some(*rule)))
                }
            };
            let Some((kind, cover, usage, rule)) = told else {
                let what = match origin {
                    Origin::FichiersFonciers => "nothing built".to_owned(),
                    _ => value(code_at).trim().to_owned(),
                };
                *report.unknown.entry(what).or_default() += 1;
                return Ok(());
            };
            // The last line of a closed list of codes takes what the list does not know.
            let is_listed = matches!(origin, Origin::BdForet | Origin::Rpg)
                || found.name.starts_with("TRONCON_");
            if is_listed && rule.is_some_and(|rule| rule.when.is_empty()) {
                let code = value(code_at).trim().to_owned();
                *report.unknown.entry(code).or_default() += 1;
            }
            let Some(kind) = kind else {
                report.left_out += 1;
                return Ok(());
            };
            let shape = Geometry::from_wkb(wkb).ok();
            let is_elsewhere = shape
                .as_ref()
                .is_some_and(|shape| !intake.may_reach(shape, self.bounds));
            if is_elsewhere {
                report.elsewhere += 1;
                return Ok(());
            }
            let first: ItemId = match shape.map(|s| geometry_type_flatten(s.geometry_type())) {
                Some(OGRwkbGeometryType::wkbPoint | OGRwkbGeometryType::wkbMultiPoint) => {
                    report.points += 1;
                    return Ok(());
                }
                Some(
                    OGRwkbGeometryType::wkbLineString | OGRwkbGeometryType::wkbMultiLineString,
                ) => {
                    let Some(rule) = rule.filter(|rule| rule.width.is_some()) else {
                        // A line without a width, such as a power line, covers no ground.
                        report.left_out += 1;
                        return Ok(());
                    };
                    let told =
                        width_at.and_then(|n| value(n).replace(',', ".").parse::<f64>().ok());
                    let most = self.reference.parameter("width_most")?;
                    let told = told.filter(|w| *w > 0.0 && *w <= most);
                    if told.is_none() {
                        report.without_width += 1;
                    }
                    let least = self.reference.parameter("width_network")?;
                    let width = told.or(rule.width).unwrap_or(least) + 2.0 * rule.shoulder;
                    let half = width.max(least) / 2.0;
                    let first = intake.add_line(row.number, wkb, half)?;
                    if let Some(closing) = rule.closing {
                        closed.push((intake.placed(row.number, wkb)?, closing / 2.0 + half, rule));
                    }
                    first
                }
                _ => intake.add(row.number, Some(wkb))?,
            };
            let count = intake.builder.item_count() - first;
            if count > 0 {
                *report
                    .taken
                    .entry(fusion.kind_name(kind).to_owned())
                    .or_default() += 1;
                owners.extend((0..count).map(|_| evidence.len() as u32));
                evidence.push(Evidence {
                    kind,
                    cover,
                    usage,
                    origin,
                    ossature: rule.is_some_and(|rule| rule.ossature),
                    is_older: source.date.is_some_and(|date| date < self.year),
                    id: value(id_at).trim().into(),
                    code: Arc::from(value(code_at).trim()),
                });
            }
            Ok(())
        })?;
        self.close_carriageways(&closed, &mut intake, &mut evidence, &mut owners, origin)?;
        if intake.looks_like_degrees() {
            // Which is refused, and told.
            return intake.finish().map(drop);
        }
        report.repairs = std::mem::take(&mut intake.repairs);
        let before = gathered.evidence.len() as u32;
        gathered.evidence.append(&mut evidence);
        gathered
            .owners
            .extend(owners.into_iter().map(|n| n + before));
        gathered.builder.append(intake.builder);
        gathered.reports.push(report);
        Ok(())
    }

    /// Fills what lies between the carriageways of a road.
    fn close_carriageways(
        &self,
        closed: &[(Vec<u8>, f64, &ObjectRule)],
        intake: &mut Intake,
        evidence: &mut Vec<Evidence>,
        owners: &mut Vec<u32>,
        origin: Origin,
    ) -> Result<()> {
        for is_ossature in [true, false] {
            let these = closed
                .iter()
                .filter(|(_, _, rule)| rule.ossature == is_ossature);
            let mut grown = Vec::new();
            let (mut most, mut told) = (0.0f64, None);
            for (wkb, reach, rule) in these {
                let surface = Surface::of_wkb([wkb.as_slice()])?.grown(*reach)?;
                grown.extend(surface.polygons()?);
                most = most.max(rule.closing.unwrap_or(0.0) / 2.0);
                told = Some(rule);
            }
            let (Some(rule), Some(kind)) = (told, told.and_then(|rule| rule.kind)) else {
                continue;
            };
            let surface = Surface::of(&grown)?.grown(0.0)?.grown(-most)?;
            let first = intake.add_surface(0, &surface)?;
            let count = intake.builder.item_count() - first;
            owners.extend((0..count).map(|_| evidence.len() as u32));
            evidence.push(Evidence {
                kind,
                cover: rule.cover,
                usage: rule.usage,
                origin,
                ossature: is_ossature,
                is_older: false,
                id: "".into(),
                code: "terre-plein".into(),
            });
        }
        Ok(())
    }
}

/// The column of the width of a line.
const WIDTH: &str = "LARGEUR";

/// The columns to read: identifier and code first, then what rules look at.
fn wanted(origin: Origin, rules: &[&ObjectRule], parcels: Option<&Parcels>) -> Vec<String> {
    let (id, code) = match origin {
        Origin::BdForet => ("ID", "CODE_TFV"),
        Origin::Rpg => ("ID_PARCEL", "CODE_CULTU"),
        Origin::FichiersFonciers => ("idpar", "idpar"),
        _ => ("ID", "NATURE"),
    };
    let mut wanted = vec![id.to_owned(), code.to_owned()];
    let conditions = rules.iter().flat_map(|rule| &rule.when);
    let mut others: Vec<String> = conditions.map(|c| c.column.clone()).collect();
    if rules.iter().any(|rule| rule.width.is_some()) {
        others.push(WIDTH.to_owned());
    }
    others.extend(parcels.into_iter().flat_map(Parcels::columns));
    for name in others {
        if !wanted.contains(&name) {
            wanted.push(name);
        }
    }
    wanted
}
