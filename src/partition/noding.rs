//! Noding by snap rounding: segments in, segments that meet at their ends only out.
//!
//! Where segments cross, every end and every crossing, rounded to the grid, makes a *hot pixel*,
//! and a segment that passes a hot pixel is bent through its centre (Hobby, 1999). Ends never
//! move, and a bend moves an edge by at most √2/2 grid steps. Bent segments cross no more, but
//! may touch an end exactly: they are cut there, which moves nothing. Where no segments cross at all,
//! none is bent, however near they pass to one another, so that noding what is already noded
//! changes nothing (plain snap rounding would bend them again, and again). Should bent segments
//! cross all the same, they are bent once more; the number of passes that bent is returned, and
//! that many times √2/2 steps bounds the drift. The result depends on the set of segments alone.

use std::cmp::Ordering;

use rayon::prelude::*;

use super::cells::{Cells, Square};
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
            Ordering::Less => Some(Self { a: p, b: q, item }),
            Ordering::Greater => Some(Self { a: q, b: p, item }),
            Ordering::Equal => None,
        }
    }

    /// Whether two segments run between the same points.
    fn is_along(&self, other: &Self) -> bool {
        (self.a, self.b) == (other.a, other.b)
    }
}

/// Distinct edges, each with the items whose boundary runs along it an odd number of times.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Edges {
    pub(super) ends: Vec<(Point, Point)>,
    /// The items of all edges, one edge after the other, those of each sorted,
    items: Vec<u32>,
    /// and where those of each edge stop.
    stops: Vec<u32>,
}

impl Edges {
    /// Merges equal segments; a pair of one item on one edge cancels.
    fn merge(mut segments: Vec<Segment>) -> Self {
        segments.par_sort_unstable();
        // Runs of equal segments are never cut between pieces, so pieces can be merged apart.
        let mut pieces = Vec::new();
        let mut rest = segments.as_slice();
        while !rest.is_empty() {
            let mut length = PIECE.min(rest.len());
            while length < rest.len() && rest[length - 1].is_along(&rest[length]) {
                length += 1;
            }
            let (piece, later) = rest.split_at(length);
            pieces.push(piece);
            rest = later;
        }
        let merged: Vec<Self> = pieces.into_par_iter().map(Self::of_sorted).collect();
        drop(segments);
        Self::concatenate(merged)
    }

    fn with_capacity(edges: usize, items: usize) -> Self {
        Self {
            ends: Vec::with_capacity(edges),
            items: Vec::with_capacity(items),
            stops: Vec::with_capacity(edges),
        }
    }

    fn of_sorted(segments: &[Segment]) -> Self {
        let mut edges = Self::default();
        for along in segments.chunk_by(Segment::is_along) {
            let before = edges.items.len();
            for same in along.chunk_by(|p, q| p.item == q.item) {
                if same.len() % 2 == 1 {
                    edges.items.push(same[0].item);
                }
            }
            if edges.items.len() > before {
                edges.ends.push((along[0].a, along[0].b));
                edges.stops.push(edges.items.len() as u32);
            }
        }
        edges
    }

    fn concatenate(pieces: Vec<Self>) -> Self {
        let sum = |length: fn(&Self) -> usize| pieces.iter().map(length).sum();
        let mut all = Self::with_capacity(sum(|p| p.ends.len()), sum(|p| p.items.len()));
        for piece in pieces {
            let before = all.items.len() as u32;
            all.ends.extend(piece.ends);
            all.stops
                .extend(piece.stops.into_iter().map(|stop| before + stop));
            all.items.extend(piece.items);
        }
        all
    }

    /// Adds an edge after all others, unless its sides do not differ.
    fn push(&mut self, ends: (Point, Point), items: &[u32]) {
        if !items.is_empty() {
            self.ends.push(ends);
            self.items.extend(items);
            self.stops.push(self.items.len() as u32);
        }
    }

    /// Number of edges.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Items of edge `e`.
    pub(super) fn items(&self, e: usize) -> &[u32] {
        let start = if e == 0 { 0 } else { self.stops[e - 1] };
        &self.items[start as usize..self.stops[e] as usize]
    }
}

