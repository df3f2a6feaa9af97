//! The classification and all evidence on one partition, and what is decided of each face.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::Production;
use super::probabilities::Probabilities;
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::fuse::{Candidate, Decision, Gathered, Gathering, Judge, Origin, Seen};
use crate::generalise::{Plot, Plots, Rules, zone_construite};
use crate::partition::{Builder, FaceId, ItemId, Overlay, Partition, Polygon};
use crate::progress::Progress;
use crate::raster::{Mosaic, Pixel};
use crate::reference::{ClassCode, Code, Reference};
use crate::vectorise::{self, Drawing, NO_LABEL, Sieve};
use crate::zonal::Frame;

/// A class of the raster.
pub(super) struct Class {
    /// Its cover, and the use that it has or lets suppose; none where it says nothing of the ground.
    pub(super) ground: Option<(Code, Code)>,
    /// Its value in the raster.
    pub(super) code: String,
}

/// Everything on one partition.
pub(super) struct Fused<'a> {
    pub(super) reference: &'a Reference,
    /// Where the pixels of the classes lie.
    pub(super) frame: Frame,
    /// The faces.
    pub(super) partition: Partition,
    /// What the classification says of each: a class,
    pub(super) class: Vec<Option<u16>>,
    /// and how sure it is.
    pub(super) confidence: Vec<Option<f32>>,
    /// How probable it is that the cover of each changed since the vintage before.
    changed: Vec<Option<f32>>,
    /// Whether each lies in the zone construite.
    pub(super) in_zone: Vec<bool>,
    /// The evidence that reaches each, as items of what was gathered.
    evidence: Vec<Vec<ItemId>>,
    /// The area of the polygon of each item.
    areas: Vec<i64>,
    pub(super) classes: Vec<Class>,
    pub(super) gathered: Gathered,
    /// Polygons of the zone construite.
    pub(super) zones: Vec<Polygon>,
}

impl<'a> Fused<'a> {
    pub(super) fn new(
        production: &Production,
        crs: &Crs,
        reference: &'a Reference,
        rules: &Rules,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let vintage = production.vintage;
        let place = format!("vintage {}", vintage.year);
        let name = vintage.nomenclature.as_deref().unwrap_or_default();
        let list = reference.raster_classes(name, &place)?;
        progress.phase("vectorising", None);
        let mosaic = Mosaic::open(&vintage.classes, vintage.crs.as_deref(), crs, &place)?;
        mosaic.require_nomenclature(name)?;
        // Label 0 is beyond the raster, label 1 has no class.
        let mut classes = vec![Class {
            ground: None,
            code: String::new(),
        }];
        let mut labels: BTreeMap<i64, u16> = BTreeMap::new();
        for (code, class) in list.iter() {
            labels.insert(code, classes.len() as u16 + 1);
            classes.push(Class {
                ground: match class.ground {
                    ClassCode::Uncovered => None,
                    ClassCode::Ground(cover, usage) => {
                        let is_unknown = reference.is_unknown_use(usage);
                        let likely = class.likely_use.filter(|_| is_unknown);
                        Some((cover, likely.unwrap_or(usage)))
                    }
                },
                code: code.to_string(),
            });
        }
        let label = |pixel, column, row| match pixel {
            Pixel::Outside => Ok(NO_LABEL),
            Pixel::Nodata => Ok(1),
            Pixel::Value(value) => {
                let label = labels.get(&value.into()).copied();
                label.ok_or_else(|| mosaic.not_of(name, value, column, row))
            }
        };
        let probabilities = Probabilities::open(vintage, &mosaic, crs)?;
        let pixel = mosaic.placing().pixel;
        let second = |rows| match &probabilities {
            Some(probabilities) => probabilities.second(rows, &labels),
            None => Ok(Vec::new()),
        };
        let sieve = Sieve {
            least: (reference.parameter("sieve_m2")? / (pixel * pixel)).round() as usize,
            second: probabilities.is_some().then_some(&second),
        };
        let arcs = vectorise::trace(&mosaic, label, Some(&sieve))?;
        let lines = vectorise::lines(&arcs, mosaic.placing(), Drawing::Smooth)?;
        drop(arcs);

        progress.phase("reading sources", None);
        let gathering = Gathering {
            reference,
            crs,
            year: vintage.year,
            bounds: mosaic.bounds(),
        };
        let mut gathered = gathering.gather(&production.sources)?;

        progress.phase("one partition", None);
        let mut builder = Builder::new();
        for _ in &classes {
            builder.item();
        }
        for line in lines {
            for label in [line.left, line.right] {
                if label != NO_LABEL {
                    builder.line(ItemId::from(label - 1), &line.points);
                }
            }
        }
        let first_evidence = builder.append(std::mem::take(&mut gathered.builder));
        let overlay = builder.build();
        overlay
            .verify()
            .map_err(|defect| Error::Internal(format!("the partition is not one: {defect}")))?;
        let areas = overlay.item_areas()[first_evidence as usize..].to_vec();
        let sorted = Sorted::new(&overlay, classes.len() as ItemId);

        progress.phase("zone construite", None);
        let mut fused = Self {
            reference,
            frame: Frame {
                placing: mosaic.placing(),
                width: mosaic.width(),
                height: mosaic.height(),
            },
            confidence: vec![None; overlay.partition.face_count()],
            changed: vec![None; overlay.partition.face_count()],
            in_zone: vec![false; overlay.partition.face_count()],
            partition: overlay.partition,
            class: sorted.class,
            evidence: sorted.evidence,
            areas,
            classes,
            gathered,
            zones: Vec::new(),
        };
        if let Some(probabilities) = &probabilities {
            fused.confidence = probabilities.of_faces(&fused.partition)?;
        }
        if let Some((before, after)) = production.seen_before(crs, reference)? {
            fused.changed = before.changes(&after, &fused.partition)?;
        }
        fused.add_zone(rules)?;
        Ok(fused)
    }

