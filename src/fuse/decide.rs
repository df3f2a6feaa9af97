//! Which evidence decides.

use super::{Evidence, Origin};
use crate::error::Result;
use crate::reference::{Code, Fusion, Kind, Reference, UseRule};

/// What the classification says of a face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Its cover.
    pub cover: Code,
    /// The use that its class has or lets suppose.
    pub usage: Code,
    /// How sure it is, from 0 to 1, where that is known.
    pub confidence: Option<f64>,
    /// How probable it is that its cover changed since the vintage before, where that is known.
    pub changed: Option<f64>,
}

/// A piece of evidence that reaches a face.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// Its number.
    pub number: u32,
    /// The area of the polygon that bears it: the smaller one of two is the finer drawing.
    pub area: i64,
    /// What it tells.
    pub evidence: &'a Evidence,
}

/// What became of a piece of evidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// It decides.
    Decides,
    /// Another one stands before it.
    ComesAfter,
    /// It may not replace what is seen there.
    MayNotReplace(Code),
    /// It is older, and what is seen is too sure.
    Yields(f64),
    /// It is older, and the cover has since been seen to change.
    Outdated(f64),
}

/// What is decided of a face. Evidence goes by number; none is the classification, or a rule that
/// needs no evidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// Its cover,
    pub cover: Code,
    /// and the evidence that decided it.
    pub cover_by: Option<u32>,
    /// Its use,
    pub usage: Code,
    /// the rule that gave it,
    pub use_rule: u16,
    /// and its evidence.
    pub use_by: Option<u32>,
    /// The use that it has where it turns out narrower than its rule asks.
    pub if_narrow: Code,
    /// Whether it belongs to the ossature.
    pub ossature: bool,
}

/// What rules of use call the classification itself.
const SEEN: &str = "classification";

/// Decides by the tables of fusion.
pub struct Judge<'a> {
    fusion: &'a Fusion,
    /// The place of each kind of evidence in the order of covers.
    ranks: Vec<Option<usize>>,
    unknown_use: Code,
    /// What is older yields where cover changed as probably as this.
    changed_least: f64,
    /// The evidence that the classification itself is of use.
    seen: Option<Kind>,
}

impl<'a> Judge<'a> {
    /// A judge.
    pub fn new(reference: &'a Reference) -> Result<Self> {
        let fusion = &reference.fusion;
        let mut ranks = Vec::new();
        for (rank, rule) in fusion.cover.iter().enumerate() {
            let Some(kind) = rule.kind else { continue };
            let place = usize::from(kind);
            if ranks.len() <= place {
                ranks.resize(place + 1, None);
            }
            ranks[place] = ranks[place].or(Some(rank));
        }
        let unknown_use = reference.usage.code("US6.6").ok_or_else(|| {
            crate::error::Error::input("nomenclature/use.csv", "has no code US6.6", "add it")
        })?;
        Ok(Self {
            fusion,
            ranks,
            unknown_use,
            changed_least: reference.parameter("changed_least")?,
            seen: fusion.kind(SEEN),
        })
    }

    fn rank(&self, candidate: &Candidate) -> Option<usize> {
        candidate.evidence.cover?;
        *self.ranks.get(usize::from(candidate.evidence.kind))?
    }

    /// What becomes of each piece of evidence of cover, in the order in which they are believed.
    pub fn covers<'c>(
        &self,
        seen: Option<Seen>,
        candidates: &[Candidate<'c>],
    ) -> Vec<(Candidate<'c>, Verdict)> {
        let ranked = candidates.iter().filter_map(|c| Some((self.rank(c)?, *c)));
        let mut ranked: Vec<(usize, Candidate)> = ranked.collect();
        // Of one kind, the finer drawing; then by content, so that the order of the input is none.
        ranked.sort_by(|(r, a), (s, b)| {
            let order = r.cmp(s).then(a.area.cmp(&b.area));
            order.then_with(|| a.evidence.cmp(b.evidence))
        });
        let mut is_decided = false;
        let judged = ranked.into_iter().map(|(rank, candidate)| {
            let rule = &self.fusion.cover[rank];
            let verdict = match seen {
                _ if is_decided => Verdict::ComesAfter,
                Some(seen) if !rule.replaces.contains(seen.cover) => {
                    // Where both say the same, nothing is replaced.
                    match candidate.evidence.cover == Some(seen.cover) {
                        true => Verdict::Decides,
                        false => Verdict::MayNotReplace(seen.cover),
                    }
                }
                Some(Seen {
                    confidence: Some(confidence),
                    ..
                }) if candidate.evidence.is_older
                    && rule.yields_above.is_some_and(|limit| confidence >= limit) =>
                {
                    Verdict::Yields(confidence)
                }
                Some(Seen {
                    changed: Some(changed),
                    ..
                }) if candidate.evidence.is_older && changed >= self.changed_least => {
                    Verdict::Outdated(changed)
                }
                _ => Verdict::Decides,
            };
            is_decided |= verdict == Verdict::Decides;
            (candidate, verdict)
        });
        judged.collect()
    }