/// Sorted segments that one task merges.
const PIECE: usize = 1 << 15;

/// Nodes `segments`; returns the edges, the cells that list them, and the number of passes that
/// moved something.
pub(super) fn node(segments: Vec<Segment>) -> (Edges, Cells, u32) {
    let mut edges = Edges::merge(segments);
    let mut fresh = vec![true; edges.len()];
    let mut passes = 0;
    let mut layout = None;
    loop {
        let cells = match layout.take() {
            None => Cells::new(&edges.ends),
            // Bends are of a step: what suited the edges before suits them still.
            Some(layout) => Cells::with_layout(layout, &edges.ends),
        };
        let (mut hits, has_crossing) = search(&edges.ends, &fresh, &cells);
        if has_crossing {
            passes += 1;
        } else {
            let is_exact = |&(edge, p): &(u32, Point)| {
                let (a, b) = edges.ends[edge as usize];
                orientation(a, b, p) == 0
            };
            hits.retain(is_exact);
        }
        if hits.is_empty() {
            return (edges, cells, passes);
        }
        layout = Some(cells.into_layout());
        (edges, fresh) = bend(&edges, &hits);
    }
}

/// For every edge, the hot pixels that it passes, other than its own ends, sorted by edge; and
/// whether any two edges cross.
///
/// Edges that are not `fresh` are known not to cross one another, nor to pass an end of any edge
/// that matters: only what concerns fresh ones is looked for.
fn search(ends: &[(Point, Point)], fresh: &[bool], cells: &Cells) -> (Vec<(u32, Point)>, bool) {
    let searches: Vec<Search> = cells
        .squares()
        .fold(Search::default, |mut search, (square, listed)| {
            search.visit(square, listed, ends, fresh);
            search
        })
        .collect();
    let has_crossing = searches.iter().any(|s| s.has_crossing);
    let mut hits: Vec<(u32, Point)> = searches.into_iter().flat_map(|s| s.found).collect();
    hits.par_sort_unstable();
    hits.dedup();
    (hits, has_crossing)
}

/// More segments than this in one square: it is searched by quarters,
const CROWD: usize = 48;
/// unless its side is 2 to this power already.
const SMALLEST: u32 = 3;

/// The search for hits, square by square. Every hot pixel lies in one square, where all segments
/// that pass it are listed.
#[derive(Default)]
struct Search {
    found: Vec<(u32, Point)>,
    has_crossing: bool,
    nodes: Vec<Point>,
    crossings: Vec<Point>,
}

impl Search {
    fn visit(&mut self, square: Square, listed: &[u32], ends: &[(Point, Point)], fresh: &[bool]) {
        if listed.len() < 2 || !listed.iter().any(|&s| fresh[s as usize]) {
            return;
        }
        if listed.len() > CROWD && square.power > SMALLEST {
            for quarter in square.quarters() {
                let near = |&&s: &&u32| quarter.is_near(ends[s as usize]);
                let listed: Vec<u32> = listed.iter().filter(near).copied().collect();
                self.visit(quarter, &listed, ends, fresh);
            }
            return;
        }
        self.nodes.clear();
        self.crossings.clear();
        for (n, &i) in listed.iter().enumerate() {
            let (a, b) = ends[i as usize];
            self.nodes
                .extend([a, b].into_iter().filter(|&p| square.holds(p)));
            for &j in &listed[n + 1..] {
                if (fresh[i as usize] || fresh[j as usize])
                    && let Some(p) = crossing((a, b), ends[j as usize])
                    && square.holds(p)
                {
                    self.crossings.push(p);
                }
            }
        }
        self.has_crossing |= !self.crossings.is_empty();
        for points in [&mut self.nodes, &mut self.crossings] {
            points.sort_unstable();
            points.dedup();
        }
        for &i in listed {
            let (a, b) = ends[i as usize];
            let passed = |p: &&Point| **p != a && **p != b && passes_pixel(a, b, **p);
            if fresh[i as usize] {
                self.found
                    .extend(self.nodes.iter().filter(passed).map(|&p| (i, p)));
            }
            self.found
                .extend(self.crossings.iter().filter(passed).map(|&p| (i, p)));
        }
    }
}

