//! The templates of reports: ours, in the binary, and those that a territory puts in their place.

use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::french;

/// Our templates, by the name of the file that takes their place.
const OURS: [(&str, &str); 4] = [
    (PAGE, include_str!("../../reports/rapport.html")),
    (STYLE, include_str!("../../reports/rapport.css")),
    (DOCUMENT, include_str!("../../reports/rapport.typ")),
    (DEFINITIONS, include_str!("../../reports/definitions.csv")),
];

/// The page.
const PAGE: &str = "rapport.html";
/// Its style.
const STYLE: &str = "rapport.css";
/// The PDF.
pub(super) const DOCUMENT: &str = "rapport.typ";
/// Terms, what they mean, and where that is written.
const DEFINITIONS: &str = "definitions.csv";

/// Steps that a page may take; ours takes some tens of thousands.
const FUEL: u64 = 20_000_000;

/// Templates, ready to be filled in.
pub(super) struct Templates {
    environment: Environment<'static>,
    /// Where each came from, for messages.
    folder: Option<PathBuf>,
    /// The template of the PDF.
    pub(super) document: String,
    /// Terms and what they mean.
    pub(super) definitions: Value,
    style: String,
}

impl Templates {
    /// Ours, and those of a folder in the place of ours of the same name.
    pub(super) fn read(folder: Option<&Path>) -> Result<Self> {
        if let Some(folder) = folder {
            let known = |name: &str| OURS.iter().any(|(own, _)| *own == name);
            let entries = folder
                .read_dir()
                .map_err(|e| Error::unreadable(folder, e))?;
            let mut names: Vec<String> = entries
                .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
                .collect();
            names.sort();
            if !names.iter().any(|name| known(name)) {
                let ours: Vec<&str> = OURS.iter().map(|(name, _)| *name).collect();
                return Err(Error::input(
                    folder.display(),
                    "has no template",
                    format!("name templates as ours: {}", ours.join(", ")),
                ));
            }
        }
        let text = |name: &str| -> Result<String> {
            let own = folder
                .map(|folder| folder.join(name))
                .filter(|path| path.exists());
            if let Some(path) = own {
                return std::fs::read_to_string(&path).map_err(|e| Error::unreadable(&path, e));
            }
            let ours = OURS.iter().find(|(own, _)| *own == name);
            Ok(ours.map_or_else(String::new, |(_, text)| (*text).to_owned()))
        };
        let mut environment = Environment::new();
        // A loop without end is ended.
        environment.set_fuel(Some(FUEL));
        environment.set_undefined_behavior(UndefinedBehavior::Chainable);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()
            .map_err(|e| Error::Internal(format!("syntax of templates: {e}")))?;
        environment.set_syntax(syntax);
        let folder = folder.map(Path::to_owned);
        environment
            .add_template_owned(PAGE, text(PAGE)?)
            .map_err(|e| told(&e, folder.as_deref()))?;
        Ok(Self {
            environment,
            definitions: definitions(&text(DEFINITIONS)?)?,
            document: text(DOCUMENT)?,
            style: text(STYLE)?,
            folder,
        })
    }

    /// The page of a report.
    pub(super) fn page(&self, report: &Value) -> Result<String> {
        let failed = |e: minijinja::Error| told(&e, self.folder.as_deref());
        let template = self.environment.get_template(PAGE).map_err(failed)?;
        let context =
            minijinja::context! { style => &self.style, ..minijinja::Value::from(Serde(report)) };
        let html = template.render(context).map_err(failed)?;
        Ok(french::page(&html))
    }
}

/// An error of a template, with its file and line.
fn told(error: &minijinja::Error, folder: Option<&Path>) -> Error {
    let name = error.name().unwrap_or(PAGE);
    let file = match folder {
        Some(folder) if folder.join(name).exists() => folder.join(name).display().to_string(),
        _ => name.to_owned(),
    };
    let place = match error.line() {
        Some(line) => format!("{file}, line {line}"),
        None => file,
    };
    let what = error
        .detail()
        .map_or_else(|| error.kind().to_string(), str::to_owned);
    Error::input(
        place,
        what,
        "mend the template; without --templates, ours is used",
    )
}

fn definitions(text: &str) -> Result<Value> {
    let failed = |e: csv::Error| Error::input(DEFINITIONS, e, "mend the table");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut all = Vec::new();
    for row in reader.records() {
        let row = row.map_err(failed)?;
        let cell = |n: usize| french::text(row.get(n).unwrap_or_default());
        all.push(serde_json::json!({ "term": cell(0), "meaning": cell(1), "source": cell(2) }));
    }
    Ok(Value::Array(all))
}
