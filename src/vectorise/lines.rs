//! From arcs on the pixel grid to lines on the ground.

use std::cmp::Ordering;

use rayon::prelude::*;

use super::arcs::{Arc, Arcs, Corner};
use crate::error::{Error, Result};
use crate::grid::Point;
use crate::partition::{Place, Simplifier, Tolerance, distance, replacement};
use crate::raster::Placing;

/// How an arc is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawing {
    /// Along the edges of pixels.
    Exact,
    /// Without the staircase: within half a pixel of the edges, with the same area on either side.
    Smooth,
}

/// A line between two labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its points; first and last are one where it closes.
    pub points: Vec<Point>,
    /// The label on its left, as it goes, the north above.
    pub left: u16,
    /// The label on its right.
    pub right: u16,
}

/// Lines lie within half a pixel of the edges that they stand for. Two arcs that do not meet are a
/// pixel or more apart, so that lines this near do not cross; where arcs meet, in directions of the
/// grid, the stem keeps them apart.
const SMOOTH: Tolerance = Tolerance {
    deviation: 0.5 - 1e-5,
    stem: 0.5,
};

/// Arcs that one task draws.
const RUN: usize = 1 << 10;

/// Draws arcs on the ground, in their order.
pub fn lines(arcs: &Arcs, placing: Placing, drawing: Drawing) -> Result<Vec<Line>> {
    let numbers: Vec<usize> = (0..arcs.len()).collect();
    let runs: Vec<Vec<Line>> = numbers
        .par_chunks(RUN)
        .map_init(Pen::default, |pen, run| {
            run.iter()
                .map(|&n| pen.draw(arcs.arc(n), placing, drawing))
                .collect::<Result<Vec<Line>>>()
        })
        .collect::<Result<_>>()?;
    Ok(runs.into_iter().flatten().collect())
}

#[derive(Default)]
struct Pen {
    simplifier: Simplifier,
    /// Where the arc bends, in pixels.
    corners: Vec<Place>,
    /// The line without its risers, each point with the corner before it.
    cut: Vec<(Place, u32)>,
    /// The line that is drawn.
    places: Vec<Place>,
}

impl Pen {
    fn draw(&mut self, arc: Arc, placing: Placing, drawing: Drawing) -> Result<Line> {
        let place = |&(column, row): &Corner| (f64::from(column), f64::from(row));
        self.corners.clear();
        self.corners.extend(arc.corners.iter().map(place));
        match drawing {
            Drawing::Exact => std::mem::swap(&mut self.corners, &mut self.places),
            Drawing::Smooth => self.smooth(arc.is_ring),
        }
        let ground = |&(column, row): &Place| {
            placing.at(column, row).ok_or_else(|| {
                Error::input(
                    "a class raster",
                    "lies beyond ±10 737 km of the origin of its CRS",
                    "check its georeference",
                )
            })
        };
        let mut points = self.places.iter().map(ground).collect::<Result<Vec<_>>>()?;
        points.dedup();
        Ok(Line {
            points,
            left: arc.left,
            right: arc.right,
        })
    }

    /// Draws the arc without its staircase.
    fn smooth(&mut self, is_closed: bool) {
        if is_closed {
            self.start_amid_the_longest_edge();
        }
        self.cut_risers(is_closed);
        let stem = if is_closed { 0.0 } else { SMOOTH.stem };
        let tolerance = Tolerance { stem, ..SMOOTH };
        let cut = self.cut.iter().copied();
        self.simplifier
            .simplify_near(&self.corners, cut, tolerance, &mut self.places);
        if let ([start, second, ..], [.., before, _]) = (&*self.places, &*self.places)
            && is_closed
            && turn(*before, *start, *second) == 0.0
        {
            self.places.pop();
            self.places.remove(0);
            self.places.extend(self.places.first().copied());
        }
    }

    /// Turns a closed arc so that it starts where it is least likely to be changed: the start stays.
    fn start_amid_the_longest_edge(&mut self) {
        self.corners.pop();
        let count = self.corners.len();
        let corner = |n: usize| self.corners[n % count];
        let longest = (0..count).max_by(|&p, &q| {
            let order =
                length(corner(p), corner(p + 1)).total_cmp(&length(corner(q), corner(q + 1)));
            order.then(q.cmp(&p))
        });
        let longest = longest.unwrap_or(0);
        let start = middle(corner(longest), corner(longest + 1));
        self.corners.rotate_left((longest + 1) % count);
        self.corners.insert(0, start);
        self.corners.push(start);
    }

    /// Draws a slope from the middle of a tread to the middle of the next, where the riser between
    /// them is so low that the slope stays near enough. A riser is an edge between a turn to one side
    /// and a turn to the other, shorter than its neighbours; of equals, the vertical one.
    fn cut_risers(&mut self, is_closed: bool) {
        let corners = &self.corners;
        let last = corners.len() - 1;
        let is_half = |n: usize| is_closed && (n == 0 || n == last - 1);
        let size = |n: usize| {
            let whole = if is_half(n) { 2.0 } else { 1.0 };
            whole * length(corners[n], corners[n + 1])
        };
        let amid = |n: usize| match n {
            0 if is_closed => corners[0],
            n if is_half(n) => corners[last],
            n => middle(corners[n], corners[n + 1]),
        };
        // The slope in place of the riser that starts at a corner.
        let slope = |n: usize| {
            let (b, c) = (*corners.get(n)?, *corners.get(n + 1)?);
            let (before, after) = (*corners.get(n.checked_sub(1)?)?, *corners.get(n + 2)?);
            let is_step = turn(before, b, c) * turn(b, c, after) < 0.0;
            let is_vertical = b.0 == c.0;
            let is_lower = |other: usize| match size(n).total_cmp(&size(other)) {
                Ordering::Less => true,
                Ordering::Equal => is_vertical,
                Ordering::Greater => false,
            };
            if !is_step || !is_lower(n - 1) || !is_lower(n + 1) {
                return None;
            }
            let (a, d) = (amid(n - 1), amid(n + 1));
            let (by, _) = replacement([a, b, c, d])?;
            let near = |p: Place, from: Place, to: Place| distance(p, from, to) < SMOOTH.deviation;
            // Each part of the slope stands for the corner on its side.
            let is_near = near(b, a, by.unwrap_or(d)) && near(c, by.unwrap_or(a), d);
            is_near.then_some((a, by, d))
        };
        self.cut.clear();
        self.cut.push((corners[0], 0));
        let mut n = 1;
        while n < last {
            match slope(n) {
                Some((a, by, d)) => {
                    let line = [Some((a, n - 1)), by.map(|e| (e, n)), Some((d, n + 1))];
                    let line = line.into_iter().flatten();
                    self.cut
                        .extend(line.map(|(place, old)| (place, old as u32)));
                    n += 2;
                }
                None => {
                    self.cut.push((corners[n], n as u32));
                    n += 1;
                }
            }
        }
        self.cut.push((corners[last], last as u32));
        self.cut.dedup_by_key(|(place, _)| *place);
    }
}

/// Twice the signed area of a triangle: which way a line turns.
fn turn(a: Place, b: Place, c: Place) -> f64 {
    (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0)
}

fn middle(p: Place, q: Place) -> Place {
    ((p.0 + q.0) / 2.0, (p.1 + q.1) / 2.0)
}

fn length(p: Place, q: Place) -> f64 {
    (q.0 - p.0).hypot(q.1 - p.1)
}