/// Cuts the edges at their hits; tells which edges are new.
fn bend(edges: &Edges, hits: &[(u32, Point)]) -> (Edges, Vec<bool>) {
    let mut is_hit = vec![false; edges.len()];
    for hit in hits {
        is_hit[hit.0 as usize] = true;
    }
    // What the hit edges become, each with the edge that it comes from.
    let mut cut: Vec<(Point, Point, u32)> = hits
        .par_chunk_by(|p, q| p.0 == q.0)
        .flat_map_iter(|along| {
            let edge = along[0].0;
            let (first, last) = edges.ends[edge as usize];
            let mut path: Vec<Point> = along.iter().map(|hit| hit.1).collect();
            if first.y > last.y {
                // The squares that an edge passes have rising x, and y that rises or falls with it.
                path.sort_unstable_by_key(|p| (p.x, -p.y));
            }
            path.push(last);
            let mut from = first;
            path.into_iter().filter_map(move |to| {
                let segment = (from.min(to), from.max(to), edge);
                from = to;
                (segment.0 != segment.1).then_some(segment)
            })
        })
        .collect();
    cut.par_sort_unstable();
    let pieces: Vec<(Edges, Vec<bool>)> = (0..edges.len().div_ceil(PIECE))
        .into_par_iter()
        .map(|n| {
            let (first, last) = (n * PIECE, ((n + 1) * PIECE).min(edges.len()));
            // The cut segments that come before the next piece's first edge.
            let place = |e: usize| cut.partition_point(|c| (c.0, c.1) < edges.ends[e]);
            let from = if first == 0 { 0 } else { place(first) };
            let to = if last == edges.len() {
                cut.len()
            } else {
                place(last)
            };
            let kept = (first..last).filter(|&e| !is_hit[e]);
            weave(edges, kept, &cut[from..to])
        })
        .collect();
    let fresh = pieces
        .iter()
        .flat_map(|(_, fresh)| fresh)
        .copied()
        .collect();
    let pieces = pieces.into_iter().map(|(edges, _)| edges).collect();
    (Edges::concatenate(pieces), fresh)
}

/// The edges of `kept` and the segments of `cut` in one order, equal ones merged; and which are new.
fn weave(
    edges: &Edges,
    kept: impl Iterator<Item = usize>,
    cut: &[(Point, Point, u32)],
) -> (Edges, Vec<bool>) {
    let mut kept = kept.peekable();
    let mut cut = cut.chunk_by(|p, q| (p.0, p.1) == (q.0, q.1)).peekable();
    let mut all = Edges::default();
    let mut fresh = Vec::new();
    let (mut items, mut sum) = (Vec::new(), Vec::new());
    loop {
        let order = match (kept.peek(), cut.peek()) {
            (None, None) => return (all, fresh),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(&e), Some(c)) => edges.ends[e].cmp(&(c[0].0, c[0].1)),
        };
        let old = if order.is_le() { kept.next() } else { None };
        let new = if order.is_ge() { cut.next() } else { None };
        items.clear();
        items.extend(old.into_iter().flat_map(|e| edges.items(e)));
        for segment in new.into_iter().flatten() {
            sum.clear();
            symmetric_difference(&items, edges.items(segment.2 as usize), &mut sum);
            std::mem::swap(&mut items, &mut sum);
        }
        if let Some(ends) = old.map(|e| edges.ends[e]).or(new.map(|c| (c[0].0, c[0].1))) {
            all.push(ends, &items);
        }
        fresh.resize(all.len(), new.is_some());
    }
}

