//! An indicator: its SQL, and what its header says of it.

use std::collections::BTreeMap;

use crate::error::{Error, Result};

/// A table to compute.
#[derive(Clone, Debug)]
pub struct Indicator {
    /// Its name, that of its file.
    pub name: String,
    /// Its file, for messages.
    pub place: String,
    /// Its SQL, header included.
    pub sql: String,
    /// What it says of itself.
    pub header: Header,
    /// Whether it is the user's.
    pub is_own: bool,
}

/// The comments that an SQL file begins with: `-- key: text`, going on in lines that are set in.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// Title in French,
    pub titre: String,
    /// and in English.
    pub title: String,
    /// What it measures, in French,
    pub définition: String,
    /// and in English.
    pub definition: String,
    /// Law, specification, producer.
    pub source: String,
    /// What account it is of.
    pub subject: Subject,
    /// A table of the account without whose rows it says nothing; empty for none.
    pub needs: String,
    /// Units of its figures.
    pub unit: String,
    /// Its columns, as they are published.
    pub columns: Vec<String>,
}

/// What account an indicator is of. The two are never added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subject {
    /// OCS GE: artificialisation.
    OcsGe,
    /// The land files: consumption of ENAF.
    Enaf,
    /// Neither: what both are told by.
    #[default]
    All,
}

impl Subject {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::OcsGe => "OCS GE",
            Self::Enaf => "ENAF",
            Self::All => "",
        }
    }
}

impl Indicator {
    /// Reads an indicator's header.
    pub fn parse(name: &str, place: &str, sql: &str) -> Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            place: place.to_owned(),
            sql: sql.to_owned(),
            header: Header::parse(sql, place)?,
            is_own: false,
        })
    }
}

impl Header {
    fn parse(sql: &str, place: &str) -> Result<Self> {
        let mut texts: BTreeMap<&str, String> = BTreeMap::new();
        let mut last = None;
        let comments = sql.lines().map_while(|line| line.strip_prefix("--"));
        for line in comments {
            match (
                line.trim_start().split_once(": "),
                line.starts_with("   "),
                last,
            ) {
                (_, true, Some(key)) => {
                    let text: &mut String = texts.entry(key).or_default();
                    text.push(' ');
                    text.push_str(line.trim());
                }
                (Some((key, text)), false, _) => {
                    last = Some(key);
                    texts.insert(key, text.trim().to_owned());
                }
                _ => {}
            }
        }
        let mut text = |key| texts.remove(key).unwrap_or_default();
        let subject = match text("subject").as_str() {
            "OCS GE" => Subject::OcsGe,
            "ENAF" => Subject::Enaf,
            "" | "all" => Subject::All,
            other => {
                return Err(Error::input(
                    place,
                    format!("the subject `{other}` is not known"),
                    "write `-- subject: OCS GE`, `ENAF` or `all`",
                ));
            }
        };
        let columns = text("columns");
        let columns = columns.split(',').map(str::trim).filter(|c| !c.is_empty());
        Ok(Self {
            titre: text("titre"),
            title: text("title"),
            définition: text("définition"),
            definition: text("definition"),
            source: text("source"),
            subject,
            needs: text("needs"),
            unit: text("unit"),
            columns: columns.map(str::to_owned).collect(),
        })
    }
}
