//! Reading reference layers: what the rows of each are evidence of, and the ground that they cover.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use gdal::vector::{Geometry, OGRwkbGeometryType, geometry_type_flatten};

use super::find::{Found, find};
use super::parcels::Parcels;
use super::{Evidence, Gathered, Origin, SourceReport};
use crate::crs::Crs;
use crate::error::{Error, Result, suggest};
use crate::partition::ItemId;
use crate::reference::{Code, Kind, ObjectRule, Reference, folded};
use crate::territory::{Produce, Source};
use crate::vector::{Layer, Opening, Row, Surface};
use crate::vintage::Intake;

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
        for (key, source) in produce.sources() {
            let origin = match key {
                "bd_topo" => Origin::BdTopo,
                "bd_foret" => Origin::BdForet,
                "rpg" => Origin::Rpg,
                _ => Origin::FichiersFonciers,
            };
            for found in find(key, source, &self.reference.fusion)? {
                self.read(origin, source, &found, &mut gathered)?;
            }
        }
        Ok(gathered)
    }

    fn read(
        &self,
        origin: Origin,
        source: &Source,
        found: &Found,
        gathered: &mut Gathered,
    ) -> Result<()> {
        let opening = Opening {
            layer: found.layer.as_deref(),
            encoding: source.encoding.as_deref(),
            ..Opening::default()
        };
        let mut layer = Layer::open(&found.path, opening)?;
        let report = SourceReport {
            source: origin.name(),
            place: layer.place(),
            date: source.date,
            ..SourceReport::default()
        };
        if layer.row_count() == 0 {
            gathered.reports.push(report);
            return Ok(());
        }
        let (mut taking, columns) = Taking::new(self, origin, source, found, &layer, report)?;
        layer.scan(&columns, |row| taking.take(&row))?;
        taking.close_carriageways()?;
        taking.finish(gathered)
    }
}

/// What a row is evidence of.
struct Told<'a> {
    kind: Option<Kind>,
    cover: Option<Code>,
    usage: Option<Code>,
    /// The rule that says so; none for parcels.
    rule: Option<&'a ObjectRule>,
}

/// The centre line of a carriageway, to be closed with its other one.
struct Carriageway<'a> {
    wkb: Vec<u8>,
    /// How far it is grown, m.
    reach: f64,
    rule: &'a ObjectRule,
}

/// Takes the rows of a layer as evidence.
struct Taking<'a> {
    gathering: &'a Gathering<'a>,
    origin: Origin,
    is_older: bool,
    /// Whether the last rule takes the codes that a closed list does not have.
    is_listed: bool,
    rules: Vec<&'a ObjectRule>,
    parcels: Option<Parcels>,
    /// Where each column that was asked for is; identifier and code come first.
    places: HashMap<String, usize>,
    intake: Intake,
    /// Rows that were read, to know them again.
    seen: HashSet<u64>,
    evidence: Vec<Evidence>,
    /// The evidence of each item of the intake.
    owners: Vec<u32>,
    carriageways: Vec<Carriageway<'a>>,
    report: SourceReport,
}

/// Places of identifier and code.
const ID: usize = 0;
const CODE: usize = 1;

