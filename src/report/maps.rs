//! The maps of a report.

use std::collections::BTreeSet;
use std::path::Path;

use super::Territory;
use super::content::Period;
use crate::error::Result;
use crate::french;
use crate::map::{Panel, Scene, Sheet, Subject, View, sheet};
use crate::reference::Reference;

/// The maps of a territory, and the faces that they are drawn from.
pub(super) struct Drawn<'a> {
    pub(super) scene: Scene,
    pub(super) reference: &'a Reference,
    /// SVG by name: cover, use, changes; state alone where there is one date.
    pub(super) maps: Vec<(&'static str, String)>,
}

/// Bytes as the address of a picture that a page holds within itself.
pub(super) fn address(kind: &str, bytes: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    format!("data:{kind};base64,{text}")
}

/// Draws the maps of a period; nothing where there is no ground.
pub(super) fn draw<'a>(
    out: &Path,
    series: &str,
    period: &Period,
    communes: &BTreeSet<String>,
    territory: &Territory,
    reference: &'a Reference,
) -> Result<Option<Drawn<'a>>> {
    let mut scene = Scene::read(out, &period.name(), series, Some(communes), None)?;
    if scene.faces.is_empty() {
        return Ok(None);
    }
    scene.narrow();
    let view = |subject, is_after| {
        Some(View {
            subject,
            is_after,
            opacity: 1.0,
        })
    };
    let panel = |title: String, view| Panel {
        title,
        backdrop: Vec::new(),
        view,
    };
    let (before, after) = (&period.before, &period.after);
    let sources = crate::map::sources(before, after);
    let name = &territory.name;
    let pair = |subject| {
        [
            panel(before.clone(), view(subject, false)),
            panel(after.clone(), view(subject, true)),
        ]
    };
    let draw = |panels: &[Panel], mark: &str, title: String, description: String| {
        sheet(&Sheet {
            scene: &scene,
            reference,
            panels,
            width: 960,
            title: &french::text(&title),
            description: &french::text(&description),
            sources: &sources,
            mark,
            heading: None,
            is_exact: false,
        })
    };
    if before == after {
        let state = draw(
            &[
                panel(format!("Couverture, {after}"), view(Subject::Cover, true)),
                panel(format!("Usage, {after}"), view(Subject::Usage, true)),
            ],
            "st",
            format!("Couverture et usage du sol, {name}, {after}"),
            format!(
                "Deux cartes côte à côte de la couverture et de l'usage du sol en {after}, aux couleurs officielles de l'OCS GE."
            ),
        );
        return Ok(Some(Drawn {
            maps: vec![("state", state)],
            scene,
            reference,
        }));
    }
    let cover = draw(
        &pair(Subject::Cover),
        "cs",
        format!("Couverture du sol, {name}, {before} et {after}"),
        format!(
            "Deux cartes côte à côte de la couverture du sol, en {before} et en {after}, aux couleurs officielles de l'OCS GE."
        ),
    );
    let usage = draw(
        &pair(Subject::Usage),
        "us",
        format!("Usage du sol, {name}, {before} et {after}"),
        format!(
            "Deux cartes côte à côte de l'usage du sol, en {before} et en {after}, aux couleurs officielles de l'OCS GE."
        ),
    );
    let changes = draw(
        &[panel(
            format!("{before}–{after}"),
            view(Subject::Changes, true),
        )],
        "ch",
        format!("Changements de statut, {name}, {before}–{after}"),
        "Carte du sol devenu artificialisé, de celui qui ne l'est plus, et de celui qui l'était déjà.".to_owned(),
    );
    Ok(Some(Drawn {
        maps: vec![("cover", cover), ("usage", usage), ("changes", changes)],
        scene,
        reference,
    }))
}
