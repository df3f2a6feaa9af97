//! The finished edges of cells, and the roads cut out between them.

use std::collections::BTreeMap;

use super::layout::{Cell, Layout, Ribbon, Seam};
use super::scene::Object;
use crate::grid::Point;
use crate::partition::Polygon;

/// The edges of the cells painted so far, by seam and by whether the cell lies on its left; each
/// walked with the cell on the left.
#[derive(Default)]
pub(super) struct Edges {
    lines: BTreeMap<(Seam, bool), Vec<Point>>,
}

impl Edges {
    /// Takes over the finished limit of a cell, cut at its corners.
    pub(super) fn add(&mut self, layout: &Layout, cell: Cell, outline: &[Point]) {
        // The last point of a ring repeats the first.
        let ring = &outline[..outline.len().saturating_sub(1)];
        for side in layout.sides(cell) {
            let ends = [side.line[0], side.line[side.line.len() - 1]].map(|p| p.to_grid());
            let [start, end] = ends.map(|end| ring.iter().position(|&p| p == end));
            if let (Some(start), Some(end)) = (start, end) {
                let count = (end + ring.len() - start) % ring.len();
                let line = ring
                    .iter()
                    .cycle()
                    .skip(start)
                    .take(count + 1)
                    .copied()
                    .collect();
                self.lines.insert((side.seam, side.forward), line);
            }
        }
    }

    /// The edge of the cell on one side of a seam, in the direction of the seam.
    fn along(&self, seam: Seam, left: bool) -> Vec<Point> {
        let mut line = self.lines.get(&(seam, left)).cloned().unwrap_or_default();
        if !left {
            line.reverse();
        }
        line
    }

    /// The frame along one of its seams, from node to node, in the direction of the seam.
    pub(super) fn frame(&self, layout: &Layout, seam: Seam) -> Vec<Point> {
        let left = layout.cells_beside(seam)[0].is_some();
        let (start, end) = Layout::ends(seam);
        let mut line = vec![layout.node(start).to_grid()];
        line.extend(self.along(seam, left));
        line.push(layout.node(end).to_grid());
        line.dedup();
        line
    }

    /// The roads along a row: those that cross it northward, and those at its southern limit.
    pub(super) fn roads(&self, layout: &Layout, row: usize) -> Vec<Object> {
        let east = (0..layout.columns).map(|column| Seam::East(column, row));
        let north = (0..=layout.columns).map(|column| Seam::North(column, row));
        east.chain(north)
            .filter_map(|seam| {
                let Ribbon {
                    ground, ossature, ..
                } = layout.ribbon(seam)?;
                Some(Object {
                    ground,
                    ossature,
                    polygon: Polygon {
                        exterior: closed(self.road(layout, seam)),
                        holes: Vec::new(),
                    },
                })
            })
            .collect()
    }

    /// The ring of the road along a seam, counter-clockwise: its right edge, its far end, its left
    /// edge, its near end. An eastward road takes in the crossing at its near end.
    fn road(&self, layout: &Layout, seam: Seam) -> Vec<Point> {
        let (start, end) = Layout::ends(seam);
        let on_frame = |(column, row)| {
            column == 0 || row == 0 || column == layout.columns || row == layout.rows
        };
        let mut ring = self.along(seam, false);
        ring.extend(on_frame(end).then(|| layout.node(end).to_grid()));
        ring.extend(self.along(seam, true).into_iter().rev());
        if on_frame(start) {
            ring.push(layout.node(start).to_grid());
        } else if let Seam::East(column, row) = seam {
            let before = Seam::East(column - 1, row);
            ring.extend(self.along(before, true).last());
            ring.extend(self.along(before, false).last());
        }
        ring
    }
}

/// A ring from its smallest point, closed, without repeated points.
fn closed(mut ring: Vec<Point>) -> Vec<Point> {
    ring.dedup();
    if ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    let smallest = (0..ring.len()).min_by_key(|&n| ring[n]).unwrap_or(0);
    ring.rotate_left(smallest);
    ring.extend(ring.first().copied());
    ring
}
