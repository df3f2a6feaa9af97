//! Noding by snap rounding: segments in, segments that meet at their ends only out.
//!
//! Every end and every crossing, rounded to the grid, makes a *hot pixel*; a segment that passes
//! a hot pixel is bent through its centre (iterated snap rounding: Halperin and Packer, 2002).
//! This is repeated until nothing moves, so that noding what is already noded changes nothing.
//! Ends never move. A pass bends an edge by at most
//! √2/2 grid steps, so `passes × √2/2` steps bounds the drift; the number of passes is returned
//! (one or two on real data). The result depends on the set of segments alone.

use rayon::prelude::*;

use super::cells::Cells;
use crate::grid::{Point, delta, orientation};

/// One boundary segment of one item; the smaller end first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Segment {
    pub(super) a: Point,
    pub(super) b: Point,
    pub(super) item: u32,
}

impl Segment {
    /// The segment between two distinct points; `None` when they are one.
    pub(super) fn new(p: Point, q: Point, item: u32) -> Option<Self> {
        match p.cmp(&q) {
            std::cmp::Ordering::Less => Some(Self { a: p, b: q, item }),
            std::cmp::Ordering::Greater => Some(Self { a: q, b: p, item }),
            std::cmp::Ordering::Equal => None,
        }
    }
}

/// Distinct edges, each with the items whose boundary runs along it an odd number of times.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Edges {
    pub(super) ends: Vec<(Point, Point)>,
    /// `items[starts[e]..starts[e + 1]]` are the items of edge `e`, sorted.
    pub(super) starts: Vec<u32>,
    pub(super) items: Vec<u32>,
}

impl Edges {
    /// Merges equal segments; a pair of one item on one edge cancels.
    fn from_segments(mut segments: Vec<Segment>) -> Self {
        segments.par_sort_unstable();
        let mut edges = Self {
            starts: vec![0],
            ..Self::default()
        };
        for along in segments.chunk_by(|p, q| (p.a, p.b) == (q.a, q.b)) {
            let before = edges.items.len();
            for same in along.chunk_by(|p, q| p.item == q.item) {
                if same.len() % 2 == 1 {
                    edges.items.push(same[0].item);
                }
            }
            if edges.items.len() > before {
                edges.ends.push((along[0].a, along[0].b));
                edges.starts.push(edges.items.len() as u32);
            }
        }
        edges
    }

    /// Items of edge `e`.
    pub(super) fn items(&self, e: usize) -> &[u32] {
        &self.items[self.starts[e] as usize..self.starts[e + 1] as usize]
    }
}

/// Nodes `segments`; returns the edges, the cells that index them, and the number of passes that
/// moved something.
pub(super) fn node(segments: Vec<Segment>) -> (Edges, Cells, u32) {
    let mut edges = Edges::from_segments(segments);
    let mut passes = 0;
    loop {
        let cells = Cells::new(&edges.ends);
        let hits = hits(&edges.ends, &cells);
        if hits.is_empty() {
            return (edges, cells, passes);
        }
        drop(cells);
        passes += 1;
        edges = Edges::from_segments(bend(&edges, &hits));
    }
}

/// For every edge, the hot pixels that it must be bent through, other than its own ends.
fn hits(ends: &[(Point, Point)], cells: &Cells) -> Vec<(u32, Point)> {
    let groups = cells.groups();
    let mut hot: Vec<Point> = groups
        .par_iter()
        .fold(Vec::new, |mut found, group| {
            for (n, &(_, i)) in group.iter().enumerate() {
                for &(_, j) in &group[n + 1..] {
                    found.extend(crossing(ends[i as usize], ends[j as usize]));
                }
            }
            found
        })
        .flatten()
        .collect();
    hot.par_extend(ends.par_iter().flat_map_iter(|&(a, b)| [a, b]));
    hot.par_sort_unstable();
    hot.dedup();
    let mut located: Vec<(u64, Point)> = hot.par_iter().map(|&p| (cells.of(p), p)).collect();
    located.par_sort_unstable();
    let mut hits: Vec<(u32, Point)> = located
        .par_chunk_by(|p, q| p.0 == q.0)
        .fold(Vec::new, |mut found, group| {
            for &(_, segment) in cells.segments(group[0].0) {
                let (a, b) = ends[segment as usize];
                for &(_, p) in group {
                    if p != a && p != b && passes_pixel(a, b, p) {
                        found.push((segment, p));
                    }
                }
            }
            found
        })
        .flatten()
        .collect();
    hits.par_sort_unstable();
    hits
}

/// Cuts the edges at their hits, in order along each edge.
fn bend(edges: &Edges, hits: &[(u32, Point)]) -> Vec<Segment> {
    let mut out = Vec::with_capacity(edges.items.len() + hits.len());
    let mut rest = hits;
    let mut path = Vec::new();
    for (e, &(a, b)) in edges.ends.iter().enumerate() {
        let count = rest.partition_point(|h| h.0 as usize == e);
        let (mine, later) = rest.split_at(count);
        rest = later;
        path.clear();
        path.extend(mine.iter().map(|h| h.1));
        let (dx, dy) = delta(a, b);
        path.sort_unstable_by_key(|&p| {
            let (px, py) = delta(a, p);
            let along = i128::from(px) * i128::from(dx) + i128::from(py) * i128::from(dy);
            (along, p)
        });
        path.push(b);
        let mut from = a;
        for &to in &path {
            for &item in edges.items(e) {
                out.extend(Segment::new(from, to, item));
            }
            from = to;
        }
    }
    out
}

