//! The largest changes of a territory, one by one.

use std::cmp::Reverse;
use std::collections::HashMap;

use geo::{InteriorPoint, LineString, Polygon};
use serde_json::{Value, json};

use super::content::{Content, Period};
use super::maps::Drawn;
use crate::error::Result;
use crate::french;
use crate::grid::{HALF_CM2_PER_M2, format_m2};
use crate::map::{Panel, Scene, Sheet, Shown, Subject, View, sheet};
use crate::query::Degrees;
use crate::reference::{Nomenclature, Reference};

/// How many are told one by one.
const TOLD: usize = 10;
/// Metres around a change on its map, at least.
const AROUND: f64 = 60.0;
/// Faces of a change that a question names one by one; one of more has none.
const NAMED: usize = 12;

/// Faces that touch and whose status changed in the same way: what people see as one change.
struct Change<'a> {
    faces: Vec<&'a Shown>,
    area: i64,
}

impl Change<'_> {
    fn bounds(&self) -> [f64; 4] {
        let mut whole = [
            f64::INFINITY,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NEG_INFINITY,
        ];
        for face in &self.faces {
            let own = bounds(face);
            whole = [
                whole[0].min(own[0]),
                whole[1].min(own[1]),
                whole[2].max(own[2]),
                whole[3].max(own[3]),
            ];
        }
        whole
    }
}

/// The changes of status of a scene whose cover or use changed too, the largest first.
fn changes(scene: &Scene) -> Vec<Change<'_>> {
    let faces: Vec<&Shown> = scene
        .faces
        .iter()
        .filter(|face| face.is_changed && !face.is_threshold)
        .filter(|face| matches!(face.artificial, [Some(a), Some(b)] if a != b))
        .collect();
    // Faces that share an edge go along it in opposite ways.
    let mut edges: HashMap<[u64; 4], usize> = HashMap::new();
    let key = |p: (f64, f64), q: (f64, f64)| [p.0, p.1, q.0, q.1].map(f64::to_bits);
    for (n, face) in faces.iter().enumerate() {
        for edge in face.rings.iter().flat_map(|ring| ring.windows(2)) {
            edges.insert(key(edge[0], edge[1]), n);
        }
    }
    let mut group: Vec<Option<usize>> = vec![None; faces.len()];
    let mut found: Vec<Change> = Vec::new();
    for first in 0..faces.len() {
        if group[first].is_some() {
            continue;
        }
        let number = found.len();
        let mut change = Change {
            faces: Vec::new(),
            area: 0,
        };
        let mut waiting = vec![first];
        group[first] = Some(number);
        while let Some(n) = waiting.pop() {
            let face = faces[n];
            change.faces.push(face);
            change.area += face.area;
            for edge in face.rings.iter().flat_map(|ring| ring.windows(2)) {
                let other = edges.get(&key(edge[1], edge[0])).copied();
                if let Some(other) = other
                    && group[other].is_none()
                    && faces[other].artificial == face.artificial
                {
                    group[other] = Some(number);
                    waiting.push(other);
                }
            }
        }
        // The largest speaks for all.
        change
            .faces
            .sort_by_key(|face| (Reverse(face.area), first_point(face)));
        found.push(change);
    }
    found.sort_by_key(|change| (Reverse(change.area), first_point(change.faces[0])));
    found
}

/// A place to order faces of one area by.
fn first_point(face: &Shown) -> (u64, u64) {
    let point = face.rings.first().and_then(|ring| ring.first());
    point.map_or((0, 0), |p| (p.0.to_bits(), p.1.to_bits()))
}

/// The largest changes of status whose cover or use changed too, each with its place and small maps.
pub(super) fn largest(drawn: &Drawn, content: &mut Content, period: &Period) -> Result<Vec<Value>> {
    let Drawn {
        scene, reference, ..
    } = drawn;
    let degrees = scene.projjson.as_ref().map(Degrees::of).transpose()?;
    content.figures.begin("Plus grands changements");
    let mut told = Vec::new();
    for (n, change) in changes(scene).into_iter().take(TOLD).enumerate() {
        let points = match &degrees {
            Some(way) => inside(&change, way)?,
            None => Vec::new(),
        };
        let is_gain = change.faces[0].artificial == [Some(false), Some(true)];
        let (kind, flag) = match is_gain {
            true => ("Artificialisation", "artificialisation"),
            false => ("Désartificialisation", "desartificialisation"),
        };
        let is_named = points.len() == change.faces.len() && points.len() <= NAMED;
        let question = is_named.then(|| {
            let points = points
                .iter()
                .map(|p| format!(" --point {:.8},{:.8}", p.0, p.1));
            format!("--kind {flag}{}", points.collect::<String>())
        });
        let question = question.and_then(|rest| content.question(period, &rest));
        let map = small(drawn, &change, n);
        let commune = scene.text(change.faces[0].commune);
        told.push(json!({
            "kind": kind,
            "is_gain": is_gain,
            "area": content.figures.area(
                &format!("{kind} n° {}", n + 1),
                &period.name(),
                &format_m2(change.area),
                question,
            ),
            "m2": french::square_metres(change.area as f64 / HALF_CM2_PER_M2 as f64),
            "before": side(scene, reference, &change, 0),
            "after": side(scene, reference, &change, 1),
            "commune": commune,
            "place": points.first().copied().map(said),
            "map": map,
        }));
    }
    Ok(told)
}