    /// Finds the zone construite around what is built, and cuts the faces along it.
    fn add_zone(&mut self, rules: &Rules) -> Result<()> {
        let judge = Judge::new(self.reference)?;
        let keys: Vec<u32> = (0..self.partition.face_count() as FaceId)
            .into_par_iter()
            .map(|face| {
                let cover = judge.cover(self.seen(face), &self.candidates(face));
                let is_built = cover.is_some_and(|(cover, _)| self.reference.is_building(cover));
                u32::from(is_built && self.is_reached(face))
            })
            .collect();
        let built = self.partition.dissolve(&keys);
        let buildings: Vec<Polygon> = (1..built.members.len() as FaceId)
            .into_par_iter()
            .filter(|&f| {
                let is_built = keys[built.members[f as usize] as usize] == 1;
                is_built && built.partition.area(f) >= rules.building_least()
            })
            .filter_map(|f| built.partition.polygon(f))
            .collect();
        let zones = zone_construite(&buildings, rules)?;
        let bears_building: Vec<bool> = (0..keys.len())
            .map(|f| {
                keys[f] == 1 && built.partition.area(built.merged[f]) >= rules.building_least()
            })
            .collect();
        let relaid = self.partition.relay(&zones);
        let pick = |face: &FaceId| *face as usize;
        let parents = &relaid.parents;
        self.in_zone = relaid.shapes.iter().map(|s| !s.is_empty()).collect();
        self.class = parents.iter().map(|p| self.class[pick(p)]).collect();
        self.confidence = parents.iter().map(|p| self.confidence[pick(p)]).collect();
        self.changed = parents.iter().map(|p| self.changed[pick(p)]).collect();
        self.evidence = parents
            .iter()
            .map(|p| self.evidence[pick(p)].clone())
            .collect();
        self.partition = relaid.partition;
        let bears_building: Vec<bool> = parents.iter().map(|p| bears_building[pick(p)]).collect();
        self.add_parcels(&bears_building, rules);
        let is_zone: Vec<bool> = (0..self.in_zone.len())
            .map(|face| self.in_zone[face] && self.is_reached(face as FaceId))
            .collect();
        self.zones = self.partition.polygons_of(&is_zone);
        Ok(())
    }

