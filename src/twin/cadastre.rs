//! Roads, and lots along them: where there is room to build.

use super::chance::{Chance, Draw};
use super::register::Way;
use super::shapes::{Quad, Vector, contains, direction, distance, length, overlap, walk};

/// Distance kept from the limit of the cell, m.
const MARGIN: f64 = 9.0;
/// Spacing of the places at which roads are told to pass, m.
const MARK_SPACING: f64 = 5.0;

/// How many lots are drawn before one looks elsewhere.
const DRAWS: usize = 30;
/// Side below which a lot is no longer looked for, m.
const LEAST_SIDE: f64 = 8.0;

/// A piece of land with a front on a road.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lot {
    /// The end of its front from which the land lies to the left.
    origin: Vector,
    along: Vector,
    pub(super) frontage: f64,
    pub(super) depth: f64,
}

impl Lot {
    /// A lot that begins at `origin`, its front in the direction `along`, its land on the left.
    pub(super) fn new(origin: Vector, along: Vector, frontage: f64, depth: f64) -> Self {
        Self {
            origin,
            along,
            frontage,
            depth,
        }
    }

    /// The place `u` metres along the front and `v` metres behind it.
    pub(super) fn at(&self, u: f64, v: f64) -> Vector {
        self.origin + self.along * u + self.along.left() * v
    }

    /// The rectangle between two corners in metres: along the front, and behind it.
    pub(super) fn rectangle(&self, (u0, v0): (f64, f64), (u1, v1): (f64, f64)) -> Quad {
        [
            self.at(u0, v0),
            self.at(u1, v0),
            self.at(u1, v1),
            self.at(u0, v1),
        ]
    }

    /// The rectangle between two corners in shares of the frontage and of the depth.
    pub(super) fn share(&self, (u0, v0): (f64, f64), (u1, v1): (f64, f64)) -> Quad {
        let (f, d) = (self.frontage, self.depth);
        self.rectangle((u0 * f, v0 * d), (u1 * f, v1 * d))
    }

    /// The whole lot, and the strip to the middle of a road before it.
    pub(super) fn whole(&self) -> Quad {
        self.rectangle((0.0, -2.0), (self.frontage, self.depth))
    }

    /// The part between two corners in shares of the frontage and of the depth.
    pub(super) fn part(&self, (u0, v0): (f64, f64), (u1, v1): (f64, f64)) -> Self {
        let (f, d) = (self.frontage, self.depth);
        let origin = self.at(u0 * f, v0 * d);
        Self::new(origin, self.along, (u1 - u0) * f, (v1 - v0) * d)
    }

    /// Whether a place lies on it.
    pub(super) fn holds(&self, place: Vector) -> bool {
        place.distance(self.centre()) < self.reach()
            && contains(&self.share((0.0, 0.0), (1.0, 1.0)), place)
    }

    /// The first half of its front.
    pub(super) fn half(&self) -> Self {
        Self {
            frontage: self.frontage / 2.0,
            ..*self
        }
    }

    /// The middle.
    pub(super) fn centre(&self) -> Vector {
        self.at(self.frontage / 2.0, self.depth / 2.0)
    }

    /// Its area, m².
    pub(super) fn area(&self) -> f64 {
        self.frontage * self.depth
    }

    fn reach(&self) -> f64 {
        self.frontage.hypot(self.depth) / 2.0
    }
}

/// A ring around a place.
pub(super) struct Surroundings {
    pub(super) middle: Vector,
    pub(super) nearest: f64,
    pub(super) farthest: f64,
}

impl Surroundings {
    fn hold(&self, lot: &Lot) -> bool {
        (self.nearest..self.farthest).contains(&self.middle.distance(lot.centre()))
    }
}

/// What takes room in a cell.
pub(super) struct Cadastre {
    /// The limit of the cell, closed.
    outline: Vec<Vector>,
    pub(super) roads: Vec<Way>,
    /// Places that roads pass, with their half widths.
    marks: Vec<(Vector, f64)>,
    /// Lines that no lot may cross, with the distance to be kept.
    barriers: Vec<(Vec<Vector>, f64)>,
    lots: Vec<Lot>,
}

impl Cadastre {
    /// A cell without roads; its limit is closed here.
    pub(super) fn new(mut outline: Vec<Vector>) -> Self {
        outline.extend(outline.first().copied());
        Self {
            outline,
            roads: Vec::new(),
            marks: Vec::new(),
            barriers: Vec::new(),
            lots: Vec::new(),
        }
    }

    /// Adds a road.
    pub(super) fn add_road(&mut self, road: Way) {
        let count = (length(&road.line) / MARK_SPACING).ceil() as usize;
        let marks = (0..=count).map(|n| walk(&road.line, n as f64 * MARK_SPACING).0);
        self.marks
            .extend(marks.map(|place| (place, road.half_width)));
        self.roads.push(road);
    }

    /// Adds a river or a railway.
    pub(super) fn add_barrier(&mut self, line: Vec<Vector>, kept_clear: f64) {
        self.barriers.push((line, kept_clear));
    }

