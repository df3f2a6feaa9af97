//! The tables that the program carries, and those of a user's folder that take their place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Every table, by its place in the folder `reference/`.
pub(super) const EMBEDDED: [(&str, &str); 36] = [
    (
        "nomenclature/cover.csv",
        include_str!("../../reference/nomenclature/cover.csv"),
    ),
    (
        "nomenclature/use.csv",
        include_str!("../../reference/nomenclature/use.csv"),
    ),
    (
        "nomenclature/unknown.csv",
        include_str!("../../reference/nomenclature/unknown.csv"),
    ),
    (
        "nomenclature/equivalences.csv",
        include_str!("../../reference/nomenclature/equivalences.csv"),
    ),
    (
        "artificialisation/buildings.csv",
        include_str!("../../reference/artificialisation/buildings.csv"),
    ),
    (
        "nomenclature/finer_use.csv",
        include_str!("../../reference/nomenclature/finer_use.csv"),
    ),
    (
        "nomenclature/cosia.csv",
        include_str!("../../reference/nomenclature/cosia.csv"),
    ),
    (
        "nomenclature/flair-1.csv",
        include_str!("../../reference/nomenclature/flair-1.csv"),
    ),
    (
        "nomenclature/flair-hub.csv",
        include_str!("../../reference/nomenclature/flair-hub.csv"),
    ),
    (
        "nomenclature/ocs-ge.csv",
        include_str!("../../reference/nomenclature/ocs-ge.csv"),
    ),
    (
        "nomenclature/odeon-naf.csv",
        include_str!("../../reference/nomenclature/odeon-naf.csv"),
    ),
    (
        LOCAL,
        include_str!("../../reference/nomenclature/local.csv"),
    ),
    (
        "crosswalks/corine-land-cover.csv",
        include_str!("../../reference/crosswalks/corine-land-cover.csv"),
    ),
    (
        "crosswalks/ocs2d-hauts-de-france.csv",
        include_str!("../../reference/crosswalks/ocs2d-hauts-de-france.csv"),
    ),
    (
        "artificialisation/matrix.csv",
        include_str!("../../reference/artificialisation/matrix.csv"),
    ),
    (
        "artificialisation/impermeable.csv",
        include_str!("../../reference/artificialisation/impermeable.csv"),
    ),
    (
        "artificialisation/parameters.csv",
        include_str!("../../reference/artificialisation/parameters.csv"),
    ),
    (
        "alignment/parameters.csv",
        include_str!("../../reference/alignment/parameters.csv"),
    ),
    (
        "alignment/doubts.csv",
        include_str!("../../reference/alignment/doubts.csv"),
    ),
    (
        "alignment/confusions.csv",
        include_str!("../../reference/alignment/confusions.csv"),
    ),
    (
        "specification/parameters.csv",
        include_str!("../../reference/specification/parameters.csv"),
    ),
    (
        "fusion/bd_topo.csv",
        include_str!("../../reference/fusion/bd_topo.csv"),
    ),
    (
        "fusion/bd_foret.csv",
        include_str!("../../reference/fusion/bd_foret.csv"),
    ),
    (
        "fusion/rpg.csv",
        include_str!("../../reference/fusion/rpg.csv"),
    ),
    (
        "fusion/cover.csv",
        include_str!("../../reference/fusion/cover.csv"),
    ),
    (
        "fusion/use.csv",
        include_str!("../../reference/fusion/use.csv"),
    ),
    (
        "fusion/columns.csv",
        include_str!("../../reference/fusion/columns.csv"),
    ),
    (
        "fusion/parameters.csv",
        include_str!("../../reference/fusion/parameters.csv"),
    ),
    (
        "generalisation/parameters.csv",
        include_str!("../../reference/generalisation/parameters.csv"),
    ),
    (
        "generalisation/affinity.csv",
        include_str!("../../reference/generalisation/affinity.csv"),
    ),
    (
        "generalisation/affinity_use.csv",
        include_str!("../../reference/generalisation/affinity_use.csv"),
    ),
    (
        "generalisation/improbable.csv",
        include_str!("../../reference/generalisation/improbable.csv"),
    ),
    (
        "trajectory/parameters.csv",
        include_str!("../../reference/trajectory/parameters.csv"),
    ),
    (
        URBANISED,
        include_str!("../../reference/trajectory/urbanised.csv"),
    ),
    (
        VINTAGES,
        include_str!("../../reference/territories/millesimes.csv"),
    ),
    (
        DEPARTEMENTS,
        include_str!("../../reference/territories/departements.csv"),
    ),
];

