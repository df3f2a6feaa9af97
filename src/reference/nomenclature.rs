//! One axis of the nomenclature: its tree of codes, and texts that stand for "not known".

use std::collections::HashMap;

use serde::Deserialize;

use crate::error::{Error, Result, suggest};

/// Cover or use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Couverture, CS.
    Cover,
    /// Usage, US.
    Use,
}

impl Axis {
    /// The prefix of the axis's codes.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Cover => "CS",
            Self::Use => "US",
        }
    }
}

/// A code of a [`Nomenclature`], in the order of its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

/// A set of leaves of one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeafSet(u64);

impl LeafSet {
    /// No leaf.
    pub const EMPTY: Self = Self(0);

    /// Number of leaves.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// The union of two sets.
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the set lies in `other` (`Some(true)`), apart from it (`Some(false)`), or neither.
    pub fn within(self, other: Self) -> Option<bool> {
        match self.0 & other.0 {
            0 => Some(false),
            both if both == self.0 => Some(true),
            _ => None,
        }
    }

    /// Whether one of the sets contains the other.
    pub fn nests_with(self, other: Self) -> bool {
        let both = self.0 & other.0;
        both == self.0 || both == other.0
    }

    /// The numbers of the leaves.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..64).filter(move |n| self.0 & (1 << n) != 0)
    }

    /// The number of the first leaf.
    pub fn first(self) -> Option<usize> {
        self.iter().next()
    }
}

/// One axis: every code of the tree, and the texts that stand for an unknown code.
#[derive(Clone, Debug)]
pub struct Nomenclature {
    axis: Axis,
    entries: Vec<Entry>,
    by_text: HashMap<String, Code>,
    leaf_count: usize,
}

/// How a code is shown to people.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Labels {
    /// In French.
    pub label_fr: String,
    /// In English.
    pub label_en: String,
    /// Its official colour, `#rrggbb`.
    pub colour: String,
}

#[derive(Clone, Debug)]
struct Entry {
    text: String,
    labels: Labels,
    leaves: LeafSet,
    parent: Option<usize>,
    /// Whether it is a territory's own, below the codes of OCS GE.
    is_local: bool,
}

#[derive(Deserialize)]
struct Row {
    code: String,
    parent: String,
    leaf: bool,
    #[serde(flatten)]
    labels: Labels,
    #[serde(skip)]
    is_local: bool,
}

/// A code below one of OCS GE, which stands for the same leaves.
#[derive(Deserialize)]
struct LocalRow {
    code: String,
    parent: String,
    #[serde(flatten)]
    labels: Labels,
}

/// Puts the local codes of an axis below their parents.
fn add_local(rows: &mut Vec<Row>, axis: Axis, text: &str) -> Result<()> {
    let refused = |what: String| {
        Error::input(
            "reference table nomenclature/local.csv",
            what,
            "give the columns code, parent, label_fr, label_en and colour: a code such as CS2.2.1.1 or US5.1, \
             below one that comes before it",
        )
    };
    let given: Vec<LocalRow> = csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<std::result::Result<_, _>>()
        .map_err(|e| refused(e.to_string()))?;
    for row in given {
        let is_of = |axis: Axis| row.code.starts_with(axis.prefix());
        if !is_of(Axis::Cover) && !is_of(Axis::Use) {
            return Err(refused(format!(
                "`{}` begins neither with CS nor with US",
                row.code
            )));
        }
        if !is_of(axis) {
            continue;
        }
        let below = row.code.strip_prefix(&format!("{}.", row.parent));
        let is_plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b"-_".contains(&b);
        if !below.is_some_and(|own| !own.is_empty() && own.bytes().all(is_plain))
            || row.code.len() > LONGEST
        {
            return Err(refused(format!(
                "`{}` is not `{}.` and then capitals, digits, - or _",
                row.code, row.parent
            )));
        }
        if rows.len() >= MOST {
            return Err(refused(format!("has more than {MOST} codes of one axis")));
        }
        if rows.iter().any(|known| known.code == row.code) {
            return Err(refused(format!("the code {} is there already", row.code)));
        }
        if !row.labels.colour.is_empty() && !is_colour(&row.labels.colour) {
            return Err(refused(format!(
                "`{}` is not a colour such as #ff377a",
                row.labels.colour
            )));
        }
        let parent = rows.iter().position(|known| known.code == row.parent);
        let parent = parent.ok_or_else(|| {
            refused(format!(
                "the parent `{}` of {} is not there before it",
                row.parent, row.code
            ))
        })?;
        // After the parent and all that is below it.
        let is_below = |n: usize| {
            let mut at = n;
            while let Some(up) = rows.iter().position(|r| r.code == rows[at].parent) {
                if up == parent {
                    return true;
                }
                at = up;
            }
            false
        };
        let last = (parent..rows.len())
            .rev()
            .find(|&n| n == parent || is_below(n));
        let mut labels = row.labels;
        if labels.colour.is_empty() {
            labels.colour.clone_from(&rows[parent].labels.colour);
        }
        let at = last.unwrap_or(parent) + 1;
        rows.insert(
            at,
            Row {
                code: row.code,
                parent: row.parent,
                leaf: false,
                labels,
                is_local: true,
            },
        );
    }
    Ok(())
}

