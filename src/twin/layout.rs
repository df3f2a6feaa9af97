//! How the ground is cut: cells on a jittered lattice of nodes, and the seams between them.
//!
//! A seam follows from the seed and its own place alone, so a cell is generated without knowing
//! its neighbours. Along a seam inside the territory lies a road (or a crest, in high mountain):
//! cells end at the edges of these roads, and the roads are cut out afterwards, between the
//! finished edges of the cells on their two sides, so that all share their vertices.

use super::Landscape;
use super::chance::{Draw, Subject, chance};
use super::palette::{Ground, ROAD, ROCK};
use super::relief::Relief;
use super::shapes::{Vector, beside, curve, sway};

/// South-west corner of the territory, in Lambert-93.
const ORIGIN: Vector = Vector::new(460_000.0, 6_270_000.0);
/// Side of a cell, at most, in metres.
const WIDEST_CELL: f64 = 2_200.0;
/// Rows and columns from which some roads are main roads.
const MAIN_ROAD_EVERY: usize = 4;

/// Depth of the row of beach and sea, in sides of a cell.
const SHORE_DEPTH: f64 = 0.5;

/// A cell, by column and row. Along a shore the whole southern row is one cell.
pub(super) type Cell = (usize, usize);
/// A node of the lattice, by column and row: the south-west corner of the cell of this name.
pub(super) type Node = (usize, usize);

/// A seam between two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Seam {
    /// Eastward from a node.
    East(usize, usize),
    /// Northward from a node.
    North(usize, usize),
}

/// One side of a cell: a seam, walked with the cell on the left.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub(super) seam: Seam,
    /// Whether the walk goes along the seam's own direction, so that the cell lies on its left.
    pub(super) forward: bool,
    /// The limit of the cell along it, from corner to corner.
    pub(super) line: Vec<Vector>,
}

/// The road, or what else, that lies along a seam.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ribbon {
    pub(super) ground: Ground,
    pub(super) half_width: f64,
    /// Whether it is of the skeleton that partitions the territory.
    pub(super) ossature: bool,
}

/// The lattice of a territory.
pub(super) struct Layout {
    pub(super) seed: u64,
    pub(super) landscape: Landscape,
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// Side of a cell, m.
    pub(super) pitch: f64,
    relief: Relief,
}

impl Layout {
    /// The lattice of a territory of this many square kilometres.
    pub(super) fn new(km2: u32, seed: u64, landscape: Landscape) -> Self {
        let side = f64::from(km2).sqrt() * 1_000.0;
        let columns = ((side / WIDEST_CELL).ceil() as usize).max(2);
        let pitch = side / columns as f64;
        let relief = Relief::new(seed, ORIGIN, side, landscape);
        Self {
            seed,
            landscape,
            columns,
            rows: columns,
            pitch,
            relief,
        }
    }

    /// The corners of the territory, in the south-west and the north-east.
    pub(super) fn frame(&self) -> [Vector; 2] {
        let side = self.pitch * self.columns as f64;
        [ORIGIN, ORIGIN + Vector::new(side, side)]
    }

    /// The lie of the land.
    pub(super) fn relief(&self) -> &Relief {
        &self.relief
    }

    /// Whether the southern row is one cell, of beach and sea.
    pub(super) fn has_shore(&self) -> bool {
        self.landscape == Landscape::Shore
    }

    /// The cells of a row.
    pub(super) fn cells(&self, row: usize) -> Vec<Cell> {
        if self.is_shore(row) {
            return vec![(0, row)];
        }
        (0..self.columns).map(|column| (column, row)).collect()
    }

    /// The cells on which people live.
    pub(super) fn inland(&self) -> Vec<Cell> {
        (0..self.rows)
            .filter(|&row| !self.is_shore(row))
            .flat_map(|row| self.cells(row))
            .collect()
    }

    /// Whether a row is the one of beach and sea.
    pub(super) fn is_shore(&self, row: usize) -> bool {
        self.has_shore() && row == 0
    }

    /// All seams: those of the frame and those inside.
    pub(super) fn seams(&self) -> Vec<Seam> {
        let east = (0..=self.rows)
            .flat_map(|row| (0..self.columns).map(move |column| Seam::East(column, row)));
        let north = (0..self.rows)
            .flat_map(|row| (0..=self.columns).map(move |column| Seam::North(column, row)));
        east.chain(north).collect()
    }

