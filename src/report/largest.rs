//! The largest changes of a territory, one by one.

use serde_json::{Value, json};

use super::content::{Content, Period};
use super::maps::Drawn;
use crate::error::Result;
use crate::french;
use crate::grid::{HALF_CM2_PER_M2, format_m2};
use crate::map::{Panel, Scene, Sheet, Shown, Subject, View, sheet};
use crate::query::Degrees;

/// How many are told one by one.
const TOLD: usize = 10;
/// Metres around a change on its map, at least.
const AROUND: f64 = 60.0;

/// The largest changes of status whose cover or use changed, each with its place and a small map.
pub(super) fn largest(drawn: &Drawn, content: &mut Content, period: &Period) -> Result<Vec<Value>> {
    let Drawn {
        scene, reference, ..
    } = drawn;
    let mut found: Vec<&Shown> = scene
        .faces
        .iter()
        .filter(|face| face.is_changed && !face.is_threshold)
        .filter(|face| matches!(face.artificial, [Some(a), Some(b)] if a != b))
        .collect();
    found.sort_by(|p, q| {
        let first = |face: &Shown| face.rings.first().and_then(|r| r.first().copied());
        q.area.cmp(&p.area).then_with(|| {
            first(p)
                .partial_cmp(&first(q))
                .unwrap_or(std::cmp::Ordering::Equal)
        })
    });
    found.truncate(TOLD);
    let degrees = match scene.projjson {
        Some(ref projjson) => Some(Degrees::of(projjson)?),
        None => None,
    };
    content.figures.begin("Plus grands changements");
    let mut told = Vec::new();
    for (n, face) in found.into_iter().enumerate() {
        let [west, south, east, north] = bounds(face);
        let middle = (f64::midpoint(west, east), f64::midpoint(south, north));
        let place = degrees
            .as_ref()
            .map(|way| way.of_point(middle))
            .transpose()?;
        let label = |nomenclature: &crate::reference::Nomenclature, code: u16| {
            let code = scene.text(code);
            nomenclature.code(code).map_or_else(
                || code.to_owned(),
                |known| french::text(&nomenclature.labels(known).label_fr),
            )
        };
        let side = |when: usize| {
            format!(
                "{}, {}",
                label(&reference.cover, face.cover[when]),
                label(&reference.usage, face.usage[when]).to_lowercase(),
            )
        };
        let is_gain = face.artificial == [Some(false), Some(true)];
        let kind = if is_gain {
            "Artificialisation"
        } else {
            "Désartificialisation"
        };
        let m2 = face.area as f64 / HALF_CM2_PER_M2 as f64;
        let question = place.map(|(longitude, latitude)| {
            format!(
                "millesime query --out {} --period {} --point {longitude:.6},{latitude:.6}",
                content.out,
                period.name(),
            )
        });
        let map = small(scene, drawn, face, n);
        told.push(json!({
            "kind": kind,
            "is_gain": is_gain,
            "area": content.figures.area(
                &format!("{kind} n° {}", n + 1),
                &period.name(),
                &format_m2(face.area),
                question,
            ),
            "m2": french::square_metres(m2),
            "before": side(0),
            "after": side(1),
            "commune": scene.text(face.commune),
            "place": place.map(said),
            "map": map,
        }));
    }
    Ok(told)
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
fn small(scene: &Scene, drawn: &Drawn, face: &Shown, number: usize) -> String {
    let [west, south, east, north] = bounds(face);
    let around = ((east - west).max(north - south) * 0.6).max(AROUND);
    let half = (east - west).max(north - south) / 2.0 + around;
    let (x, y) = (f64::midpoint(west, east), f64::midpoint(south, north));
    let near = scene.within([x - half, y - half, x + half, y + half]);
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
    })
}