impl<'a> Taking<'a> {
    /// For a layer; gives the columns to read beside.
    fn new(
        gathering: &'a Gathering<'a>,
        origin: Origin,
        source: &Source,
        found: &Found,
        layer: &Layer,
        report: SourceReport,
    ) -> Result<(Self, Vec<Option<String>>)> {
        let fusion = &gathering.reference.fusion;
        let rules: &[ObjectRule] = match origin {
            Origin::BdTopo => &fusion.bd_topo,
            Origin::BdForet => &fusion.bd_foret,
            Origin::Rpg => &fusion.rpg,
            Origin::Classification | Origin::FichiersFonciers => &[],
        };
        let rules: Vec<&ObjectRule> = rules.iter().filter(|r| r.layer == found.name).collect();
        let parcels = match origin {
            Origin::FichiersFonciers => Some(Parcels::new(layer, gathering.reference)?),
            _ => None,
        };
        let wanted = wanted(origin, &rules, parcels.as_ref());
        let column = |name: &String| layer.find_column(&fusion.names_of(name));
        let columns: Vec<Option<String>> = wanted.iter().map(column).collect();
        let missing = wanted.iter().zip(&columns).filter(|(_, c)| c.is_none());
        let missing: Vec<String> = missing.map(|(name, _)| name.clone()).collect();
        if missing.len() == wanted.len() && origin != Origin::BdTopo {
            return Err(Error::input(
                layer.place(),
                format!("has none of the columns {}", wanted.join(", ")),
                suggest(&wanted[0], layer.columns().iter().map(String::as_str)),
            ));
        }
        let taking = Self {
            gathering,
            origin,
            is_older: source.date.is_some_and(|date| date < gathering.year),
            is_listed: matches!(origin, Origin::BdForet | Origin::Rpg)
                || found.name.starts_with("TRONCON_"),
            rules,
            parcels,
            places: wanted
                .into_iter()
                .enumerate()
                .map(|(n, name)| (name, n))
                .collect(),
            intake: Intake::new(layer, source.crs.as_deref(), gathering.crs)?,
            seen: HashSet::new(),
            evidence: Vec::new(),
            owners: Vec::new(),
            carriageways: Vec::new(),
            report: SourceReport {
                missing_columns: missing,
                ..report
            },
        };
        Ok((taking, columns))
    }

    /// Takes a row, or counts why not.
    fn take(&mut self, row: &Row) -> Result<()> {
        self.report.rows += 1;
        let Some(wkb) = row.geometry else {
            return self.intake.add(row.number, None).map(drop);
        };
        let mut hasher = DefaultHasher::new();
        (wkb, row.values).hash(&mut hasher);
        if !self.seen.insert(hasher.finish()) {
            self.report.duplicates += 1;
            return Ok(());
        }
        let value = |n: usize| row.values[n].as_deref().unwrap_or("").trim();
        let Some(told) = self.told(row) else {
            let what = match self.origin {
                Origin::FichiersFonciers => "nothing built",
                _ => value(CODE),
            };
            *self.report.unknown.entry(what.to_owned()).or_default() += 1;
            return Ok(());
        };
        // The last line of a closed list of codes takes what the list does not know.
        if self.is_listed && told.rule.is_some_and(|rule| rule.when.is_empty()) {
            let code = value(CODE).to_owned();
            *self.report.unknown.entry(code).or_default() += 1;
        }
        let Some(kind) = told.kind else {
            self.report.left_out += 1;
            return Ok(());
        };
        let Some(first) = self.lay(row, wkb, told.rule)? else {
            return Ok(());
        };
        if first == self.intake.builder.item_count() {
            return Ok(());
        }
        let name = self.gathering.reference.fusion.kind_name(kind).to_owned();
        *self.report.taken.entry(name).or_default() += 1;
        self.own(Evidence {
            kind,
            cover: told.cover,
            usage: told.usage,
            origin: self.origin,
            ossature: told.rule.is_some_and(|rule| rule.ossature),
            is_older: self.is_older,
            id: value(ID).into(),
            code: value(CODE).into(),
        });
        Ok(())
    }

