//! What is in the tables, for people and for catalogues: `tables/dictionary.csv`, `tables/values.csv`
//! and `datapackage.json`.

use std::path::Path;

use serde_json::{Value, json};

use super::Staging;
use super::tables::{Kind, columns};
use crate::error::{Error, Result};
use crate::indicators::{Dictionary, Table, VALUES};

/// The description of the folder.
const FILE: &str = "datapackage.json";

/// What a catalogue is told of a folder of tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// Its title.
    pub title: String,
    /// Its licence, an SPDX identifier.
    pub licence: Option<String>,
}

impl Package {
    /// What a run wrote of itself in the folder `out`, and the separator of its columns.
    pub fn read(out: &Path) -> Result<(Self, u8)> {
        let path = out.join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|e| Error::unreadable(&path, e))?;
        let told: Value = serde_json::from_str(&text).map_err(|e| Error::unreadable(&path, e))?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let separator = text(&told["resources"][0]["dialect"]["delimiter"]);
        let package = Self {
            title: text(&told["title"]).unwrap_or_default(),
            licence: text(&told["licenses"][0]["name"]),
        };
        Ok((
            package,
            separator.map_or(b',', |sign| if sign == ";" { b';' } else { b',' }),
        ))
    }
}

/// Writes the dictionary of these tables, and the description of the folder as a data package.
pub fn write(staging: &Staging, about: &Package, tables: &[Table]) -> Result<()> {
    let dictionary = Dictionary::load()?;
    let path = staging.path("tables/dictionary.csv")?;
    let failed = |e: csv::Error| Error::unwritable(&path, e);
    let file = std::fs::File::create(&path).map_err(|e| Error::unwritable(&path, e))?;
    let mut writer = super::tables::writer(file, staging.separator());
    let header = [
        "table",
        "column",
        "type",
        "unit",
        "label_fr",
        "label_en",
        "titre",
        "title",
        "définition",
        "definition",
        "source",
        "subject",
    ];
    writer.write_record(header).map_err(failed)?;
    let mut resources = Vec::new();
    for table in tables {
        let (indicator, header) = (&table.indicator, &table.indicator.header);
        let mut fields = Vec::new();
        for (column, kind) in columns(&table.frame) {
            let meaning = dictionary.meaning(&indicator.name, &column);
            let label = |of: fn(&crate::indicators::Meaning) -> &str| meaning.map_or("", of);
            let (unit, label_fr, label_en) = (
                label(|m| &m.unit),
                label(|m| &m.label_fr),
                label(|m| &m.label_en),
            );
            fields.push(json!({
                "name": column, "type": kind.name(), "title": label_fr, "description": label_en,
                "unit": unit,
            }));
            if table.level.is_none() {
                writer
                    .write_record([
                        indicator.name.as_str(),
                        &column,
                        kind.name(),
                        unit,
                        label_fr,
                        label_en,
                        &header.titre,
                        &header.title,
                        &header.définition,
                        &header.definition,
                        &header.source,
                        header.subject.name(),
                    ])
                    .map_err(failed)?;
            }
        }
        resources.push(resource(table, fields, staging.separator()));
    }
    writer.flush().map_err(|e| Error::unwritable(&path, e))?;
    let path = staging.path("tables/values.csv")?;
    std::fs::write(&path, VALUES).map_err(|e| Error::unwritable(&path, e))?;
    let mut package = json!({
        "profile": "tabular-data-package",
        "name": "millesime",
        "title": about.title,
        "resources": resources,
    });
    if let Some(licence) = &about.licence {
        package["licenses"] = json!([{ "name": licence }]);
    }
    let path = staging.path(FILE)?;
    let text = serde_json::to_string_pretty(&package)
        .map_err(|e| Error::Internal(format!("datapackage.json: {e}")))?;
    std::fs::write(&path, text + "\n").map_err(|e| Error::unwritable(&path, e))
}

/// A table as a resource of the package.
fn resource(table: &Table, fields: Vec<Value>, separator: u8) -> Value {
    let (name, header) = (&table.indicator.name, &table.indicator.header);
    let (path, name) = match &table.level {
        Some(level) => (
            format!("tables/{level}/{name}.csv"),
            format!("{level}.{name}"),
        ),
        None => (format!("tables/{name}.csv"), name.clone()),
    };
    json!({
        "name": name.to_lowercase(),
        "path": path,
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": { "delimiter": char::from(separator) },
        "title": header.titre,
        "description": header.définition,
        "sources": [{ "title": header.source }],
        "schema": { "fields": fields, "missingValues": [""] },
    })
}

impl Kind {
    /// Its name in a table schema.
    fn name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Flag => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
        }
    }
}
