//! From another nomenclature to that of OCS GE, and from that of OCS GE to classes of one's own.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::{Code, Nomenclature};
use crate::error::{Error, Result, suggest};

/// What the classes of another nomenclature are in OCS GE.
#[derive(Clone, Debug)]
pub struct Crosswalk {
    place: String,
    classes: Classes,
}

#[derive(Clone, Debug)]
enum Classes {
    /// One column of classes, each a cover and a use.
    Pairs(BTreeMap<String, (Code, Code)>),
    /// A column of cover and one of use.
    Axes(BTreeMap<String, Code>, BTreeMap<String, Code>),
}

/// A row of a table of one column of classes, or of one of two.
#[derive(Deserialize)]
struct Row {
    code: String,
    axis: Option<String>,
    cover: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    ocsge: Option<String>,
}

/// How the columns of a crosswalk may be.
const FORMS: &str = "give the columns code, cover and use, or axis (CS or US), code and ocsge, as the tables that millesime \
     ships";

impl Crosswalk {
    /// Reads a table.
    pub(super) fn parse(
        text: &str,
        place: &str,
        cover: &Nomenclature,
        usage: &Nomenclature,
    ) -> Result<Self> {
        let refused = |what: String| Error::input(place, what, FORMS);
        let rows: Vec<Row> = csv::Reader::from_reader(text.as_bytes())
            .deserialize()
            .collect::<std::result::Result<_, _>>()
            .map_err(|e| refused(e.to_string()))?;
        let code = |of: &Nomenclature, text: &Option<String>, row: &Row| {
            let text = text.as_deref().unwrap_or_default().trim();
            let code = of.code(text).filter(|_| !text.is_empty());
            code.ok_or_else(|| {
                Error::input(
                    format!("{place}, class {}", row.code),
                    format!("`{text}` is not a code of {}", of.axis().prefix()),
                    of.advice(text),
                )
            })
        };
        let (mut pairs, mut covers, mut usages) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for row in &rows {
            let class = row.code.trim().to_uppercase();
            let is_twice = match row.axis.as_deref().map(str::trim) {
                None => {
                    let pair = (code(cover, &row.cover, row)?, code(usage, &row.usage, row)?);
                    pairs.insert(class, pair).is_some()
                }
                Some("CS") => covers
                    .insert(class, code(cover, &row.ocsge, row)?)
                    .is_some(),
                Some("US") => usages
                    .insert(class, code(usage, &row.ocsge, row)?)
                    .is_some(),
                Some(other) => return Err(refused(format!("`{other}` is not an axis: CS or US"))),
            };
            if is_twice {
                return Err(refused(format!("the class {} is given twice", row.code)));
            }
        }
        let classes = match (pairs.is_empty(), covers.is_empty(), usages.is_empty()) {
            (false, true, true) => Classes::Pairs(pairs),
            (true, false, false) => Classes::Axes(covers, usages),
            _ => return Err(refused("has no classes of both cover and use".to_owned())),
        };
        Ok(Self {
            place: place.to_owned(),
            classes,
        })
    }

    /// Whether classes are in one column, and not in one of cover and one of use.
    pub fn is_of_one_column(&self) -> bool {
        matches!(self.classes, Classes::Pairs(_))
    }

    /// The cover and the use of a class; of one of cover and one of use, where they are apart. What is empty
    /// is not known.
    pub fn codes(
        &self,
        class: &str,
        usage_class: &str,
        [cover, usage]: [&Nomenclature; 2],
    ) -> std::result::Result<(Code, Code), String> {
        let unknown = |of: &Nomenclature| of.code("").ok_or_else(String::new);
        let (class, usage_class) = (class.to_uppercase(), usage_class.to_uppercase());
        let missing = |class: &str, known: Vec<&str>| {
            format!(
                "`{class}` is no class of {}: {}",
                self.place,
                suggest(class, known)
            )
        };
        match &self.classes {
            Classes::Pairs(_) if class.is_empty() => Ok((unknown(cover)?, unknown(usage)?)),
            Classes::Pairs(pairs) => pairs
                .get(&class)
                .copied()
                .ok_or_else(|| missing(&class, pairs.keys().map(String::as_str).collect())),
            Classes::Axes(covers, usages) => {
                let of = |classes: &BTreeMap<String, Code>, class: &str, axis: &Nomenclature| {
                    if class.is_empty() {
                        return unknown(axis);
                    }
                    classes
                        .get(class)
                        .copied()
                        .ok_or_else(|| missing(class, classes.keys().map(String::as_str).collect()))
                };
                Ok((of(covers, &class, cover)?, of(usages, &usage_class, usage)?))
            }
        }
    }
}

