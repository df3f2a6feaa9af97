//! What a report says in words.

use serde_json::Value;

use super::{COMMUNE, Territory};
use crate::french;
use crate::levels::WHOLE;

/// A level as the public reads it.
pub(super) fn level_label(level: &str) -> String {
    match level {
        COMMUNE => "Commune".to_owned(),
        "epci" => "Intercommunalité".to_owned(),
        "scot" => "SCoT".to_owned(),
        "departement" => "Département".to_owned(),
        "region" => "Région".to_owned(),
        "france" => "France".to_owned(),
        WHOLE => "Territoire".to_owned(),
        other => other.to_owned(),
    }
}

/// `de la commune d’Eauze`, `du territoire « Sybarval »`.
pub(super) fn of_it(territory: &Territory) -> String {
    let name = &territory.name;
    match territory.level.as_str() {
        COMMUNE => french::text(&format!("de la commune {}", french::of_name(name))),
        "departement" => french::text(&territory.of_departement),
        "france" => "de la France".to_owned(),
        _ => french::text(&format!("du territoire « {name} »")),
    }
}

/// Whether a figure takes the plural: two hectares and more do.
fn is_plural(figure: &Value) -> bool {
    let exact = figure["exact"]
        .as_str()
        .and_then(|text| text.parse::<f64>().ok());
    exact.is_some_and(|m2| m2.abs() >= 20_000.0)
}

/// `est artificialisé`, or `sont artificialisés`.
fn are(figure: &Value) -> &'static str {
    match is_plural(figure) {
        true => "sont artificialisés",
        false => "est artificialisé",
    }
}

/// The sentences that a report opens with.
pub(super) fn sentences(territory: &Territory, report: &Value) -> Vec<String> {
    let mut said = Vec::new();
    let text = |figure: &Value| figure["text"].as_str().unwrap_or_default().to_owned();
    let vintages = report["stock"]["vintages"].as_array();
    let mut covered = vintages
        .into_iter()
        .flatten()
        .filter(|v| v["covered"] == true);
    match covered.next_back() {
        None if report["enaf"].is_null() => said.push(format!(
            "Aucun millésime ne couvre le sol {} : ses chiffres ne peuvent pas être donnés.",
            of_it(territory),
        )),
        None => {}
        Some(last) => {
            let year = last["year"].as_str().unwrap_or_default();
            let basis = last["basis"].as_str().unwrap_or_default();
            let (area, share) = (text(&last["artificial"]), text(&last["artificial_share"]));
            if last["is_known"] != true {
                said.push(format!(
                    "Seuls les changements sont connus ici : le stock de sols artificialisés {} ne peut pas être donné.",
                    of_it(territory),
                ));
            } else if last["has_rate"] == true {
                said.push(format!(
                    "En {year}, {area} du sol {} {}, soit {share} du sol couvert.",
                    of_it(territory),
                    are(&last["artificial"]),
                ));
            } else {
                said.push(format!(
                    "Le millésime {year} couvre {} du sol {} : {area} y {}. Aucun taux n’est donné ({basis}).",
                    last["covered_share"].as_str().unwrap_or_default(),
                    of_it(territory),
                    are(&last["artificial"]),
                ));
            }
        }
    }
    let periods = report["flux"].as_array().into_iter().flatten();
    let mut latest = periods.filter(|f| f["is_latest"] == true);
    if let Some(flux) = latest.next_back() {
        let period = flux["said"].as_str().unwrap_or_default();
        let years: Vec<&str> = period.split('–').collect();
        let between = match years.as_slice() {
            [before, after] => format!("Entre {before} et {after}"),
            _ => format!("Sur {period}"),
        };
        if flux["is_nothing"] == true {
            said.push(format!("{between}, aucun sol n’a changé de statut."));
        } else {
            said.push(format!(
                "{between}, {} {} artificialisé{} et {} désartificialisé{} : le solde, ou artificialisation nette, est de {}, soit {} par an.",
                text(&flux["artificialised"]),
                if is_plural(&flux["artificialised"]) { "ont été" } else { "a été" },
                if is_plural(&flux["artificialised"]) { "s" } else { "" },
                text(&flux["desartificialised"]),
                if is_plural(&flux["desartificialised"]) { "s" } else { "" },
                text(&flux["net"]),
                text(&flux["per_year"]),
            ));
        }
        if flux["is_mostly_threshold"] == true {
            said.push(format!(
                "L’essentiel de ce flux ({}) est un effet de seuil : ni la couverture ni l’usage du sol n’y ont changé, seule la taille des ensembles voisins.",
                flux["threshold_share"].as_str().unwrap_or_default(),
            ));
        }
    }
    let trajectory = &report["trajectory"];
    if !trajectory.is_null() {
        let period = trajectory["since"]
            .as_str()
            .unwrap_or_default()
            .replace('–', " à ");
        let used = match trajectory["used"].as_str() {
            Some(used) => format!(", soit {used} de la surface permise d’ici 2031"),
            None => String::new(),
        };
        said.push(format!(
            "De {period}, {} d’espaces naturels, agricoles et forestiers consommés compte{} pour l’objectif{used} ({}).",
            text(&trajectory["counted"]),
            if is_plural(&trajectory["counted"]) { "nt" } else { "" },
            trajectory["status"].as_str().unwrap_or_default(),
        ));
    }
    if let (Some(rank), Some(ranked)) = (
        report["comparison"]["rank"].as_str(),
        report["comparison"]["ranked"].as_str(),
    ) {
        let kind = match territory.level.as_str() {
            COMMUNE => "communes connues ici",
            _ => "territoires connus ici",
        };
        let nth = match rank {
            "1" => "1er".to_owned(),
            other => format!("{other}e"),
        };
        said.push(format!(
            "Pour la part artificialisée, c’est le {nth} rang des {ranked} {kind} du département (médiane : {}).",
            text(&report["comparison"]["median"]),
        ));
    }
    said.iter().map(|sentence| french::text(sentence)).collect()
}