    /// The cover of a face, and the evidence that decides it; `None` where nothing tells one.
    pub fn cover<'c>(
        &self,
        seen: Option<Seen>,
        candidates: &[Candidate<'c>],
    ) -> Option<(Code, Option<Candidate<'c>>)> {
        let judged = self.covers(seen, candidates);
        let decisive = judged.into_iter().find(|(_, v)| *v == Verdict::Decides);
        match decisive {
            Some((candidate, _)) => Some((candidate.evidence.cover?, Some(candidate))),
            None => Some((seen?.cover, None)),
        }
    }

    /// The rules of use that apply to ground of this cover, in their order: rule, use, evidence.
    pub fn usages(
        &self,
        cover: Code,
        seen: Option<Seen>,
        candidates: &[Candidate],
        in_zone: bool,
    ) -> Vec<(u16, Code, Option<u32>)> {
        let applies = |rule: &UseRule| {
            let is_place = rule.in_zone.is_none_or(|wanted| wanted == in_zone);
            if !is_place || !rule.covers.contains(cover) {
                return None;
            }
            if rule.kinds.is_empty() {
                return rule.usage.map(|usage| (usage, None));
            }
            if let Some(seen) = seen
                && self.seen.is_some_and(|kind| rule.kinds.contains(&kind))
                && seen.usage != self.unknown_use
            {
                return Some((rule.usage.unwrap_or(seen.usage), None));
            }
            let is_kind = |c: &&Candidate| rule.kinds.contains(&c.evidence.kind);
            let told = candidates.iter().filter(is_kind).filter_map(|c| {
                let usage = rule.usage.or(c.evidence.usage)?;
                Some((c, usage))
            });
            let finest = told.min_by(|(a, _), (b, _)| {
                let order = a.area.cmp(&b.area);
                order.then_with(|| a.evidence.cmp(b.evidence))
            });
            finest.map(|(candidate, usage)| (usage, Some(candidate.number)))
        };
        let rules = self.fusion.usage.iter().enumerate();
        rules
            .filter_map(|(n, rule)| applies(rule).map(|(usage, by)| (n as u16, usage, by)))
            .collect()
    }

    /// Decides a face by evidence of sources up to one of them; `None` where nothing tells a cover.
    pub fn decide(
        &self,
        seen: Option<Seen>,
        candidates: &[Candidate],
        in_zone: bool,
        up_to: Origin,
    ) -> Option<Decision> {
        let heard: Vec<Candidate> = candidates
            .iter()
            .filter(|c| c.evidence.origin <= up_to)
            .copied()
            .collect();
        let (cover, by) = self.cover(seen, &heard)?;
        let usages = self.usages(cover, seen, &heard, in_zone);
        let &(rule, usage, use_by) = usages.first()?;
        let is_wide = |n: u16| self.fusion.usage[usize::from(n)].width.is_some();
        let if_narrow = usages.iter().find(|(n, ..)| !is_wide(*n));
        Some(Decision {
            cover,
            cover_by: by.map(|c| c.number),
            usage,
            use_rule: rule,
            use_by,
            if_narrow: if_narrow.map_or(usage, |(_, usage, _)| *usage),
            ossature: by.is_some_and(|c| c.evidence.ossature),
        })
    }
}