/// Whether the segment `a b`, with `a < b`, meets the unit square centred on `p`. The square owns
/// its left and bottom sides only, so that squares tile the plane and a line passes one at a time.
fn passes_pixel(a: Point, b: Point, p: Point) -> bool {
    // Ends are centres of squares: where the line meets the square of a point within the
    // segment's bounds, the segment does.
    if p.x < a.x || p.x > b.x || p.y < a.y.min(b.y) || p.y > a.y.max(b.y) {
        return false;
    }
    // Twice the side of the line on which a point of the square lies ranges around that of its
    // centre; the bounds of the range are reached only on sides that the square owns.
    let (dx, dy) = delta(a, b);
    let centre = 2 * i128::from(orientation(a, b, p));
    let reach = i128::from(dx) + i128::from(dy.abs());
    let (least, most) = (centre - reach, centre + reach);
    (least < 0 || (least == 0 && dy <= 0)) && (most > 0 || (most == 0 && dx == 0))
}

/// Where the insides of two segments cross, rounded to the grid (half up); `None` when they do
/// not, or meet only at an end or along a line: those are found as hot pixels of ends.
fn crossing((a, b): (Point, Point), (c, d): (Point, Point)) -> Option<Point> {
    if b.x < c.x || d.x < a.x {
        return None;
    }
    if a.y.max(b.y) < c.y.min(d.y) || c.y.max(d.y) < a.y.min(b.y) {
        return None;
    }
    let (c_side, d_side) = (orientation(a, b, c), orientation(a, b, d));
    if c_side == 0 || d_side == 0 || (c_side > 0) == (d_side > 0) {
        return None;
    }
    let (a_side, b_side) = (orientation(c, d, a), orientation(c, d, b));
    if a_side == 0 || b_side == 0 || (a_side > 0) == (b_side > 0) {
        return None;
    }
    let numerator = i128::from(a_side);
    let denominator = i128::from(a_side) - i128::from(b_side);
    let (dx, dy) = delta(a, b);
    let place = |start: i32, step: i64| -> i32 {
        let (mut n, mut d) = (
            2 * i128::from(step) * numerator + denominator,
            2 * denominator,
        );
        if d < 0 {
            (n, d) = (-n, -d);
        }
        // A point between a and b: it fits.
        start + n.div_euclid(d) as i32
    };
    Some(Point::new(place(a.x, dx), place(a.y, dy)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(range: i32) -> impl Strategy<Value = Point> {
        (-range..=range, -range..=range).prop_map(|(x, y)| Point::new(x, y))
    }

    fn segments(range: i32, most: usize) -> impl Strategy<Value = Vec<Segment>> {
        prop::collection::vec((point(range), point(range)), 1..most).prop_map(|ends| {
            ends.into_iter()
                .enumerate()
                .filter_map(|(i, (p, q))| Segment::new(p, q, i as u32))
                .collect()
        })
    }

    /// The slow, obvious statement of "noded": no two edges cross, no end lies inside an edge.
    fn is_noded(edges: &Edges) -> bool {
        edges.ends.iter().enumerate().all(|(i, &s)| {
            edges.ends.iter().enumerate().all(|(j, &t)| {
                let inside = |p: Point| {
                    p != s.0 && p != s.1 && orientation(s.0, s.1, p) == 0 && p > s.0 && p < s.1
                };
                i == j || (crossing(s, t).is_none() && !inside(t.0) && !inside(t.1))
            })
        })
    }

    fn again(edges: &Edges) -> Vec<Segment> {
        (0..edges.ends.len())
            .flat_map(|e| {
                let (a, b) = edges.ends[e];
                edges
                    .items(e)
                    .iter()
                    .map(move |&item| Segment { a, b, item })
            })
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn small_tangles_are_noded_once_and_for_all(input in segments(12, 12)) {
            let (edges, _, _) = node(input);
            prop_assert!(is_noded(&edges));
            let (twice, _, passes) = node(again(&edges));
            prop_assert_eq!(passes, 0);
            prop_assert_eq!(twice, edges);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn the_order_of_input_does_not_matter(
            input in segments(300, 60), seed in any::<prop::sample::Index>(),
        ) {
            let mut turned = input.clone();
            turned.rotate_left(seed.index(input.len().max(1)));
            turned.reverse();
            prop_assert_eq!(node(input).0, node(turned).0);
        }

        #[test]
        fn the_ends_of_the_grid_are_no_trap(input in segments(crate::grid::LIMIT, 10)) {
            let (edges, _, _) = node(input);
            prop_assert!(is_noded(&edges));
        }
    }
}
