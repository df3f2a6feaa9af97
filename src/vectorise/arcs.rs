//! From rows of labels to arcs: chains of pixel edges between two labels, each traced once.
//!
//! A *node* is a corner of pixels where three or four edges meet; an *arc* runs from node to node, or
//! closes on itself. Rows are taken from top to bottom, and only what is not ended yet is kept at hand.

use std::collections::VecDeque;

/// The label of what lies beyond the raster, and of pixels without any.
pub const NO_LABEL: u16 = 0;

/// A corner of pixels: columns from the left, rows from the top.
pub type Corner = (u32, u32);

/// Arcs, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arcs {
    corners: Vec<Corner>,
    arcs: Vec<Ends>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ends {
    /// Where its corners end in the common list; they start where those of the arc before end.
    end: usize,
    left: u16,
    right: u16,
    is_ring: bool,
}

/// An arc: where it bends, ends included, and the labels left and right of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arc<'a> {
    /// Its corners, straight edges between them; first and last are one where it closes.
    pub corners: &'a [Corner],
    /// The label on its left, as it goes, the first row above.
    pub left: u16,
    /// The label on its right.
    pub right: u16,
    /// Whether it closes without coming to a node.
    pub is_ring: bool,
}

impl Arcs {
    /// The arcs, in the order in which they ended.
    pub fn iter(&self) -> impl Iterator<Item = Arc<'_>> {
        (0..self.arcs.len()).map(|n| self.arc(n))
    }

    /// Number of arcs.
    pub fn len(&self) -> usize {
        self.arcs.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.arcs.is_empty()
    }

    /// An arc by number.
    ///
    /// # Panics
    ///
    /// When there are not so many.
    pub fn arc(&self, n: usize) -> Arc<'_> {
        let start = n.checked_sub(1).map_or(0, |before| self.arcs[before].end);
        let Ends {
            end,
            left,
            right,
            is_ring,
        } = self.arcs[n];
        Arc {
            corners: &self.corners[start..end],
            left,
            right,
            is_ring,
        }
    }

    fn push(&mut self, chain: &Chain, is_ring: bool) {
        self.corners.extend(&chain.corners);
        self.arcs.push(Ends {
            end: self.corners.len(),
            left: chain.left,
            right: chain.right,
            is_ring,
        });
    }
}

/// A chain that is being traced, from its start to an end that still grows.
#[derive(Default)]
struct Chain {
    corners: VecDeque<Corner>,
    /// The chain that grows from the same start the other way; none where the start is a node.
    twin: Option<u32>,
    /// Whether its end came to a node, and it waits for its twin's.
    is_ended: bool,
    left: u16,
    right: u16,
}

/// Follows the edges between pixels of different labels, row by row.
pub struct Tracer {
    /// Labels of the row above, one more on either side.
    above: Vec<u16>,
    /// The chain that comes down to each corner of the row at hand, where one does.
    down: Vec<u32>,
    row: u32,
    chains: Vec<Chain>,
    /// Chains that are not in use.
    free: Vec<u32>,
    arcs: Arcs,
}

/// No chain.
const NONE: u32 = u32::MAX;

impl Tracer {
    /// A tracer of rows of so many pixels.
    pub fn new(width: usize) -> Self {
        Self {
            above: vec![NO_LABEL; width + 2],
            down: vec![NONE; width + 1],
            row: 0,
            chains: Vec::new(),
            free: Vec::new(),
            arcs: Arcs::default(),
        }
    }

    /// Takes the labels of the next row.
    ///
    /// # Panics
    ///
    /// When the row is not as wide as was said.
    pub fn row(&mut self, labels: &[u16]) {
        assert_eq!(labels.len() + 2, self.above.len(), "one label per pixel");
        let above = std::mem::take(&mut self.above);
        let below = |column: usize| labels.get(column).copied().unwrap_or(NO_LABEL);
        // The chain that comes from the west.
        let mut west = NONE;
        let (mut upper_left, mut lower_left) = (NO_LABEL, NO_LABEL);
        for column in 0..=labels.len() {
            let (upper, lower) = (above[column + 1], below(column));
            if upper_left != upper || lower_left != lower || upper_left != lower_left {
                let around = Around {
                    upper_left,
                    upper,
                    lower_left,
                    lower,
                };
                west = self.corner(column as u32, around, west);
            }
            (upper_left, lower_left) = (upper, lower);
        }
        self.above = above;
        self.above[1..=labels.len()].copy_from_slice(labels);
        self.row += 1;
    }

    /// Ends the raster; gives the arcs.
    pub fn finish(mut self) -> Arcs {
        let empty = vec![NO_LABEL; self.above.len() - 2];
        self.row(&empty);
        self.arcs
    }

