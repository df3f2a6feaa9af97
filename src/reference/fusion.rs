//! What the objects of reference layers tell of the ground, and which of them is believed.

use serde::Deserialize;

use super::{Code, Nomenclature, rows, table_error};
use crate::error::Result;

/// A kind of evidence, such as a road, a building, a declared crop.
pub type Kind = u16;

/// What the columns of an object must hold.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The column.
    pub column: String,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    /// Holds one of these texts; a text that ends in `*` stands for all that start so.
    Is(Vec<String>),
    IsNot(Vec<String>),
    Below(f64),
    AtLeast(f64),
}

/// What an object of a layer tells.
#[derive(Clone, Debug)]
pub struct ObjectRule {
    /// The layer, as it is published.
    pub layer: String,
    /// What the object must be like.
    pub when: Vec<Condition>,
    /// What it is evidence of; none when it is left out on purpose.
    pub kind: Option<Kind>,
    /// The cover that it tells.
    pub cover: Option<Code>,
    /// The use that it tells.
    pub usage: Option<Code>,
    /// Whether it belongs to the ossature.
    pub ossature: bool,
    /// For a line, its width where the object does not say, m,
    pub width: Option<f64>,
    /// and what lies on either side of it, m.
    pub shoulder: f64,
    /// Surfaces of such lines nearer than this are closed into one, m: the two carriageways of a road.
    pub closing: Option<f64>,
}

/// Where a kind of evidence stands in the order in which covers are believed.
#[derive(Clone, Debug)]
pub struct CoverRule {
    /// The kind; none for the classification itself.
    pub kind: Option<Kind>,
    /// Its name in French.
    pub label_fr: String,
    /// The covers of the classification that it may replace, by code.
    pub replaces: CodeSet,
    /// How sure the classification must be to stand against an older source.
    pub yields_above: Option<f64>,
}

/// A rule of use.
#[derive(Clone, Debug)]
pub struct UseRule {
    /// Its name.
    pub name: String,
    /// Its name in French.
    pub label_fr: String,
    /// The kinds of evidence of which it needs one; none when it needs no evidence.
    pub kinds: Vec<Kind>,
    /// The covers that the ground may have.
    pub covers: CodeSet,
    /// Whether the ground must lie in the zone construite, or outside.
    pub in_zone: Option<bool>,
    /// How wide the ground must be, m.
    pub width: Option<f64>,
    /// The use; that of the evidence when none is given.
    pub usage: Option<Code>,
}

/// A set of codes, by prefixes in the tree of a nomenclature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeSet(Vec<Code>);

impl CodeSet {
    fn parse(text: &str, nomenclature: &Nomenclature, place: &str) -> Result<Self> {
        let prefixes: Vec<&str> = text.split('|').map(str::trim).collect();
        if let Some(wrong) = prefixes
            .iter()
            .find(|p| !p.is_empty() && **p != "*" && nomenclature.code(p).is_none())
        {
            return Err(table_error(place, format!("{wrong} is not a code")));
        }
        let is_in = |code: &Code| {
            let text = nomenclature.text(*code);
            let under = |p: &&str| p.is_empty() || *p == "*" || is_within(text, p);
            prefixes.iter().any(under)
        };
        Ok(Self(nomenclature.codes().filter(is_in).collect()))
    }

    /// Whether a code is one of them.
    pub fn contains(&self, code: Code) -> bool {
        self.0.binary_search(&code).is_ok()
    }
}

/// Whether a code is another one or below it in the tree.
pub(super) fn is_within(code: &str, ancestor: &str) -> bool {
    code.strip_prefix(ancestor)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        || matches!(ancestor, "CS" | "US")
}

