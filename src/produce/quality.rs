//! How good a produced vintage is.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fused::Fused;
use crate::error::Result;
use crate::generalise::{Exception, Plots, Rules, Wide, exceptions, narrow};
use crate::grid::{HALF_CM2_PER_M2, format_m2};
use crate::partition::FaceId;
use crate::reference::{Code, Reference};

/// The ground that a vintage is to cover.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Its area as it is laid on the grid with the outlines of the objects, half cm²: where one meets the limit,
    /// the limit is bent, by less than a step.
    pub laid: i64,
    /// That of the communes as they were drawn, half cm²; none where all ground is meant.
    pub drawn: Option<i64>,
}

/// What is measured of a vintage.
pub struct Quality {
    /// Its objects.
    pub objects: usize,
    /// Their area, half cm²,
    pub area: i64,
    /// and that of the ground that they are to cover.
    pub extent: Extent,
    /// What is wrong with the partition, where something is.
    pub defect: Option<String>,
    /// Objects and area by cover and use.
    classes: BTreeMap<(Code, Code), (u64, i64)>,
    /// Objects below their minimum unit, by why they may stay.
    small: BTreeMap<Option<Exception>, (u64, i64)>,
    /// Mean confidence of the classification, weighted by area, by cover seen.
    confidence: BTreeMap<Code, (f64, i64)>,
    /// Parts narrower than they may be that are left, for want of a neighbour to go to, half cm².
    narrow: (u64, i64),
    /// Ground of which only sources tell, the imagery nothing, half cm².
    unseen: i64,
}

impl Quality {
    pub(super) fn new(
        plots: &Plots,
        fused: &Fused,
        rules: &Rules,
        wide: &Wide,
        extent: Extent,
    ) -> Result<Self> {
        let mut classes: BTreeMap<(Code, Code), (u64, i64)> = BTreeMap::new();
        for (face, plot) in plots.faces() {
            let entry = classes.entry((plot.cover, plot.usage)).or_default();
            entry.0 += 1;
            entry.1 += plots.partition.area(face);
        }
        let mut small: BTreeMap<Option<Exception>, (u64, i64)> = BTreeMap::new();
        for (face, why) in exceptions(plots, rules) {
            let entry = small.entry(why).or_default();
            entry.0 += 1;
            entry.1 += plots.partition.area(face);
        }
        let mut confidence: BTreeMap<Code, (f64, i64)> = BTreeMap::new();
        let mut unseen = 0;
        for face in 0..fused.partition.face_count() as FaceId {
            let area = fused.partition.area(face);
            let seen = fused.seen(face);
            let is_told = || {
                let mut evidence = fused.candidates(face).into_iter();
                evidence.any(|c| c.evidence.cover.is_some())
            };
            if seen.is_none() && fused.is_reached(face) && is_told() {
                unseen += area;
            }
            if let Some(seen) = seen
                && let Some(sure) = seen.confidence
            {
                let entry = confidence.entry(seen.cover).or_default();
                entry.0 += sure * area as f64;
                entry.1 += area;
            }
        }
        let narrow = narrow(plots, rules, wide)?;
        Ok(Self {
            narrow: (
                narrow.len() as u64,
                narrow.iter().map(|(_, area)| area).sum(),
            ),
            unseen,
            objects: plots.faces().count(),
            area: plots.area(),
            extent,
            defect: plots.partition.verify().err().map(|d| d.to_string()),
            classes,
            small,
            confidence,
        })
    }

    /// Ground that no object covers, because the imagery does not reach it or nothing is told of it, half cm².
    pub fn gap(&self) -> i64 {
        self.extent.laid - self.area
    }

    /// Objects below their unit that nothing allows.
    pub fn too_small(&self) -> u64 {
        self.small.get(&None).map_or(0, |(count, _)| *count)
    }