    /// Takes a corner where labels differ, and returns the chain that goes on to the east.
    fn corner(&mut self, column: u32, around: Around, west: u32) -> u32 {
        let Around {
            upper_left,
            upper,
            lower_left,
            lower,
        } = around;
        let at = (column, self.row);
        let has_north = upper_left != upper;
        let has_south = lower_left != lower;
        let has_west = upper_left != lower_left;
        let has_east = upper != lower;
        let north = self.down[column as usize];
        let (east, south) = match (has_north, has_south, has_west, has_east) {
            (true, true, false, false) => (NONE, north),
            (false, false, true, true) => (west, NONE),
            (true, false, false, true) => (self.bend(north, at), NONE),
            (false, true, true, false) => (NONE, self.bend(west, at)),
            (true, false, true, false) => {
                self.join(north, west, at);
                (NONE, NONE)
            }
            (false, true, false, true) => {
                let east = self.start(at, (upper, lower));
                let south = self.start(at, (lower, lower_left));
                self.chains[east as usize].twin = Some(south);
                self.chains[south as usize].twin = Some(east);
                (east, south)
            }
            _ => {
                for (comes, chain) in [(has_north, north), (has_west, west)] {
                    if comes {
                        self.end(chain, at);
                    }
                }
                let east = has_east.then(|| self.start(at, (upper, lower)));
                let south = has_south.then(|| self.start(at, (lower, lower_left)));
                (east.unwrap_or(NONE), south.unwrap_or(NONE))
            }
        };
        self.down[column as usize] = south;
        east
    }

    fn start(&mut self, at: Corner, (left, right): (u16, u16)) -> u32 {
        let number = self.free.pop().unwrap_or_else(|| {
            self.chains.push(Chain::default());
            self.chains.len() as u32 - 1
        });
        let chain = &mut self.chains[number as usize];
        chain.corners.clear();
        chain.corners.push_back(at);
        (chain.twin, chain.is_ended) = (None, false);
        (chain.left, chain.right) = (left, right);
        number
    }

    fn bend(&mut self, chain: u32, at: Corner) -> u32 {
        self.chains[chain as usize].corners.push_back(at);
        chain
    }

    /// A chain comes to a node.
    fn end(&mut self, number: u32, at: Corner) {
        self.bend(number, at);
        match self.chains[number as usize].twin {
            Some(twin) if self.chains[twin as usize].is_ended => {
                self.lengthen(number, twin);
                self.write(number);
            }
            Some(_) => self.chains[number as usize].is_ended = true,
            None => self.write(number),
        }
    }

    /// Two chains come together at a corner.
    fn join(&mut self, p: u32, q: u32, at: Corner) {
        self.bend(p, at);
        let (p_twin, q_twin) = (self.chains[p as usize].twin, self.chains[q as usize].twin);
        // `p` takes what `q` passed, backwards: it then ends where `q` starts.
        let taken = std::mem::take(&mut self.chains[q as usize].corners);
        self.chains[p as usize].corners.extend(taken.iter().rev());
        self.chains[q as usize].corners = taken;
        self.free.push(q);
        match (p_twin, q_twin) {
            (None, None) => self.write(p),
            // They left the same start: the arc is closed.
            (Some(_), _) if p_twin == Some(q) => {
                self.arcs.push(&self.chains[p as usize], true);
                self.free.push(p);
            }
            (Some(twin), None) | (None, Some(twin)) => {
                // What `p` passed comes before the start of the chain that still has an end.
                let is_of_q = p_twin.is_none();
                self.precede(twin, p, is_of_q);
                self.chains[twin as usize].twin = None;
                if self.chains[twin as usize].is_ended {
                    self.write(twin);
                }
            }
            (Some(p_twin), Some(q_twin)) => {
                self.precede(q_twin, p, true);
                self.chains[q_twin as usize].twin = Some(p_twin);
                self.chains[p_twin as usize].twin = Some(q_twin);
                // Where both have ended, what they make together is whole.
                let both = [p_twin, q_twin].map(|n| self.chains[n as usize].is_ended);
                if both == [true, true] {
                    self.lengthen(p_twin, q_twin);
                    self.write(p_twin);
                }
            }
        }
    }

    /// Puts the corners of `before`, which is done with, before those of `chain`: as they are where
    /// they end at its start, else backwards.
    fn precede(&mut self, chain: u32, before: u32, is_in_order: bool) {
        let mut corners = std::mem::take(&mut self.chains[before as usize].corners);
        let after = &mut self.chains[chain as usize].corners;
        if !is_in_order {
            corners.make_contiguous().reverse();
        }
        // The shorter one is moved; the corner where they meet is in both.
        if corners.len() > after.len() {
            corners.extend(after.iter().skip(1));
            std::mem::swap(after, &mut corners);
        } else {
            for &corner in corners.iter().rev().skip(1) {
                after.push_front(corner);
            }
        }
        self.chains[before as usize].corners = corners;
        self.free.push(before);
    }

    /// Puts what the twin of a chain passed before its start, backwards; the twin is done with.
    fn lengthen(&mut self, chain: u32, twin: u32) {
        self.precede(chain, twin, false);
        self.chains[chain as usize].twin = None;
    }

    /// Writes a whole arc that runs from node to node.
    fn write(&mut self, number: u32) {
        self.arcs.push(&self.chains[number as usize], false);
        self.free.push(number);
    }
}

/// The labels around a corner.
struct Around {
    upper_left: u16,
    upper: u16,
    lower_left: u16,
    lower: u16,
}
