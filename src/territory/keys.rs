//! Refuses keys that are not known, with the nearest that is.

use toml::{Table, Value};

use crate::error::{Error, Result, suggest};

const TOP: &[&str] = &[
    "name",
    "crs",
    "licence",
    "communes",
    "levels",
    "population",
    "enaf",
    "ministry",
    "trajectory",
    "cog",
    "align",
    "decree",
    "run",
    "produce",
    "vintages",
    "changes",
    "crossings",
    "official",
    "exemptions",
    "corrections",
];

fn known(section: &str) -> &'static [&'static str] {
    match section {
        "communes" => &[
            "path",
            "layer",
            "code",
            "name",
            "departement",
            "area",
            "cog",
            "crs",
            "encoding",
        ],
        "levels" => &[
            "level", "path", "layer", "commune", "code", "name", "encoding",
        ],
        "population" => &[
            "year",
            "path",
            "layer",
            "commune",
            "inhabitants",
            "households",
            "jobs",
            "cog",
            "encoding",
        ],
        "enaf" => &[
            "path", "layer", "commune", "cog", "unit", "periods", "encoding",
        ],
        "ministry" => &["path", "layer", "commune", "encoding"],
        "trajectory" => &["objectives", "apart"],
        "cog" => &["movements"],
        "align" => &["mode"],
        "decree" => &["forcing", "status"],
        "run" => &[
            "periods",
            "levels",
            "tables_alone",
            "separator",
            "classes",
            "indicators",
            "reference",
        ],
        "vintages" => &[
            "year",
            "product",
            "layer",
            "cover",
            "use",
            "crosswalk",
            "zone_construite",
            "classes",
            "nomenclature",
            "predict",
            "produce",
            "probabilities",
            "decided",
            "departement",
            "generation",
            "dates",
            "crs",
            "encoding",
        ],
        "predict" => &[
            "model",
            "card",
            "image",
            "image_bands",
            "ir",
            "dsm",
            "dtm",
            "crs",
            "resample",
        ],
        "produce" => &["bd_topo", "bd_foret", "rpg", "fichiers_fonciers"],
        "bd_topo" | "bd_foret" | "rpg" | "fichiers_fonciers" => {
            &["path", "layer", "date", "crs", "encoding"]
        }
        "changes" | "official" => &[
            "from",
            "to",
            "path",
            "layer",
            "cover",
            "use",
            "departement",
            "crs",
            "encoding",
        ],
        "corrections" => &["path", "layer", "vintage", "crs", "encoding"],
        "crossings" => &[
            "name", "path", "layer", "code", "kind", "label", "crs", "encoding",
        ],
        "exemptions" => &["kind", "path", "layer", "from", "crs"],
        _ => &[],
    }
}

/// Checks every key of the file.
pub(super) fn check(table: &Table, text: &str, place: &str) -> Result<()> {
    check_section(table, TOP, "", text, place)
}

fn check_section(table: &Table, keys: &[&str], name: &str, text: &str, place: &str) -> Result<()> {
    for (key, value) in table {
        require(key, keys, name, text, place)?;
        let sections: Vec<&Table> = match value {
            Value::Table(section) => vec![section],
            Value::Array(sections) => sections.iter().filter_map(Value::as_table).collect(),
            _ => continue,
        };
        for section in sections {
            check_section(section, known(key), key, text, place)?;
        }
    }
    Ok(())
}

fn require(key: &str, known: &[&str], section: &str, text: &str, place: &str) -> Result<()> {
    if known.contains(&key) {
        return Ok(());
    }
    // The same key may stand, and rightly, in another section.
    let mut within = "";
    let line = text.lines().position(|line| {
        let line = line.trim_start();
        let start = line.trim_start_matches('[');
        let is_it = start
            .strip_prefix(key)
            .is_some_and(|rest| rest.trim_start().starts_with(['=', ']', '.']));
        if line.starts_with('[') {
            let header = start.split(']').next().unwrap_or_default();
            within = header.rsplit('.').next().unwrap_or_default().trim();
            return is_it;
        }
        is_it && within == section
    });
    let line = line.map_or(String::new(), |n| format!(", line {}", n + 1));
    let what = match section {
        "" => format!("the key `{key}` is not known"),
        _ => format!("the key `{key}` is not known in `{section}`"),
    };
    Err(Error::input(
        format!("{place}{line}"),
        what,
        suggest(key, known.iter().copied()),
    ))
}