    /// Adds to the zone construite the small parcels that a building in it stands on.
    fn add_parcels(&mut self, bears_building: &[bool], rules: &Rules) {
        let is_small_parcel = |item: ItemId| {
            self.gathered.of(item).origin == Origin::FichiersFonciers
                && self.areas[item as usize] <= rules.zone_parcel_most()
        };
        let mut is_built = vec![false; self.areas.len()];
        for face in (0..self.in_zone.len()).filter(|&f| self.in_zone[f] && bears_building[f]) {
            for &item in &self.evidence[face] {
                is_built[item as usize] |= is_small_parcel(item);
            }
        }
        for (in_zone, items) in self.in_zone.iter_mut().zip(&self.evidence) {
            *in_zone |= items.iter().any(|&item| is_built[item as usize]);
        }
    }

    /// Whether the imagery reaches a face, be it without a class.
    pub(super) fn is_reached(&self, face: FaceId) -> bool {
        self.class[face as usize].is_some()
    }

    /// What the classification says of a face.
    pub(super) fn seen(&self, face: FaceId) -> Option<Seen> {
        let class = self.class[face as usize]?;
        let (cover, usage) = self.classes[usize::from(class)].ground?;
        Some(Seen {
            cover,
            usage,
            confidence: self.confidence[face as usize].map(f64::from),
            changed: self.changed[face as usize].map(f64::from),
        })
    }

    /// The evidence that reaches a face.
    pub(super) fn candidates(&self, face: FaceId) -> Vec<Candidate<'_>> {
        let items = self.evidence[face as usize].iter();
        items
            .map(|&item| Candidate {
                number: self.gathered.owners[item as usize],
                area: self.areas[item as usize],
                evidence: self.gathered.of(item),
            })
            .collect()
    }

    /// What is decided of each face by the sources up to one of them.
    pub(super) fn decide(&self, up_to: Origin) -> Result<Vec<Option<Decision>>> {
        let judge = Judge::new(self.reference)?;
        let decide = |face: FaceId| {
            let place = face as usize;
            if !self.is_reached(face) {
                return None;
            }
            judge.decide(
                self.seen(face),
                &self.candidates(face),
                self.in_zone[place],
                up_to,
            )
        };
        let faces = (0..self.partition.face_count() as FaceId).into_par_iter();
        Ok(faces.map(decide).collect())
    }

    /// The faces as plots, decided by the sources up to one of them. The origin of a plot is the
    /// number of its class, or that of its evidence after all classes.
    pub(super) fn plots(&self, up_to: Origin) -> Result<Plots> {
        let plot = |(face, decision): (usize, Option<Decision>)| {
            let decision = decision?;
            let origin = match decision.cover_by {
                Some(number) => self.classes.len() as u32 + number,
                None => self.class[face].map_or(0, u32::from),
            };
            let area = self.partition.area(face as FaceId);
            Some(Plot {
                cover: decision.cover,
                usage: decision.usage,
                if_narrow: decision.if_narrow,
                ossature: decision.ossature,
                in_zone: if self.in_zone[face] { area } else { 0 },
                beyond: None,
                origin,
            })
        };
        let decisions = self.decide(up_to)?;
        Ok(Plots {
            partition: self.partition.clone(),
            plots: decisions.into_iter().enumerate().map(plot).collect(),
        })
    }

    /// Source, identifier and code of the origin of a plot.
    pub(super) fn origin(&self, origin: u32) -> (&str, &str, &str) {
        match (origin as usize).checked_sub(self.classes.len()) {
            None => {
                let class = &self.classes[origin as usize];
                (Origin::Classification.name(), "", &class.code)
            }
            Some(number) => {
                let evidence = &self.gathered.evidence[number];
                (evidence.origin.name(), &evidence.id, &evidence.code)
            }
        }
    }
}

/// What covers each face, by what it is.
struct Sorted {
    class: Vec<Option<u16>>,
    evidence: Vec<Vec<ItemId>>,
}

impl Sorted {
    fn new(overlay: &Overlay, classes: ItemId) -> Self {
        let count = overlay.partition.face_count();
        let mut sorted = Self {
            class: vec![None; count],
            evidence: vec![Vec::new(); count],
        };
        for face in 0..count {
            for &item in overlay.items(face as FaceId) {
                match item.checked_sub(classes) {
                    None => sorted.class[face] = Some(item as u16),
                    Some(evidence) => sorted.evidence[face].push(evidence),
                }
            }
        }
        sorted
    }
}