/// The tables of fusion.
#[derive(Clone, Debug)]
pub struct Fusion {
    /// What objects tell, in the order in which rules are tried, by source.
    pub bd_topo: Vec<ObjectRule>,
    /// BD Forêt.
    pub bd_foret: Vec<ObjectRule>,
    /// RPG.
    pub rpg: Vec<ObjectRule>,
    /// In what order covers are believed.
    pub cover: Vec<CoverRule>,
    /// Rules of use, in the order in which they are tried.
    pub usage: Vec<UseRule>,
    kinds: Vec<String>,
    columns: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct ObjectRow {
    layer: String,
    when: String,
    evidence: String,
    cover: String,
    #[serde(rename = "use")]
    usage: String,
    ossature: bool,
    width_m: Option<f64>,
    shoulder_m: Option<f64>,
    closing_m: Option<f64>,
}

#[derive(Deserialize)]
struct CoverRow {
    evidence: String,
    label_fr: String,
    replaces: String,
    yields_above: Option<f64>,
}

#[derive(Deserialize)]
struct UseRow {
    rule: String,
    label_fr: String,
    evidence: String,
    covers: String,
    zone: String,
    min_width_m: Option<f64>,
    #[serde(rename = "use")]
    usage: String,
}

#[derive(Deserialize)]
struct ColumnRow {
    name: String,
    other: String,
}

/// The evidence of an object that is left out on purpose,
const LEFT_OUT: &str = "none";
/// and that of the classification itself.
const CLASSIFICATION: &str = "classification";

impl Fusion {
    /// Reads the tables, which `text` gives by name.
    pub(super) fn parse(
        text: &dyn Fn(&str) -> Result<String>,
        covers: &Nomenclature,
        usages: &Nomenclature,
    ) -> Result<Self> {
        let mut kinds: Vec<String> = Vec::new();
        let mut kind = |name: &str| -> Kind {
            let known = kinds.iter().position(|k| k == name);
            known.unwrap_or_else(|| {
                kinds.push(name.to_owned());
                kinds.len() - 1
            }) as Kind
        };
        let code = |nomenclature: &Nomenclature, text: &str, place: &str| match text {
            "" => Ok(None),
            text => match nomenclature.code(text) {
                Some(code) => Ok(Some(code)),
                None => Err(table_error(place, format!("{text} is not a code"))),
            },
        };
        let mut objects = |place: &str| -> Result<Vec<ObjectRule>> {
            rows::<ObjectRow>(&text(place)?, place)?
                .into_iter()
                .map(|row| {
                    Ok(ObjectRule {
                        kind: (row.evidence != LEFT_OUT).then(|| kind(&row.evidence)),
                        cover: code(covers, &row.cover, place)?,
                        usage: code(usages, &row.usage, place)?,
                        when: conditions(&row.when, place)?,
                        layer: row.layer,
                        ossature: row.ossature,
                        width: row.width_m,
                        shoulder: row.shoulder_m.unwrap_or(0.0),
                        closing: row.closing_m,
                    })
                })
                .collect()
        };
        let bd_topo = objects("fusion/bd_topo.csv")?;
        let bd_foret = objects("fusion/bd_foret.csv")?;
        let rpg = objects("fusion/rpg.csv")?;
        let place = "fusion/cover.csv";
        let cover = rows::<CoverRow>(&text(place)?, place)?
            .into_iter()
            .map(|row| {
                Ok(CoverRule {
                    kind: (row.evidence != CLASSIFICATION).then(|| kind(&row.evidence)),
                    label_fr: row.label_fr,
                    replaces: CodeSet::parse(&row.replaces, covers, place)?,
                    yields_above: row.yields_above,
                })
            })
            .collect::<Result<Vec<CoverRule>>>()?;
        let place = "fusion/use.csv";
        let usage = rows::<UseRow>(&text(place)?, place)?
            .into_iter()
            .map(|row| {
                let in_zone = match row.zone.as_str() {
                    "" => None,
                    "in" => Some(true),
                    "out" => Some(false),
                    other => {
                        let what = format!("`{other}` is not a zone: in, out or nothing");
                        return Err(table_error(place, what));
                    }
                };
                let names = row.evidence.split('|').map(str::trim);
                Ok(UseRule {
                    kinds: names.filter(|n| !n.is_empty()).map(&mut kind).collect(),
                    covers: CodeSet::parse(&row.covers, covers, place)?,
                    in_zone,
                    width: row.min_width_m,
                    usage: code(usages, &row.usage, place)?,
                    name: row.rule,
                    label_fr: row.label_fr,
                })
            })
            .collect::<Result<Vec<UseRule>>>()?;
        let is_last_resort = |rule: &UseRule| rule.kinds.is_empty() && rule.in_zone.is_none();
        if !usage.iter().any(is_last_resort) {
            let what = "has no rule for ground of which nothing is known".to_owned();
            return Err(table_error(place, what));
        }
        let place = "fusion/columns.csv";
        let columns = rows::<ColumnRow>(&text(place)?, place)?
            .into_iter()
            .map(|row| (row.name, row.other))
            .collect();
        Ok(Self {
            bd_topo,
            bd_foret,
            rpg,
            cover,
            usage,
            kinds,
            columns,
        })
    }