/// What the ground of a change was (0) or became (1): its covers and uses, the largest first.
fn side(scene: &Scene, reference: &Reference, change: &Change, when: usize) -> String {
    let list = |nomenclature: &Nomenclature, of: &dyn Fn(&Shown) -> u16| {
        let mut areas: Vec<(u16, i64)> = Vec::new();
        for face in &change.faces {
            match areas.iter_mut().find(|(code, _)| *code == of(face)) {
                Some((_, area)) => *area += face.area,
                None => areas.push((of(face), face.area)),
            }
        }
        areas.sort_by_key(|(code, area)| (Reverse(*area), *code));
        let names = areas.iter().take(3).map(|(code, _)| {
            let code = scene.text(*code);
            let known = nomenclature.code(code).filter(|_| !code.is_empty());
            known.map_or_else(
                || "non couvert".to_owned(),
                |known| french::text(&nomenclature.labels(known).label_fr).to_lowercase(),
            )
        });
        names.collect::<Vec<_>>().join(", ")
    };
    let cover = list(&reference.cover, &|face| face.cover[when]);
    let usage = list(&reference.usage, &|face| face.usage[when]);
    let usage = usage.replace("usage ", "");
    french::text(&format!("{cover} (usage : {usage})"))
}

/// A point within each face of a change, as longitude and latitude.
fn inside(change: &Change, way: &Degrees) -> Result<Vec<(f64, f64)>> {
    let mut points = Vec::new();
    for face in &change.faces {
        let mut rings = face.rings.iter().map(|ring| LineString::from(ring.clone()));
        let outer = rings.next().unwrap_or_else(|| LineString(Vec::new()));
        let polygon = Polygon::new(outer, rings.collect());
        if let Some(point) = polygon.interior_point() {
            points.push(way.of_point((point.x(), point.y()))?);
        }
    }
    Ok(points)
}

fn bounds(face: &Shown) -> [f64; 4] {
    let mut bounds = [
        f64::INFINITY,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NEG_INFINITY,
    ];
    for &(x, y) in face.rings.iter().take(1).flatten() {
        bounds = [
            bounds[0].min(x),
            bounds[1].min(y),
            bounds[2].max(x),
            bounds[3].max(y),
        ];
    }
    bounds
}

/// A longitude and a latitude as they are said: `43,6512° N, 0,5821° E`.
fn said((longitude, latitude): (f64, f64)) -> String {
    let side = |v: f64, positive, negative| if v < 0.0 { negative } else { positive };
    format!(
        "{}° {}, {}° {}",
        french::number(latitude.abs(), 4),
        side(latitude, "N", "S"),
        french::number(longitude.abs(), 4),
        side(longitude, "E", "O"),
    )
}

/// The change and what is around it.
fn small(drawn: &Drawn, change: &Change, number: usize) -> String {
    let [west, south, east, north] = change.bounds();
    let around = ((east - west).max(north - south) * 0.6).max(AROUND);
    let half = (east - west).max(north - south) / 2.0 + around;
    let (x, y) = (f64::midpoint(west, east), f64::midpoint(south, north));
    let near = drawn.scene.within([x - half, y - half, x + half, y + half]);
    let panel = |title: &str, subject, is_after| Panel {
        title: title.to_owned(),
        backdrop: Vec::new(),
        view: Some(View {
            subject,
            is_after,
            opacity: 1.0,
        }),
    };
    sheet(&Sheet {
        scene: &near,
        reference: drawn.reference,
        panels: &[
            panel("avant", Subject::Cover, false),
            panel("après", Subject::Cover, true),
            panel("changement", Subject::Changes, true),
        ],
        width: 640,
        title: &format!("Changement n° {}", number + 1),
        description: "Trois petites cartes : la couverture avant, la couverture après, le changement de statut.",
        sources: "",
        mark: &format!("g{number}"),
        heading: None,
        is_exact: true,
    })
}