/// Letters of a local code, at most.
const LONGEST: usize = 64;
/// Codes of one axis, at most.
const MOST: usize = 2000;

fn is_colour(text: &str) -> bool {
    let digits = text.strip_prefix('#');
    digits.is_some_and(|d| d.len() == 6 && d.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// What is written for a null or empty code.
pub const UNKNOWN: &str = "INCONNU";

impl Nomenclature {
    /// Reads the tree from CSV text, and the local codes below it.
    pub(super) fn parse(axis: Axis, text: &str, unknown: &[String], local: &str) -> Result<Self> {
        let place = format!("reference table of {}", axis.prefix());
        let bad = |what: String| {
            Error::input(
                &place,
                what,
                "compare it with the table that millesime ships",
            )
        };
        let mut rows: Vec<Row> = csv::Reader::from_reader(text.as_bytes())
            .deserialize()
            .collect::<std::result::Result<_, _>>()
            .map_err(|e| bad(e.to_string()))?;
        add_local(&mut rows, axis, local)?;
        let leaf_count = rows.iter().filter(|r| r.leaf).count();
        if leaf_count > 64 {
            return Err(bad(format!(
                "has {leaf_count} leaves; at most 64 are supported"
            )));
        }
        let mut entries: Vec<Entry> = Vec::new();
        let mut parents: Vec<Option<usize>> = Vec::new();
        let mut next_leaf = 0;
        for row in rows {
            let parent = match row.parent.as_str() {
                "" => None,
                code => Some(entries.iter().position(|e| e.text == code).ok_or_else(|| {
                    bad(format!(
                        "the parent {code} of {} comes after it or not at all",
                        row.code
                    ))
                })?),
            };
            let leaves = if row.leaf {
                next_leaf += 1;
                LeafSet(1 << (next_leaf - 1))
            } else {
                LeafSet::EMPTY
            };
            let mut up = parent;
            while let Some(n) = up {
                entries[n].leaves = entries[n].leaves.with(leaves);
                up = parents[n];
            }
            entries.push(Entry {
                text: row.code,
                labels: row.labels,
                leaves,
                parent,
                is_local: row.is_local,
            });
            parents.push(parent);
        }
        // Parents come before what is below them.
        for n in 0..entries.len() {
            if let (true, Some(parent)) = (entries[n].is_local, parents[n]) {
                entries[n].leaves = entries[parent].leaves;
            }
        }
        let all = entries
            .iter()
            .fold(LeafSet::EMPTY, |set, e| set.with(e.leaves));
        for text in unknown {
            entries.push(Entry {
                text: text.clone(),
                labels: Labels {
                    label_fr: "Inconnu".to_owned(),
                    label_en: "Unknown".to_owned(),
                    colour: "#ffffff".to_owned(),
                },
                leaves: all,
                parent: None,
                is_local: false,
            });
        }
        let by_text = entries
            .iter()
            .enumerate()
            .map(|(n, e)| (e.text.clone(), Code(n as u16)))
            .collect();
        let nomenclature = Self {
            axis,
            entries,
            by_text,
            leaf_count,
        };
        if nomenclature.code(UNKNOWN).is_none() {
            return Err(bad(format!("unknown.csv has no row {UNKNOWN}")));
        }
        Ok(nomenclature)
    }

    /// Makes another text stand for a code; false when there is no such code.
    pub(super) fn add_text(&mut self, text: &str, code: &str) -> bool {
        match self.by_text.get(code).copied() {
            Some(code) => {
                self.by_text.insert(text.to_uppercase(), code);
                true
            }
            None => false,
        }
    }

    /// The code of a text: with or without its prefix, in upper or lower case, an empty one as
    /// `INCONNU`; `None` when it is not in the nomenclature.
    pub fn code(&self, text: &str) -> Option<Code> {
        let text = text.trim();
        if text.is_empty() {
            return self.by_text.get(UNKNOWN).copied();
        }
        if let Some(&code) = self.by_text.get(text) {
            return Some(code);
        }
        let upper = text.to_uppercase();
        let prefixed = format!("{}{upper}", self.axis.prefix());
        self.by_text
            .get(&upper)
            .or_else(|| self.by_text.get(&prefixed))
            .copied()
    }

    /// The text of a code, as it is published.
    pub fn text(&self, code: Code) -> &str {
        &self.entries[code.0 as usize].text
    }

    /// How a code is shown.
    pub fn labels(&self, code: Code) -> &Labels {
        &self.entries[code.0 as usize].labels
    }

    /// The leaves that a code stands for.
    pub fn leaves(&self, code: Code) -> LeafSet {
        self.entries[code.0 as usize].leaves
    }

    /// Whether a code is another one or below it; of codes of OCS GE, whether it stands for no other ground.
    pub fn is_within(&self, code: Code, other: Code) -> bool {
        let entry = &self.entries[other.0 as usize];
        if entry.is_local {
            return self.is_at_or_below(code, other);
        }
        self.leaves(code).within(entry.leaves) == Some(true)
    }

    /// The code of OCS GE that a code is, or stands below.
    pub fn base(&self, code: Code) -> Code {
        let mut at = code.0 as usize;
        while let (true, Some(parent)) = (self.entries[at].is_local, self.entries[at].parent) {
            at = parent;
        }
        Code(at as u16)
    }

    fn is_at_or_below(&self, code: Code, other: Code) -> bool {
        let mut at = Some(code.0 as usize);
        while let Some(n) = at {
            if n == other.0 as usize {
                return true;
            }
            at = self.entries[n].parent;
        }
        false
    }

    /// Whether two codes can be said of the same ground: one contains the other.
    pub fn nests(&self, a: Code, b: Code) -> bool {
        let is_local = |code: Code| self.entries[code.0 as usize].is_local;
        if is_local(a) && is_local(b) {
            return self.is_at_or_below(a, b) || self.is_at_or_below(b, a);
        }
        self.leaves(a).nests_with(self.leaves(b))
    }

    /// Number of leaves.
    pub fn leaf_count(&self) -> usize {
        self.leaf_count
    }

    /// All codes, in the order of the tree.
    pub fn codes(&self) -> impl Iterator<Item = Code> {
        (0..self.entries.len() as u16).map(Code)
    }

    /// The axis.
    pub fn axis(&self) -> Axis {
        self.axis
    }

    /// Advice about a text that is not a code.
    pub fn advice(&self, text: &str) -> String {
        suggest(text, self.entries.iter().map(|e| e.text.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use crate::reference::Reference;

    #[test]
    fn codes_are_read_as_they_are_published() {
        let reference = Reference::load(None).unwrap();
        let read = |text: &str| reference.cover.code(text).map(|c| reference.cover.text(c));
        assert_eq!(read("CS1.1.1.1"), Some("CS1.1.1.1"));
        assert_eq!(read(" cs1.1.1.1 "), Some("CS1.1.1.1"));
        assert_eq!(read("2.2.1"), Some("CS2.2.1"));
        assert_eq!(read(""), Some("INCONNU"));
        assert_eq!(read("INDETERMINE"), Some("INDETERMINE"));
        assert_eq!(read("CS9"), None);
        assert_eq!(reference.cover.leaf_count(), 14);
        assert_eq!(reference.usage.leaf_count(), 20);
        // A finer use, in words.
        let renewable = reference
            .usage
            .code("Production d'énergie renouvelable")
            .unwrap();
        assert_eq!(reference.usage.text(renewable), "US2");
        let us235 = reference.usage.code("235").unwrap();
        assert_eq!(reference.usage.text(us235), "US235");
        assert_eq!(reference.usage.leaves(us235).count(), 1);
    }
}