    /// The cells on the left and right of a seam; none beyond the frame. Of the merged cell along
    /// a shore every column is told, as its communes are apart.
    pub(super) fn cells_beside(&self, seam: Seam) -> [Option<Cell>; 2] {
        match seam {
            Seam::East(column, row) => [
                (row < self.rows).then_some((column, row)),
                (row > 0).then(|| (column, row - 1)),
            ],
            Seam::North(column, row) => [
                (column > 0).then(|| (column - 1, row)),
                (column < self.columns).then_some((column, row)),
            ],
        }
    }

    /// Whether a seam is part of the frame.
    pub(super) fn is_frame(&self, seam: Seam) -> bool {
        self.cells_beside(seam).contains(&None)
    }

    /// Whether cells end at a seam: not within the merged cell along a shore.
    pub(super) fn is_cut(&self, seam: Seam) -> bool {
        match seam {
            Seam::North(_, row) => self.is_frame(seam) || !self.is_shore(row),
            Seam::East(..) => true,
        }
    }

    /// Where a node lies.
    pub(super) fn node(&self, (column, row): Node) -> Vector {
        let mut chance = chance(self.seed, Subject::Node, &[column, row]);
        let reach = 0.2 * self.pitch;
        let mut shift = |at: usize, last: usize| {
            let drawn = chance.between(-reach, reach);
            if at == 0 || at == last { 0.0 } else { drawn }
        };
        let shift = Vector::new(shift(column, self.columns), shift(row, self.rows));
        ORIGIN + Vector::new(column as f64 * self.pitch, self.northing(row)) + shift
    }

    /// How far north of the origin the nodes of a row lie before they are shifted: the row of
    /// beach and sea is less deep than the others.
    fn northing(&self, row: usize) -> f64 {
        if !self.has_shore() || row == 0 {
            return row as f64 * self.pitch;
        }
        let (side, depth) = (self.rows as f64 * self.pitch, SHORE_DEPTH * self.pitch);
        depth + (row - 1) as f64 * (side - depth) / (self.rows - 1) as f64
    }

    /// The two nodes of a seam.
    pub(super) fn ends(seam: Seam) -> (Node, Node) {
        match seam {
            Seam::East(column, row) => ((column, row), (column + 1, row)),
            Seam::North(column, row) => ((column, row), (column, row + 1)),
        }
    }

    /// Draws of a seam for one purpose.
    fn chance_of(&self, subject: Subject, seam: Seam) -> super::chance::Chance {
        let numbers = match seam {
            Seam::East(column, row) => [0, column, row],
            Seam::North(column, row) => [1, column, row],
        };
        chance(self.seed, subject, &numbers)
    }

    /// The middle line of a seam, from node to node.
    pub(super) fn seam(&self, seam: Seam) -> Vec<Vector> {
        let (start, end) = Self::ends(seam);
        let (start, end) = (self.node(start), self.node(end));
        let mut chance = self.chance_of(Subject::Seam, seam);
        let pieces = ((start.distance(end) / 45.0) as usize).max(24);
        let straight: Vec<Vector> = (0..=pieces)
            .map(|n| start.on_the_way(end, n as f64 / pieces as f64))
            .collect();
        let reach = if self.is_frame(seam) { 0.012 } else { 0.03 } * self.pitch;
        sway(&straight, reach, 0.6 * self.pitch, &mut chance)
    }

    /// The limit between the communes on both sides of a seam inside the territory: near the seam,
    /// but not along it, as the cadastre knows nothing of land cover.
    pub(super) fn commune_limit(&self, seam: Seam) -> Vec<Vector> {
        let mut chance = self.chance_of(Subject::CommuneLimit, seam);
        sway(
            &self.seam(seam),
            (0.012 * self.pitch).min(20.0),
            0.2 * self.pitch,
            &mut chance,
        )
    }

    /// What lies along a seam; `None` where nothing does.
    pub(super) fn ribbon(&self, seam: Seam) -> Option<Ribbon> {
        if self.is_frame(seam) || !self.is_cut(seam) {
            return None;
        }
        let (start, end) = Self::ends(seam);
        let middle = self.node(start).on_the_way(self.node(end), 0.5);
        if self.relief.is_high(middle) {
            return Some(Ribbon {
                ground: ROCK,
                half_width: 5.0,
                ossature: false,
            });
        }
        let lane = match seam {
            Seam::East(_, row) => row,
            Seam::North(column, _) => column,
        };
        // A whole line of seams is one road, of one width.
        let is_east = matches!(seam, Seam::East(..));
        let mut chance = chance(self.seed, Subject::Road, &[usize::from(is_east), lane]);
        let is_main = lane % MAIN_ROAD_EVERY == MAIN_ROAD_EVERY / 2;
        let half_width = if is_main {
            chance.between(5.0, 6.0)
        } else {
            chance.between(2.5, 4.0)
        };
        Some(Ribbon {
            ground: ROAD,
            half_width: if self.pitch < 1_000.0 {
                half_width * 0.7
            } else {
                half_width
            }
            .max(2.5),
            ossature: is_main || half_width > 2.8,
        })
    }