    /// The name of a kind of evidence.
    pub fn kind_name(&self, kind: Kind) -> &str {
        &self.kinds[usize::from(kind)]
    }

    /// The kind of evidence of this name.
    pub fn kind(&self, name: &str) -> Option<Kind> {
        let place = self.kinds.iter().position(|k| k == name)?;
        Some(place as Kind)
    }

    /// The names that a column goes by, the published one first.
    pub fn names_of<'a>(&'a self, column: &'a str) -> Vec<&'a str> {
        let others = self.columns.iter().filter(|(name, _)| name == column);
        std::iter::once(column)
            .chain(others.map(|(_, other)| other.as_str()))
            .collect()
    }
}

/// Conditions that must hold together.
fn conditions(text: &str, place: &str) -> Result<Vec<Condition>> {
    let parts = text.split(" & ").map(str::trim).filter(|t| !t.is_empty());
    parts
        .map(|part| {
            let wrong = || {
                let what = format!("`{part}` is not a condition such as NATURE=Serre|Silo");
                table_error(place, what)
            };
            let texts = |values: &str| values.split('|').map(folded).collect();
            let number = |value: &str| value.trim().parse::<f64>().map_err(|_| wrong());
            let (column, test) = if let Some((column, values)) = part.split_once("!=") {
                (column, Test::IsNot(texts(values)))
            } else if let Some((column, value)) = part.split_once(">=") {
                (column, Test::AtLeast(number(value)?))
            } else if let Some((column, value)) = part.split_once('<') {
                (column, Test::Below(number(value)?))
            } else if let Some((column, values)) = part.split_once('=') {
                (column, Test::Is(texts(values)))
            } else {
                return Err(wrong());
            };
            Ok(Condition {
                column: column.trim().to_owned(),
                test,
            })
        })
        .collect()
}

impl Condition {
    /// Whether a value fulfils it; the value must be [`folded`]. A number is never below or above an
    /// empty value, or a text.
    pub fn holds(&self, value: &str) -> bool {
        let is = |wanted: &String| match wanted.strip_suffix('*') {
            Some(start) => value.starts_with(start),
            None => value == wanted,
        };
        match &self.test {
            Test::Is(texts) => texts.iter().any(is),
            Test::IsNot(texts) => !texts.iter().any(is),
            Test::Below(limit) => value.parse::<f64>().is_ok_and(|v| v < *limit),
            Test::AtLeast(limit) => value.parse::<f64>().is_ok_and(|v| v >= *limit),
        }
    }
}

/// A text in small letters without accents, as conditions compare it.
pub fn folded(text: &str) -> String {
    let plain = |c: char| match c {
        'à' | 'â' | 'ä' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'î' | 'ï' => 'i',
        'ô' | 'ö' => 'o',
        'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        '’' => '\'',
        other => other,
    };
    text.trim().to_lowercase().chars().map(plain).collect()
}