    /// Distance from a place to the nearest river or railway.
    pub(super) fn clearance(&self, place: Vector) -> f64 {
        let lines = self.barriers.iter();
        lines
            .map(|(line, _)| distance(place, line))
            .fold(f64::INFINITY, f64::min)
    }

    /// The lot with its front on a road, from `station` metres along it, on its left or right.
    pub(super) fn lot(&self, road: usize, station: f64, left: bool, size: (f64, f64)) -> Lot {
        let Way {
            line, half_width, ..
        } = &self.roads[road];
        let (frontage, depth) = size;
        let (middle, along) = walk(line, station + frontage / 2.0);
        let along = if left { along } else { along * -1.0 };
        let origin = middle - along * (frontage / 2.0) + along.left() * *half_width;
        Lot::new(origin, along, frontage, depth)
    }

    /// Whether a lot lies in the cell, and over no road, river, railway or other lot.
    pub(super) fn is_free(&self, lot: &Lot) -> bool {
        let corners = lot.share((0.0, 0.0), (1.0, 1.0));
        let (centre, reach) = (lot.centre(), lot.reach());
        let margin = MARGIN.min(lot.depth / 4.0);
        !self.crosses_road(lot, centre, reach)
            && !self.lots.iter().any(|other| {
                centre.distance(other.centre()) < reach + other.reach()
                    && overlap(&corners, &other.share((0.0, 0.0), (1.0, 1.0)))
            })
            && self
                .barriers
                .iter()
                .all(|(line, kept)| distance(centre, line) > reach + kept)
            && [centre].iter().chain(&corners).all(|&place| {
                contains(&self.outline, place) && distance(place, &self.outline) > margin
            })
    }

    fn crosses_road(&self, lot: &Lot, centre: Vector, reach: f64) -> bool {
        self.marks.iter().any(|&(mark, half_width)| {
            let away = mark - centre;
            if away.length() > reach + half_width {
                return false;
            }
            let (u, v) = (away.dot(lot.along), away.dot(lot.along.left()));
            // The road before the lot touches it: it may come a little nearer, in a bend.
            u.abs() < lot.frontage / 2.0 + half_width
                && v > 1.0 - half_width - lot.depth / 2.0
                && v < lot.depth / 2.0 + half_width
        })
    }

    /// Takes a lot.
    pub(super) fn take(&mut self, lot: Lot) {
        self.lots.push(lot);
    }

    /// Takes a lot of about this size: in these surroundings, along a road, if it can be; else
    /// anywhere, and smaller the longer there is no room.
    pub(super) fn find(
        &mut self,
        size: (f64, f64),
        surroundings: &Surroundings,
        chance: &mut Chance,
    ) -> Lot {
        let mut lot = self.draw(
            DRAWS,
            |cadastre| cadastre.draw_along_road(size, chance),
            |lot| surroundings.hold(lot),
        );
        let mut size = size;
        while lot.is_none() && size.0.min(size.1) > LEAST_SIDE {
            lot = self
                .draw(
                    DRAWS,
                    |cadastre| cadastre.draw_along_road(size, chance),
                    |_| true,
                )
                .or_else(|| {
                    self.draw(
                        DRAWS,
                        |cadastre| Some(cadastre.draw_anywhere(size, chance)),
                        |_| true,
                    )
                });
            size = (size.0 * 0.85, size.1 * 0.85);
        }
        // In a cell that is full to the last corner, what comes lies over something else.
        let lot = lot.unwrap_or_else(|| self.draw_anywhere(size, chance));
        self.take(lot);
        lot
    }

    /// The first of some draws that is free and wanted.
    fn draw(
        &self,
        count: usize,
        mut draw: impl FnMut(&Self) -> Option<Lot>,
        is_wanted: impl Fn(&Lot) -> bool,
    ) -> Option<Lot> {
        (0..count)
            .filter_map(|_| draw(self))
            .find(|lot| is_wanted(lot) && self.is_free(lot))
    }

    /// Whether a place lies on a lot.
    pub(super) fn is_taken(&self, place: Vector) -> bool {
        self.lots
            .iter()
            .any(|lot| place.distance(lot.centre()) < lot.reach() && contains(&lot.whole(), place))
    }

    fn draw_along_road(&self, size: (f64, f64), chance: &mut Chance) -> Option<Lot> {
        if self.roads.is_empty() {
            return None;
        }
        let road = chance.below(self.roads.len());
        let room = length(&self.roads[road].line) - size.0;
        let station = chance.between(0.0, room.max(0.0));
        let left = chance.happens(0.5);
        (room > 0.0).then(|| self.lot(road, station, left, size))
    }

    fn draw_anywhere(&self, size: (f64, f64), chance: &mut Chance) -> Lot {
        let at = chance.below(self.outline.len());
        let inward = self.outline[(at + self.outline.len() / 2) % self.outline.len()];
        let centre = self.outline[at].on_the_way(inward, chance.between(0.03, 0.5));
        let along = direction(&self.outline, at);
        let origin = centre - along * (size.0 / 2.0) - along.left() * (size.1 / 2.0);
        Lot::new(origin, along, size.0, size.1)
    }
}