    fn half_width(&self, seam: Seam) -> f64 {
        self.ribbon(seam).map_or(0.0, |ribbon| ribbon.half_width)
    }

    /// The sides of a cell, counter-clockwise.
    pub(super) fn sides(&self, (column, row): Cell) -> Vec<Side> {
        let columns = if self.is_shore(row) {
            0..self.columns
        } else {
            column..column + 1
        };
        let south = columns.clone().map(|c| (Seam::East(c, row), true));
        let east = (Seam::North(columns.end, row), true);
        let north = columns
            .clone()
            .rev()
            .map(|c| (Seam::East(c, row + 1), false));
        let west = (Seam::North(columns.start, row), false);
        let around: Vec<(Seam, bool)> = south.chain([east]).chain(north).chain([west]).collect();
        let count = around.len();
        (0..count)
            .map(|n| {
                let (before, this, after) = (
                    around[(n + count - 1) % count],
                    around[n],
                    around[(n + 1) % count],
                );
                let walked = self.walked(this);
                let mut line = beside(&walked, self.half_width(this.0));
                let last = line.len() - 1;
                line[0] = self.corner(before, this);
                line[last] = self.corner(this, after);
                Side {
                    seam: this.0,
                    forward: this.1,
                    line,
                }
            })
            .collect()
    }

    fn walked(&self, (seam, forward): (Seam, bool)) -> Vec<Vector> {
        let mut line = self.seam(seam);
        if !forward {
            line.reverse();
        }
        line
    }

    /// Where the limits of a cell along two successive sides meet.
    fn corner(&self, before: (Seam, bool), after: (Seam, bool)) -> Vector {
        let (arriving, leaving) = (self.walked(before), self.walked(after));
        let node = leaving[0];
        let last = arriving.len() - 1;
        let (from, to) = (
            (node - arriving[last - 1]).unit(),
            (leaving[1] - node).unit(),
        );
        let (p, q) = (self.half_width(before.0), self.half_width(after.0));
        let turn = from.cross(to);
        if turn.abs() < 0.4 {
            // Nearly straight on: along a shore, past a road that ends there.
            return node + (from.left() + to.left()).unit() * ((p + q) / 2.0);
        }
        // p = from.left · c and q = to.left · c, solved for c.
        let (a, b) = (from.left(), to.left());
        node + Vector::new(p * b.y - q * a.y, q * a.x - p * b.x) * (1.0 / a.cross(b))
    }

    /// The corners of the lattice around a cell.
    pub(super) fn corners(&self, (column, row): Cell) -> [Vector; 4] {
        [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(x, y)| self.node((column + x, row + y)))
    }

    /// Where a line crosses a seam, the same seen from both sides.
    pub(super) fn crossing(&self, seam: Seam, line: usize) -> Vector {
        let (kind, column, row) = match seam {
            Seam::East(column, row) => (0, column, row),
            Seam::North(column, row) => (1, column, row),
        };
        let mut chance = chance(self.seed, Subject::Crossing, &[line, kind, column, row]);
        let line = self.seam(seam);
        let n = (chance.between(0.25, 0.75) * line.len() as f64) as usize;
        line[n]
    }

    /// The displacement of one pitch across a seam, eastward or northward.
    pub(super) fn across(seam: Seam) -> Vector {
        match seam {
            Seam::East(..) => Vector::new(0.0, 1.0),
            Seam::North(..) => Vector::new(1.0, 0.0),
        }
    }

    /// A smooth way through a cell, from one of its seams to another, a little beyond both.
    pub(super) fn way(
        &self,
        from: (Seam, Vector),
        to: (Seam, Vector),
        pieces: usize,
    ) -> Vec<Vector> {
        let heading = |(seam, place): (Seam, Vector), towards: Vector| {
            let across = Self::across(seam);
            across * (towards - place).dot(across).signum()
        };
        let (inward, outward) = (heading(from, to.1), heading(to, from.1) * -1.0);
        let pull = 0.4 * from.1.distance(to.1);
        let mut line = curve((from.1, inward * pull), (to.1, outward * pull), pieces);
        line.insert(0, from.1 - inward * 12.0);
        line.push(to.1 + outward * 12.0);
        line
    }
}
