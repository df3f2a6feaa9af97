//! What moved between two runs: which figures, by how much, and what the runs do not have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Error, Result};
use crate::grid::{HALF_CM2_PER_M2, format_m2};
use crate::publish::PROGRAM;

/// The outputs of a run, as far as they are compared.
struct Run {
    out: PathBuf,
    manifest: Value,
    package: Value,
}

/// A figure that is not the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The table: its path among the outputs.
    pub table: String,
    /// What the row is about: its columns that are no figures.
    pub row: String,
    /// The column.
    pub column: String,
    /// The figure of the first run; empty where it has no such row.
    pub before: String,
    /// The figure of the second.
    pub after: String,
    /// Their difference, where both are numbers.
    pub difference: String,
}

/// What was found.
#[derive(Default)]
pub struct Comparison {
    /// What the runs do not have in common: inputs, rules, options, version.
    pub reasons: Vec<String>,
    /// Tables that one of them alone has.
    pub alone: Vec<String>,
    /// Figures that are not the same.
    pub changes: Vec<Change>,
    /// Figures that were compared.
    pub compared: u64,
}

/// Compares the outputs of two runs.
pub fn compare(first: &Path, second: &Path) -> Result<Comparison> {
    let (first, second) = (Run::open(first)?, Run::open(second)?);
    let mut found = Comparison {
        reasons: reasons(&first.manifest, &second.manifest),
        ..Comparison::default()
    };
    let tables = |run: &Run| -> BTreeMap<String, Value> {
        let resources = run.package["resources"].as_array().cloned();
        let named = resources.unwrap_or_default().into_iter();
        named
            .filter_map(|r| Some((r["path"].as_str()?.to_owned(), r)))
            .collect()
    };
    let (before, after) = (tables(&first), tables(&second));
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for path in paths {
        match (before.get(path), after.get(path)) {
            (Some(_), Some(resource)) => {
                let figures = figures_of(resource);
                let rows = [&first, &second].map(|run| rows(&run.out.join(path), &figures));
                let [before, after] = rows;
                found.take(path, &before?, &after?);
            }
            (Some(_), None) => found.alone.push(format!("{path}: in the first run only")),
            _ => found.alone.push(format!("{path}: in the second run only")),
        }
    }
    Ok(found)
}

impl Run {
    fn open(out: &Path) -> Result<Self> {
        let read = |name: &str| -> Result<Value> {
            let path = out.join(name);
            let text = std::fs::read_to_string(&path).map_err(|e| {
                Error::input(
                    path.display(),
                    format!("cannot be read: {e}"),
                    "give the folder of the outputs of `millesime run`",
                )
            })?;
            serde_json::from_str(&text).map_err(|e| Error::unreadable(&path, e))
        };
        let manifest = read("manifest.json")?;
        if manifest["program"] != PROGRAM {
            return Err(Error::input(
                out.display(),
                "is not the outputs of a run",
                "give the folder of the outputs of `millesime run`",
            ));
        }
        Ok(Self {
            out: out.to_owned(),
            manifest,
            package: read("datapackage.json")?,
        })
    }
}

/// The columns of a table that are figures: those that are measured, and not what a row is about.
fn figures_of(resource: &Value) -> BTreeSet<String> {
    let fields = resource["schema"]["fields"].as_array();
    let is_said = |field: &Value| SAID.iter().any(|name| field["name"] == *name);
    let is_figure = |field: &&Value| field["type"] == "number" || is_said(field);
    let names = fields.into_iter().flatten().filter(is_figure);
    names
        .filter_map(|f| f["name"].as_str().map(str::to_owned))
        .collect()
}

/// Columns that say something of a row, and are not what it is about.
const SAID: [&str; 10] = [
    "name",
    "zone_name",
    "basis",
    "basis_before",
    "basis_after",
    "years_basis",
    "document",
    "inherited_from",
    "objective_status",
    "vintage",
];

/// The figures of a table, by what each row is about.
type Rows = BTreeMap<String, Vec<(String, String)>>;

fn rows(path: &Path, figures: &BTreeSet<String>) -> Result<Rows> {
    let unreadable = |e: csv::Error| Error::unreadable(path, e);
    let text = std::fs::read_to_string(path).map_err(|e| Error::unreadable(path, e))?;
    let mut reader = crate::publish::reader(&text);
    let names = reader.headers().map_err(unreadable)?.clone();
    let mut rows = Rows::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let (mut about, mut own) = (Vec::new(), Vec::new());
        for (name, value) in names.iter().zip(&record) {
            match figures.contains(name) {
                true => own.push((name.to_owned(), value.to_owned())),
                false if value.is_empty() => {}
                false => about.push(format!("{name}={value}")),
            }
        }
        let about = about.join(" ");
        if rows.insert(about.clone(), own).is_some() {
            return Err(Error::input(
                path.display(),
                format!("has two rows of {about}"),
                "it was edited, or is an indicator of yours whose rows are not told apart",
            ));
        }
    }
    Ok(rows)
}