/// The table of codes below those of OCS GE.
pub(super) const LOCAL: &str = "nomenclature/local.csv";
/// The folder of crosswalks.
const CROSSWALKS: &str = "crosswalks";
/// The table of urbanised ground.
pub(super) const URBANISED: &str = "trajectory/urbanised.csv";
/// The table of published vintages.
pub(super) const VINTAGES: &str = "territories/millesimes.csv";
/// The table of départements.
pub(super) const DEPARTEMENTS: &str = "territories/departements.csv";
/// Our lists of the classes of images.
pub(super) const CLASS_LISTS: [&str; 5] = ["cosia", "flair-1", "flair-hub", "ocs-ge", "odeon-naf"];
/// The other tables of the folder of nomenclatures.
const AXES: [&str; 6] = [
    "cover",
    "use",
    "unknown",
    "equivalences",
    "finer_use",
    "local",
];

/// Refuses a folder that is not there, or whose files would be read by no one.
pub(super) fn require_known(folder: &Path) -> Result<()> {
    let missing = |what| Error::input(folder.display(), what, "give the folder of your tables");
    if !folder.is_dir() {
        return Err(missing("is not a folder of reference tables"));
    }
    for path in tables(folder)? {
        let name = path
            .strip_prefix(folder)
            .unwrap_or(&path)
            .to_string_lossy()
            .into_owned();
        let is_added = |folder: &str| {
            let inner = name.strip_prefix(folder);
            inner.is_some_and(|rest| rest.starts_with('/')) && name.ends_with(".csv")
        };
        let is_ours_to_read = is_added("nomenclature") || is_added(CROSSWALKS);
        if !is_ours_to_read && EMBEDDED.iter().all(|(known, _)| *known != name) {
            return Err(Error::input(
                path.display(),
                "is not a table that millesime reads",
                crate::error::suggest(&name, EMBEDDED.map(|(known, _)| known)),
            ));
        }
    }
    Ok(())
}

/// The files of a folder of reference tables.
pub fn tables(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut places = vec![folder.to_owned()];
    let ours = EMBEDDED.iter().filter_map(|(name, _)| name.split_once('/'));
    places.extend(ours.map(|(inner, _)| folder.join(inner)));
    places.sort();
    places.dedup();
    for place in places {
        if place.is_dir() {
            let entries = std::fs::read_dir(&place).map_err(|e| Error::unreadable(&place, e))?;
            found.extend(
                entries
                    .filter_map(|e| Some(e.ok()?.path()))
                    .filter(|p| p.is_file()),
            );
        }
    }
    found.sort();
    Ok(found)
}

/// Nomenclatures of class rasters that a user's folder adds.
pub(super) fn extra_rasters(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let folder = folder.join("nomenclature");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(&folder).map_err(|e| Error::unreadable(&folder, e))?;
    Ok(entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_stem()?.to_str()?.to_owned();
            let ours = AXES.contains(&name.as_str());
            (path.extension()? == "csv" && !ours).then_some((name, path))
        })
        .collect())
}

/// Every crosswalk: ours, and those that a user's folder adds or replaces, by name; each with its text and
/// where that is from.
pub(super) fn crosswalks(folder: Option<&Path>) -> Result<BTreeMap<String, (String, String)>> {
    let mut found = BTreeMap::new();
    for (place, text) in EMBEDDED {
        if let Some(name) = place
            .strip_prefix("crosswalks/")
            .and_then(|name| name.strip_suffix(".csv"))
        {
            found.insert(
                name.to_owned(),
                (text.to_owned(), format!("crosswalk {name}")),
            );
        }
    }
    let own = folder.map(|folder| folder.join(CROSSWALKS));
    let Some(own) = own.filter(|own| own.is_dir()) else {
        return Ok(found);
    };
    let entries = std::fs::read_dir(&own).map_err(|e| Error::unreadable(&own, e))?;
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path.file_stem().and_then(|name| name.to_str());
        if let Some(name) = name.filter(|_| path.extension().is_some_and(|e| e == "csv")) {
            let text = std::fs::read_to_string(&path).map_err(|e| Error::unreadable(&path, e))?;
            found.insert(name.to_owned(), (text, path.display().to_string()));
        }
    }
    Ok(found)
}