/// Appends to `out` what is in one of two sorted lists and not in the other, sorted.
pub(super) fn symmetric_difference(mut p: &[u32], mut q: &[u32], out: &mut Vec<u32>) {
    while let ([a, p_rest @ ..], [b, q_rest @ ..]) = (p, q) {
        match a.cmp(b) {
            Ordering::Less => out.push(*a),
            Ordering::Greater => out.push(*b),
            Ordering::Equal => {}
        }
        (p, q) = match a.cmp(b) {
            Ordering::Less => (p_rest, q),
            Ordering::Greater => (p, q_rest),
            Ordering::Equal => (p_rest, q_rest),
        };
    }
    out.extend(p);
    out.extend(q);
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
    let reach = dx + dy.abs();
    let centre = orientation(a, b, p);
    if centre.abs() > reach {
        return false;
    }
    let (least, most) = (2 * centre - reach, 2 * centre + reach);
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

    /// Segments between two small clusters far apart: near-parallel, crossing at tiny angles.
    fn bundles() -> impl Strategy<Value = Vec<Segment>> {
        let far = (point(6), point(6)).prop_map(|(p, q)| (p, Point::new(q.x + 90_000, q.y + 31)));
        prop::collection::vec(far, 2..14).prop_map(numbered)
    }

    /// Segments that start on others, exactly or nearly.
    fn junctions() -> impl Strategy<Value = Vec<Segment>> {
        let stem = (point(60), point(60), 0i32..=8, point(1));
        prop::collection::vec((stem, point(60)), 1..8).prop_map(|stems| {
            let ends = stems.into_iter().flat_map(|((p, q, eighths, nudge), tip)| {
                let along = |a: i32, b: i32| a + (b - a) * eighths / 8;
                let foot = Point::new(along(p.x, q.x) + nudge.x, along(p.y, q.y) + nudge.y);
                [(p, q), (foot, tip)]
            });
            numbered(ends.collect())
        })
    }

    fn numbered(ends: Vec<(Point, Point)>) -> Vec<Segment> {
        let segment = |(i, (p, q)): (usize, (Point, Point))| Segment::new(p, q, i as u32);
        ends.into_iter().enumerate().filter_map(segment).collect()
    }

    /// Whether every edge lies as near to the segments that it stands for as the passes allow.
    fn is_near(edges: &Edges, input: &[Segment], passes: u32) -> bool {
        let passes = i128::from(passes);
        (0..edges.len()).all(|e| {
            edges.items(e).iter().all(|&item| {
                let Some(segment) = input.iter().find(|s| s.item == item) else {
                    return false;
                };
                let (dx, dy) = delta(segment.a, segment.b);
                let length_squared = i128::from(dx).pow(2) + i128::from(dy).pow(2);
                [edges.ends[e].0, edges.ends[e].1].into_iter().all(|p| {
                    let off = i128::from(orientation(segment.a, segment.b, p));
                    // off / length ≤ passes · √2/2
                    2 * off.pow(2) <= passes.pow(2) * length_squared
                })
            })
        })
    }

    fn assert_noded(input: Vec<Segment>) {
        let (edges, _, passes) = node(input.clone());
        assert!(is_noded(&edges));
        assert!(is_near(&edges, &input, passes), "{passes} passes");
        let (twice, _, passes) = node(again(&edges));
        assert_eq!(passes, 0);
        assert_eq!(twice, edges);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]
        #[test]
        fn small_tangles_are_noded_once_and_for_all(input in segments(12, 12)) {
            assert_noded(input);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn bundles_are_noded_once_and_for_all(input in bundles()) {
            assert_noded(input);
        }

        #[test]
        fn junctions_are_noded_once_and_for_all(input in junctions()) {
            assert_noded(input);
        }

        #[test]
        fn the_ends_of_the_grid_are_no_trap(input in segments(crate::grid::LIMIT, 10)) {
            assert_noded(input);
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
    }

    #[test]
    fn what_only_touches_is_not_moved() {
        // A T-junction exactly on a slanted segment, and an end a step beside another one.
        let input = numbered(vec![
            (Point::new(0, 0), Point::new(40, 20)),
            (Point::new(20, 10), Point::new(20, 90)),
            (Point::new(30, 14), Point::new(60, 0)),
        ]);
        let (edges, _, passes) = node(input);
        assert_eq!(passes, 0);
        assert_eq!(edges.len(), 4);
    }

    #[test]
    fn crowded_cells_give_what_they_would_give_whole() {
        // Three hundred segments through a few steps of ground.
        let input: Vec<(Point, Point)> = (0..300)
            .map(|n| (Point::new(n, -3000), Point::new(299 - n + n % 3, 3000)))
            .collect();
        assert_noded(numbered(input));
    }
}