    /// What a row is evidence of; none where no rule knows it, or nothing is built on a parcel.
    fn told(&self, row: &Row) -> Option<Told<'a>> {
        if let Some(parcels) = &self.parcels {
            let value = |name: &str| row.values[self.places[name]].as_deref().unwrap_or("");
            let (kind, usage) = parcels.tells(&value)?;
            return Some(Told {
                kind: Some(kind),
                cover: None,
                usage: Some(usage),
                rule: None,
            });
        }
        let values: Vec<String> = row
            .values
            .iter()
            .map(|v| folded(v.as_deref().unwrap_or("")))
            .collect();
        let holds = |rule: &&&ObjectRule| {
            let mut when = rule.when.iter();
            when.all(|c| c.holds(&values[self.places[c.column.as_str()]]))
        };
        self.rules
            .iter()
            .copied()
            .find(|rule| holds(&rule))
            .map(|rule| Told {
                kind: rule.kind,
                cover: rule.cover,
                usage: rule.usage,
                rule: Some(rule),
            })
    }

    /// Lays the ground of a row: the number of its first item; none where it covers none here.
    fn lay(
        &mut self,
        row: &Row,
        wkb: &[u8],
        rule: Option<&'a ObjectRule>,
    ) -> Result<Option<ItemId>> {
        let shape = Geometry::from_wkb(wkb).ok();
        if let Some(shape) = &shape
            && !self.intake.may_reach(shape, self.gathering.bounds)
        {
            self.report.elsewhere += 1;
            return Ok(None);
        }
        match shape.map(|s| geometry_type_flatten(s.geometry_type())) {
            Some(OGRwkbGeometryType::wkbPoint | OGRwkbGeometryType::wkbMultiPoint) => {
                self.report.points += 1;
                Ok(None)
            }
            Some(OGRwkbGeometryType::wkbLineString | OGRwkbGeometryType::wkbMultiLineString) => {
                let Some((rule, usual)) = rule.and_then(|rule| Some((rule, rule.width?))) else {
                    // A line without a width, such as a power line, covers no ground.
                    self.report.left_out += 1;
                    return Ok(None);
                };
                self.lay_line(row, wkb, rule, usual).map(Some)
            }
            _ => self.intake.add(row.number, Some(wkb)).map(Some),
        }
    }

    /// Lays a line as wide as it says, or as usual.
    fn lay_line(
        &mut self,
        row: &Row,
        wkb: &[u8],
        rule: &'a ObjectRule,
        usual: f64,
    ) -> Result<ItemId> {
        let reference = self.gathering.reference;
        let told = self.places.get(WIDTH).and_then(|&n| {
            let text = row.values[n].as_deref().unwrap_or("");
            text.replace(',', ".").parse::<f64>().ok()
        });
        let most = reference.parameter("width_most")?;
        let told = told.filter(|w| *w > 0.0 && *w <= most);
        if told.is_none() {
            self.report.without_width += 1;
        }
        let least = reference.parameter("width_network")?;
        let width = told.unwrap_or(usual) + 2.0 * rule.shoulder;
        let half = width.max(least) / 2.0;
        let first = self.intake.add_line(row.number, wkb, half)?;
        if let Some(closing) = rule.closing {
            self.carriageways.push(Carriageway {
                wkb: self.intake.placed(row.number, wkb)?,
                reach: closing / 2.0 + half,
                rule,
            });
        }
        Ok(first)
    }

    /// Gives the items that have no owner yet evidence of theirs.
    fn own(&mut self, evidence: Evidence) {
        let items = self.intake.builder.item_count() as usize;
        self.owners.resize(items, self.evidence.len() as u32);
        self.evidence.push(evidence);
    }

    /// Fills what lies between the carriageways of a road.
    fn close_carriageways(&mut self) -> Result<()> {
        for is_ossature in [true, false] {
            let mut grown = Vec::new();
            let (mut most, mut told) = (0.0f64, None);
            let these = self.carriageways.iter();
            for Carriageway { wkb, reach, rule } in
                these.filter(|of| of.rule.ossature == is_ossature)
            {
                let surface = Surface::of_wkb([wkb.as_slice()])?.grown(*reach)?;
                grown.extend(surface.polygons()?);
                most = most.max(rule.closing.unwrap_or(0.0) / 2.0);
                told = Some(*rule);
            }
            let (Some(rule), Some(kind)) = (told, told.and_then(|rule| rule.kind)) else {
                continue;
            };
            let surface = Surface::of(&grown)?.grown(0.0)?.grown(-most)?;
            self.intake.add_surface(0, &surface)?;
            self.own(Evidence {
                kind,
                cover: rule.cover,
                usage: rule.usage,
                origin: self.origin,
                ossature: is_ossature,
                is_older: false,
                id: "".into(),
                code: "terre-plein".into(),
            });
        }
        Ok(())
    }

    /// Puts what was taken to the rest.
    fn finish(mut self, gathered: &mut Gathered) -> Result<()> {
        if self.intake.looks_like_degrees() {
            // Which is refused, and told.
            return self.intake.finish().map(drop);
        }
        self.report.repairs = std::mem::take(&mut self.intake.repairs);
        let before = gathered.evidence.len() as u32;
        gathered.evidence.append(&mut self.evidence);
        let owners = self.owners.into_iter().map(|n| n + before);
        gathered.owners.extend(owners);
        gathered.builder.append(self.intake.builder);
        gathered.reports.push(self.report);
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
