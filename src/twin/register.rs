//! What registers know of a cell and its picture does not tell: the axes of its ways, who holds
//! its lots, and the limits of its farmland.

use std::ops::Range;

use super::cadastre::Lot;
use super::scene::Since;
use super::shapes::{Quad, Vector};
use super::sites::Site;

/// The registers of a cell.
#[derive(Default)]
pub(super) struct Register {
    pub(super) ways: Vec<Way>,
    pub(super) holdings: Vec<Holding>,
    /// Parcels of farmland, those under woods and villages too; they reach beyond the cell.
    pub(super) parcels: Vec<Quad>,
}

impl Register {
    /// Notes who holds a lot from a date on.
    pub(super) fn hold(&mut self, holder: Holder, lot: &Lot, since: Since) {
        self.holdings.push(Holding {
            holder,
            lot: *lot,
            since: since.date,
            until: None,
        });
    }

    /// Who holds a place at a date.
    pub(super) fn holding_at(&self, place: Vector, date: usize) -> Option<&Holding> {
        let mut holdings = self.holdings.iter();
        // Houses of an estate lie on a lot that was something else before.
        holdings.rfind(|holding| holding.is_held(date) && holding.lot.holds(place))
    }
}

/// What a way is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// A road to the village.
    Local,
    /// A street of the village.
    Street,
    /// A lane of an estate.
    Lane,
    /// A track between fields.
    Track,
    Railway,
}

/// A road, a track, a railway.
pub(super) struct Way {
    pub(super) class: Class,
    pub(super) line: Vec<Vector>,
    pub(super) half_width: f64,
    /// Number of the date from which it is there.
    pub(super) since: usize,
    /// The vertex at which its axis begins: roads are painted from a little before the one that
    /// they leave.
    pub(super) start: usize,
    pub(super) widenings: Vec<Widening>,
}

/// A stretch of a road, made wider.
pub(super) struct Widening {
    pub(super) vertices: Range<usize>,
    pub(super) half_width: f64,
    pub(super) since: usize,
}

impl Way {
    /// A way that is there from a date on, of one width.
    pub(super) fn new(class: Class, line: Vec<Vector>, half_width: f64, since: Since) -> Self {
        Self {
            class,
            line,
            half_width,
            since: since.date,
            start: 0,
            widenings: Vec::new(),
        }
    }

    /// Its axis at a date, cut where its half width changes, with the half width of each stretch.
    pub(super) fn stretches(&self, date: usize) -> Vec<(&[Vector], f64)> {
        let half_width = |side: usize| {
            let widenings = self.widenings.iter();
            widenings
                .filter(|w| w.since <= date)
                .filter(|w| w.vertices.contains(&side) && w.vertices.contains(&(side + 1)))
                .map(|w| w.half_width)
                .fold(self.half_width, f64::max)
        };
        let last = self.line.len().saturating_sub(1);
        let (mut stretches, mut start) = (Vec::new(), self.start);
        for end in self.start + 1..=last {
            if end == last || half_width(end) != half_width(start) {
                stretches.push((&self.line[start..=end], half_width(start)));
                start = end;
            }
        }
        stretches
    }
}

/// Who holds a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    Site(Site),
    House,
    /// A house of the old centre, and its use.
    TownHouse(&'static str),
    TownHall,
    PublicBuilding,
    Square,
    Park,
    Farmyard,
}

/// A lot, and who holds it.
pub(super) struct Holding {
    pub(super) holder: Holder,
    pub(super) lot: Lot,
    /// Number of the date from which it is held so,
    pub(super) since: usize,
    /// and of that from which it is no more.
    pub(super) until: Option<usize>,
}

impl Holding {
    /// Whether it is held so at a date.
    pub(super) fn is_held(&self, date: usize) -> bool {
        self.since <= date && self.until.is_none_or(|until| date < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twin::scene::Event;

    #[test]
    fn a_widened_road_is_cut_where_its_width_changes() {
        let line: Vec<Vector> = (0..6).map(|n| Vector::new(f64::from(n), 0.0)).collect();
        let mut way = Way::new(Class::Local, line, 3.0, Since::date(0, Event::None));
        way.start = 1;
        way.widenings.push(Widening {
            vertices: 2..5,
            half_width: 4.5,
            since: 1,
        });
        let told = |date: usize| -> Vec<(f64, f64, f64)> {
            let stretches = way.stretches(date).into_iter();
            stretches
                .map(|(axis, half)| (axis[0].x, axis[axis.len() - 1].x, half))
                .collect()
        };
        assert_eq!(told(0), [(1.0, 5.0, 3.0)]);
        assert_eq!(told(1), [(1.0, 2.0, 3.0), (2.0, 4.0, 4.5), (4.0, 5.0, 3.0)]);
    }
}