    /// As JSON.
    pub(super) fn json(&self, reference: &Reference) -> Value {
        let rows: Vec<Value> = self
            .classes
            .iter()
            .map(|(&(cover, usage), &(objects, area))| {
                let (cover, usage) = (reference.cover.text(cover), reference.usage.text(usage));
                json!({
                    "code_cs": cover, "code_us": usage, "objects": objects,
                    "area_m2": format_m2(area),
                    "improbable": reference.generalisation.improbable(cover, usage),
                })
            })
            .collect();
        let small: Vec<Value> = self
            .small
            .iter()
            .map(|(why, &(objects, area))| {
                json!({
                    "why": why.map(Exception::name), "objects": objects,
                    "area_m2": format_m2(area),
                })
            })
            .collect();
        let confidence: BTreeMap<&str, f64> = self
            .confidence
            .iter()
            .map(|(&cover, &(sum, area))| (reference.cover.text(cover), sum / area.max(1) as f64))
            .collect();
        json!({
            "objects": self.objects,
            "area_m2": format_m2(self.area),
            "territory_m2": format_m2(self.extent.laid),
            "gap_m2": format_m2(self.gap()),
            "limit_bent_m2": self.extent.drawn.map(|drawn| format_m2(self.extent.laid - drawn)),
            "valid": self.defect.is_none(),
            "defect": self.defect,
            "classes": rows,
            "below_minimum_unit": small,
            "narrow_parts": { "count": self.narrow.0, "area_m2": format_m2(self.narrow.1) },
            "told_by_sources_alone_m2": format_m2(self.unseen),
            "confidence_seen": confidence,
        })
    }

    /// As a page.
    pub(super) fn page(&self, title: &str, reference: &Reference) -> String {
        let hectares =
            |area: i64| format!("{:.2}", area as f64 / HALF_CM2_PER_M2 as f64 / 10_000.0);
        let mut classes = String::new();
        for (&(cover, usage), &(objects, area)) in &self.classes {
            let (c, u) = (reference.cover.labels(cover), reference.usage.labels(usage));
            let codes = (reference.cover.text(cover), reference.usage.text(usage));
            let why = reference.generalisation.improbable(codes.0, codes.1);
            classes += &format!(
                "<tr><td>{} {}</td><td>{} {}</td><td class=n>{objects}</td><td class=n>{}</td>\
                 <td>{}</td></tr>\n",
                codes.0,
                escaped(&c.label_fr),
                codes.1,
                escaped(&u.label_fr),
                hectares(area),
                why.map_or(String::new(), |why| format!(
                    "peu probable : {}",
                    escaped(why)
                )),
            );
        }
        let mut small = String::new();
        for (why, &(objects, area)) in &self.small {
            let why = match why {
                Some(Exception::Ossature) => "ossature",
                Some(Exception::Cut) => {
                    "coupé par la limite du territoire, l'ensemble étant assez grand"
                }
                Some(Exception::HemmedIn) => "enclavé dans l'ossature ou au bord du territoire",
                None => "sans raison admise",
            };
            small += &format!(
                "<tr><td>{why}</td><td class=n>{objects}</td><td class=n>{}</td></tr>\n",
                hectares(area)
            );
        }
        let mut confidence = String::new();
        for (&cover, &(sum, area)) in &self.confidence {
            confidence += &format!(
                "<tr><td>{} {}</td><td class=n>{:.2}</td></tr>\n",
                reference.cover.text(cover),
                escaped(&reference.cover.labels(cover).label_fr),
                sum / area.max(1) as f64
            );
        }
        let validity = match &self.defect {
            None => "partition valide : ni trou, ni recouvrement".to_owned(),
            Some(defect) => format!("partition non valide : {}", escaped(defect)),
        };
        format!(
            "<!DOCTYPE html>\n<html lang=\"fr\"><meta charset=\"utf-8\"><title>{0} : fiche \
             qualité</title>\n<style>body{{font:16px/1.4 sans-serif;max-width:60em;margin:2em \
             auto;padding:0 1em}}table{{border-collapse:collapse;margin:1em 0}}td,th{{border-bottom:\
             1px solid #ccc;padding:.2em .8em;text-align:left}}.n{{text-align:right}}</style>\n\
             <h1>{0} : fiche qualité</h1>\n<p>{1} objets, {2} ha ; territoire sans objet, hors \
             des images ou sans information : {3} m². {4}. {8} parties étroites ({9} ha) restent, faute de voisin.</p>\n<h2>Objets sous leur unité minimale</h2>\n<table>\
             <tr><th>Raison</th><th>Objets</th><th>ha</th></tr>\n{5}</table>\n<h2>Surfaces par \
             couverture et usage</h2>\n<table><tr><th>Couverture</th><th>Usage</th><th>Objets</th>\
             <th>ha</th><th></th></tr>\n{6}</table>\n<h2>Confiance moyenne de la classification\
             </h2>\n<table><tr><th>Couverture vue</th><th>Confiance</th></tr>\n{7}</table>\n</html>\n",
            escaped(title),
            self.objects,
            hectares(self.area),
            format_m2(self.gap()),
            validity,
            small,
            classes,
            confidence,
            self.narrow.0,
            hectares(self.narrow.1),
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