impl Comparison {
    fn take(&mut self, table: &str, before: &Rows, after: &Rows) {
        let about: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for row in about {
            let of = |rows: &Rows| -> BTreeMap<String, String> {
                rows.get(row)
                    .cloned()
                    .unwrap_or_default()
                    .into_iter()
                    .collect()
            };
            let (first, second) = (of(before), of(after));
            let columns: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
            for column in columns {
                self.compared += 1;
                let value = |of: &BTreeMap<String, String>| of.get(column).cloned();
                let [first, second] = [&first, &second].map(|of| value(of).unwrap_or_default());
                if first != second {
                    self.changes.push(Change {
                        table: table.to_owned(),
                        row: row.clone(),
                        column: column.clone(),
                        difference: difference(column, &first, &second),
                        before: first,
                        after: second,
                    });
                }
            }
        }
    }
}

/// The difference of two figures: exact for areas; of what one run alone has, the figure itself.
fn difference(column: &str, before: &str, after: &str) -> String {
    let number = |text: &str| match text {
        "" => Some(0.0),
        text => text.parse::<f64>().ok(),
    };
    let (Some(first), Some(second)) = (number(before), number(after)) else {
        return String::new();
    };
    match column.ends_with("_m2") {
        true => {
            let exact = |m2: f64| (m2 * HALF_CM2_PER_M2 as f64).round() as i64;
            format_m2(exact(second) - exact(first))
        }
        false => (second - first).to_string(),
    }
}

/// What two manifests do not have in common.
fn reasons(before: &Value, after: &Value) -> Vec<String> {
    let mut reasons = Vec::new();
    let mut told = |what: &str, a: &Value, b: &Value| {
        if a != b {
            let text = |v: &Value| match v {
                Value::Null => "none".to_owned(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            reasons.push(format!("{what}: {} → {}", text(a), text(b)));
        }
    };
    told(
        "version of millesime",
        &before["version"],
        &after["version"],
    );
    told("CRS", &before["crs"]["name"], &after["crs"]["name"]);
    told(
        "mode of alignment",
        &before["align"]["mode"],
        &after["align"]["mode"],
    );
    told(
        "forcing of the decree",
        &before["forcing"],
        &after["forcing"],
    );
    told(
        "year of the code officiel géographique",
        &before["communes"]["cog"],
        &after["communes"]["cog"],
    );
    told(
        "number of communes",
        &before["communes"]["count"],
        &after["communes"]["count"],
    );
    told(
        "levels",
        &before["levels"]["names"],
        &after["levels"]["names"],
    );
    told(
        "table of ENAF",
        &before["enaf"]["vintage"],
        &after["enaf"]["vintage"],
    );
    let parameters = |manifest: &Value| -> BTreeMap<String, String> {
        let list = manifest["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        list.iter()
            .filter_map(|p| Some((p["name"].as_str()?.to_owned(), p["value"].to_string())))
            .collect()
    };
    let (first, second) = (parameters(before), parameters(after));
    for name in first.keys().chain(second.keys()).collect::<BTreeSet<_>>() {
        let value = |of: &BTreeMap<String, String>| match of.get(name) {
            Some(value) => Value::String(value.clone()),
            None => Value::Null,
        };
        told(&format!("rule {name}"), &value(&first), &value(&second));
    }
    reasons.extend(sources(before, after));
    reasons
}

/// Whether a folder is named after a vintage, as in `2021` or `2021-32`.
fn is_year(folder: &str) -> bool {
    let year = folder.split('-').next().unwrap_or_default();
    year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit())
}

/// Inputs that are of one run alone, or that have another content under the same name.
fn sources(before: &Value, after: &Value) -> Vec<String> {
    let inputs = |manifest: &Value| -> BTreeMap<String, String> {
        let list = manifest["inputs"].as_array().cloned().unwrap_or_default();
        list.iter()
            .filter_map(|input| {
                let path = Path::new(input["path"].as_str()?);
                let file = path.file_name()?.to_string_lossy();
                // Files that a run made itself have one name in a folder of each vintage.
                let folder = path.parent().and_then(Path::file_name);
                let folder = folder.map(|f| f.to_string_lossy()).filter(|f| is_year(f));
                let name = folder.map_or(file.to_string(), |folder| format!("{folder}/{file}"));
                Some((name, input["sha256"].as_str()?.to_owned()))
            })
            .collect()
    };
    let (first, second) = (inputs(before), inputs(after));
    let names: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| match (first.get(name), second.get(name)) {
            (Some(a), Some(b)) if a == b => None,
            (Some(_), Some(_)) => Some(format!(
                "source {name}: another content (published again, or edited)"
            )),
            (Some(_), None) => Some(format!("source {name}: in the first run only")),
            _ => Some(format!("source {name}: in the second run only")),
        })
        .collect()
}