/// Classes of one's own, each some pairs of cover and use.
#[derive(Clone, Debug)]
pub struct OwnClasses {
    rows: Vec<OwnClass>,
}

/// A class of one's own.
#[derive(Clone, Debug)]
pub struct OwnClass {
    /// Its code.
    pub class: String,
    /// Its label.
    pub label: String,
    /// Whether it is `agricole`, `naturel`, `forestier` or `urbanise`; empty where that is not told.
    pub kind: String,
    cover: Option<Code>,
    usage: Option<Code>,
}

#[derive(Deserialize)]
struct OwnRow {
    class: String,
    label_fr: String,
    cover: String,
    #[serde(rename = "use")]
    usage: String,
    #[serde(default)]
    enaf: String,
}

/// What a class may be of, where a territory measures consumption by its own classes.
const KINDS: [&str; 4] = ["agricole", "naturel", "forestier", "urbanise"];

impl OwnClasses {
    /// Reads a table: `class`, `label_fr`, `cover`, `use` and, where it is told, `enaf`; a code takes those below it, an empty one all.
    pub fn read(path: &Path, cover: &Nomenclature, usage: &Nomenclature) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::unreadable(path, e))?;
        let advice = "give the columns class, label_fr, cover and use: a code takes those below it, an \
                      empty one takes all, and of several rows the first";
        let given: Vec<OwnRow> = csv::Reader::from_reader(text.as_bytes())
            .deserialize()
            .collect::<std::result::Result<_, _>>()
            .map_err(|e| Error::input(path.display(), e, advice))?;
        let code = |of: &Nomenclature, text: &str, row: &OwnRow| match text.trim() {
            "" => Ok(None),
            text => of.code(text).map(Some).ok_or_else(|| {
                Error::input(
                    format!("{}, class {}", path.display(), row.class),
                    format!("`{text}` is not a code of {}", of.axis().prefix()),
                    of.advice(text),
                )
            }),
        };
        let rows = given
            .iter()
            .map(|row| {
                let kind = row.enaf.trim();
                if !kind.is_empty() && !KINDS.contains(&kind) {
                    return Err(Error::input(
                        format!("{}, class {}", path.display(), row.class),
                        format!("`{kind}` is not what a class can be in the column enaf"),
                        suggest(kind, KINDS),
                    ));
                }
                Ok(OwnClass {
                    kind: kind.to_owned(),
                    class: row.class.trim().to_owned(),
                    label: row.label_fr.trim().to_owned(),
                    cover: code(cover, &row.cover, row)?,
                    usage: code(usage, &row.usage, row)?,
                })
            })
            .collect::<Result<Vec<OwnClass>>>()?;
        for (n, row) in rows.iter().enumerate() {
            let is_other = |other: &&OwnClass| {
                other.class == row.class && (&other.label, &other.kind) != (&row.label, &row.kind)
            };
            if rows[..n].iter().any(|other| is_other(&other)) {
                return Err(Error::input(
                    format!("{}, class {}", path.display(), row.class),
                    "has another label, or another `enaf`, in another of its rows",
                    "give a class one of each",
                ));
            }
        }
        if rows.is_empty() || rows.iter().any(|row| row.class.is_empty()) {
            return Err(Error::input(
                path.display(),
                "has no classes, or one without a code",
                advice,
            ));
        }
        Ok(Self { rows })
    }

    /// The class of ground of a cover and a use: the first that takes it.
    pub fn of(
        &self,
        (cover, usage): (Code, Code),
        [covers, usages]: [&Nomenclature; 2],
    ) -> Option<&OwnClass> {
        let takes = |of: &Nomenclature, asked: Option<Code>, code: Code| {
            asked.is_none_or(|asked| of.is_within(code, asked))
        };
        self.rows
            .iter()
            .find(|row| takes(covers, row.cover, cover) && takes(usages, row.usage, usage))
    }
}
