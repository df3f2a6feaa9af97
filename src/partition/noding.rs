//! Noding by snap rounding: segments in, segments that meet at their ends only out.
//!
//! Where segments cross, every end and every crossing, rounded to the grid, makes a *hot pixel*,
//! and a segment that passes a hot pixel is bent through its centre (Hobby, 1999). Ends never
//! move, and a bend moves an edge by at most √2/2 grid steps. Bent segments cross no more, but
//! may come to lie on the centre of a hot pixel that they did not pass: they are cut there, which
//! moves nothing. Where no segments cross at all, none is bent, however near they pass to one
//! another, so that noding what is already noded changes nothing (plain snap rounding would bend
//! them again, and again). The result depends on the set of segments alone.

use std::cmp::Ordering;

use rayon::prelude::*;

use super::cells::{Cells, Square};
use super::strips::by_strips;
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

    /// One number in the order of the ends: comparing it takes no branch.
    pub(super) fn rank(&self) -> u128 {
        u128::from(self.a.rank()) << 64 | u128::from(self.b.rank())
    }

    /// Whether two segments run between the same points.
    fn is_along(&self, other: &Self) -> bool {
        (self.a, self.b) == (other.a, other.b)
    }
}

/// Distinct edges, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Edges {
    pub(super) ends: Vec<(Point, Point)>,
    pub(super) items: Items,
}

/// The items whose boundary runs along each edge an odd number of times.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Items {
    /// Those of each edge, sorted; the second is [`NONE`] for one alone. Hardly an edge has more: for one that
    /// does, [`MANY`], and where in `more`.
    few: Vec<[u32; 2]>,
    /// The number of items of an edge, and these, one such edge after the other.
    more: Vec<u32>,
}

/// No item,
const NONE: u32 = u32::MAX;
/// and more items than two.
const MANY: u32 = u32::MAX - 1;

impl Items {
    /// Adds those of an edge, after all others.
    fn push(&mut self, items: &[u32]) {
        self.few.push(match *items {
            [item] => [item, NONE],
            [p, q] => [p, q],
            _ => {
                let place = self.more.len() as u32;
                self.more.push(items.len() as u32);
                self.more.extend(items);
                [MANY, place]
            }
        });
    }

    fn concatenate(parts: Vec<Self>) -> Self {
        let (mut few, more): (Vec<_>, Vec<_>) = parts.into_iter().map(|p| (p.few, p.more)).unzip();
        let mut before = 0;
        for (few, more) in few.iter_mut().zip(&more) {
            if !more.is_empty() {
                let places = few.iter_mut().filter(|of| of[0] == MANY);
                places.for_each(|of| of[1] += before);
            }
            before += more.len() as u32;
        }
        let (few, more) = (joined(few), joined(more));
        Self { few, more }
    }

    /// Items of edge `e`.
    pub(super) fn of(&self, e: usize) -> &[u32] {
        let few = &self.few[e];
        match *few {
            [MANY, place] => {
                let (count, items) = (self.more[place as usize], place as usize + 1);
                &self.more[items..items + count as usize]
            }
            [_, NONE] => &few[..1],
            _ => few,
        }
    }
}

impl Edges {
    /// Merges equal segments; a pair of one item on one edge cancels.
    fn merge(parts: Vec<Vec<Segment>>) -> Self {
        let add = |edges: &mut Self, _, strip: &mut [Segment]| edges.add_sorted(strip);
        Self::concatenate(by_strips(parts, add))
    }

    /// Adds what becomes of sorted segments, after all others.
    fn add_sorted(&mut self, segments: &mut [Segment]) {
        let mut items = Vec::new();
        for along in segments.chunk_by_mut(Segment::is_along) {
            along.sort_unstable_by_key(|s| s.item);
            let same = along.chunk_by(|p, q| p.item == q.item);
            items.clear();
            items.extend(
                same.filter(|same| same.len() % 2 == 1)
                    .map(|same| same[0].item),
            );
            self.push((along[0].a, along[0].b), &items);
        }
    }

    fn concatenate(parts: Vec<Self>) -> Self {
        let (ends, items): (Vec<_>, Vec<_>) = parts.into_iter().map(|p| (p.ends, p.items)).unzip();
        // The lists side by side: most of the work is waiting for memory.
        let (ends, items) = rayon::join(|| joined(ends), || Items::concatenate(items));
        Self { ends, items }
    }

    /// Adds an edge after all others, unless its sides do not differ.
    fn push(&mut self, ends: (Point, Point), items: &[u32]) {
        if !items.is_empty() {
            self.ends.push(ends);
            self.items.push(items);
        }
    }

    /// Number of edges.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}

/// Lists one after the other; each is freed as soon as it is copied.
fn joined<T: Copy>(parts: Vec<Vec<T>>) -> Vec<T> {
    let mut all = Vec::with_capacity(parts.iter().map(Vec::len).sum());
    for part in parts {
        all.extend_from_slice(&part);
    }
    all
}

/// Segments that meet at their ends only, and what it takes to find those near a place.
pub(super) struct Noded {
    pub(super) edges: Edges,
    /// The number of passes that bent edges: 0 or 1.
    pub(super) passes: u32,
    pub(super) ground: Ground,
}

/// Where edges pass.
pub(super) struct Ground {
    /// The edges before they were cut; none when none was.
    whole: Vec<(Point, Point)>,
    cells: Cells,
    cuts: Cuts,
}

impl Ground {
    /// Takes the ends of the edges, which it needs when none was cut.
    pub(super) fn settle(&mut self, ends: Vec<(Point, Point)>) {
        if self.whole.is_empty() {
            self.whole = ends;
        }
    }

    /// The edges in the cells at and straight below a point, downwards: the lowest `y` of each
    /// cell, and its edges. Those that cancelled one another are among them.
    pub(super) fn downwards(
        &self,
        p: Point,
    ) -> impl Iterator<Item = (i64, impl Iterator<Item = (Point, Point)>)> {
        self.cells.downwards(p).map(|(bottom, listed)| {
            let pieces = |&e: &u32| self.cuts.pieces(e, self.whole[e as usize]);
            (bottom, listed.iter().flat_map(pieces))
        })
    }
}

/// Nodes the segments of `parts`.
pub(super) fn node(parts: Vec<Vec<Segment>>) -> Noded {
    let edges = Edges::merge(parts);
    let cells = Cells::new(&edges.ends);
    let mut hits = search(&edges.ends, &cells);
    let has_crossing = hits.iter().any(|hits| hits.has_crossing);
    if !has_crossing {
        hits.iter_mut()
            .for_each(|hits| hits.retain_exact(&edges.ends));
    }
    let mut cuts = Cuts::new(&edges.ends, &hits);
    if has_crossing {
        let touched = hits
            .iter_mut()
            .map(|hits| hits.take_touched(&edges.ends, &cuts));
        if touched.fold(false, |any, this| any | this) {
            cuts = Cuts::new(&edges.ends, &hits);
        }
    }
    drop(hits);
    let (edges, whole) = if cuts.points.is_empty() {
        (edges, Vec::new())
    } else {
        cuts.apply(edges)
    };
    Noded {
        edges,
        passes: u32::from(has_crossing),
        ground: Ground { whole, cells, cuts },
    }
}

/// What edges meet: pairs of an edge and a hot pixel, other than at the edge's own ends.
#[derive(Default)]
struct Hits {
    /// The edge passes the pixel.
    passed: Vec<(u32, Point)>,
    /// The edge passes beside the pixel, so near that once bent it may lie on its centre.
    near: Vec<(u32, Point)>,
    has_crossing: bool,
}

impl Hits {
    /// Keeps what lies on its edge exactly.
    fn retain_exact(&mut self, ends: &[(Point, Point)]) {
        self.passed.retain(|&(edge, p)| {
            let (a, b) = ends[edge as usize];
            orientation(a, b, p) == 0
        });
    }

    /// Takes from `near` what lies on the edge as it is cut.
    fn take_touched(&mut self, ends: &[(Point, Point)], cuts: &Cuts) -> bool {
        let before = self.passed.len();
        self.passed.extend(self.near.drain(..).filter(|&(edge, p)| {
            let on = |(a, b): (Point, Point)| a < p && p < b && orientation(a, b, p) == 0;
            // An edge that is not bent passes no further centre.
            cuts.is_cut(edge) && cuts.pieces(edge, ends[edge as usize]).any(on)
        }));
        self.passed.len() > before
    }
}

/// All that edges meet, part by part.
fn search(ends: &[(Point, Point)], cells: &Cells) -> Vec<Hits> {
    let visit = |mut search: Search, (square, listed): (Square, &[u32])| {
        search.visit(square, listed, ends);
        search
    };
    let searches = cells.squares().fold(Search::default, visit);
    searches.map(|search| search.hits).collect()
}

/// More segments than this in one square: it is searched by quarters,
const CROWD: usize = 48;
/// unless its side is 2 to this power already.
const SMALLEST: u32 = 3;

/// The search for hits, square by square. Every hot pixel lies in one square, where all segments
/// that pass it are listed.
#[derive(Default)]
struct Search {
    hits: Hits,
    /// Hot pixels of the square at hand.
    pixels: Vec<Point>,
}

impl Search {
    fn visit(&mut self, square: Square, listed: &[u32], ends: &[(Point, Point)]) {
        if listed.len() < 2 {
            return;
        }
        if listed.len() > CROWD && square.power > SMALLEST {
            for quarter in square.quarters() {
                let near = |&&s: &&u32| quarter.is_near(ends[s as usize]);
                let listed: Vec<u32> = listed.iter().filter(near).copied().collect();
                self.visit(quarter, &listed, ends);
            }
            return;
        }
        self.pixels.clear();
        for (n, &i) in listed.iter().enumerate() {
            let (a, b) = ends[i as usize];
            self.pixels
                .extend([a, b].into_iter().filter(|&p| square.holds(p)));
            for &j in &listed[n + 1..] {
                if let Some(p) = crossing((a, b), ends[j as usize])
                    && square.holds(p)
                {
                    self.hits.has_crossing = true;
                    self.pixels.push(p);
                }
            }
        }
        self.pixels.sort_unstable();
        self.pixels.dedup();
        for &i in listed {
            let (a, b) = ends[i as usize];
            for &p in self.pixels.iter().filter(|&&p| p != a && p != b) {
                match passage(a, b, p) {
                    Passage::Far => {}
                    Passage::Beside => self.hits.near.push((i, p)),
                    Passage::Through => self.hits.passed.push((i, p)),
                }
            }
        }
    }
}

/// Where edges are cut.
struct Cuts {
    /// The points of edge `e`, in the order in which it passes them, are
    /// `points[starts[e]..starts[e + 1]]`.
    starts: Vec<u32>,
    points: Vec<Point>,
}

impl Cuts {
    /// Cuts where edges pass hot pixels.
    fn new(ends: &[(Point, Point)], hits: &[Hits]) -> Self {
        let passed = || hits.iter().flat_map(|hits| &hits.passed);
        let mut starts = vec![0; ends.len() + 1];
        for &(edge, _) in passed() {
            starts[edge as usize] += 1;
        }
        let mut total = 0;
        for start in &mut starts {
            total += *start;
            *start = total;
        }
        // The list of each edge is filled from its end down, which leaves its start in its place.
        let mut points = vec![Point::new(0, 0); total as usize];
        for &(edge, p) in passed() {
            let start = &mut starts[edge as usize];
            *start -= 1;
            points[*start as usize] = p;
        }
        for (range, (a, b)) in starts.windows(2).zip(ends) {
            let path = &mut points[range[0] as usize..range[1] as usize];
            if path.len() > 1 {
                // The squares that an edge passes have rising x, and y that rises or falls with it.
                path.sort_unstable_by_key(|p| (p.x, if a.y > b.y { -p.y } else { p.y }));
            }
        }
        Self { starts, points }
    }

    fn of(&self, edge: u32) -> &[Point] {
        let e = edge as usize;
        &self.points[self.starts[e] as usize..self.starts[e + 1] as usize]
    }

    fn is_cut(&self, edge: u32) -> bool {
        !self.of(edge).is_empty()
    }

    /// What an edge with the given ends becomes.
    fn pieces(
        &self,
        edge: u32,
        (first, last): (Point, Point),
    ) -> impl Iterator<Item = (Point, Point)> {
        let mut from = first;
        let path = self.of(edge).iter().copied().chain([last]);
        path.map(move |to| {
            let piece = (from.min(to), from.max(to));
            from = to;
            piece
        })
    }

    /// The edges, cut, and the ends that they had.
    fn apply(&self, edges: Edges) -> (Edges, Vec<(Point, Point)>) {
        let cut: Vec<Vec<Segment>> = (0..edges.len() as u32)
            .into_par_iter()
            .filter(|&e| self.is_cut(e))
            .fold(Vec::new, |mut cut, e| {
                let pieces = self.pieces(e, edges.ends[e as usize]);
                cut.extend(pieces.map(|(a, b)| Segment { a, b, item: e }));
                cut
            })
            .collect();
        let woven = by_strips(cut, |woven, x, strip| {
            let place = |x| edges.ends.partition_point(|(a, _)| i64::from(a.x) < x);
            let kept = (place(x.start)..place(x.end)).filter(|&e| !self.is_cut(e as u32));
            weave(woven, &edges, kept, strip);
        });
        let Edges { ends, items } = edges;
        drop(items);
        (Edges::concatenate(woven), ends)
    }
}

/// Adds to `woven` the edges of `kept` and the pieces of others in one order, equal ones merged.
/// The `item` of a piece is the edge that it was cut from.
fn weave(woven: &mut Edges, edges: &Edges, kept: impl Iterator<Item = usize>, cut: &[Segment]) {
    let mut kept = kept.peekable();
    let mut cut = cut.chunk_by(Segment::is_along).peekable();
    let (mut items, mut sum) = (Vec::new(), Vec::new());
    loop {
        let order = match (kept.peek(), cut.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(&e), Some(c)) => edges.ends[e].cmp(&(c[0].a, c[0].b)),
        };
        let old = if order.is_le() { kept.next() } else { None };
        let new = if order.is_ge() { cut.next() } else { None };
        items.clear();
        items.extend(old.into_iter().flat_map(|e| edges.items.of(e)));
        for segment in new.into_iter().flatten() {
            sum.clear();
            symmetric_difference(&items, edges.items.of(segment.item as usize), &mut sum);
            std::mem::swap(&mut items, &mut sum);
        }
        if let Some(ends) = old.map(|e| edges.ends[e]).or(new.map(|c| (c[0].a, c[0].b))) {
            woven.push(ends, &items);
        }
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

/// How a segment passes a hot pixel.
enum Passage {
    Far,
    /// It misses the pixel, though its line comes within √2/2 steps of the centre.
    Beside,
    Through,
}

/// How the segment `a b`, with `a < b`, passes the unit square centred on `p`. The square owns its
/// left and bottom sides only, so that squares tile the plane and a line passes one at a time.
fn passage(a: Point, b: Point, p: Point) -> Passage {
    // Ends are centres of squares: where the line meets the square of a point within the
    // segment's bounds, the segment does.
    if p.x < a.x || p.x > b.x || p.y < a.y.min(b.y) || p.y > a.y.max(b.y) {
        return Passage::Far;
    }
    // Twice the side of the line on which a point of the square lies ranges around that of its
    // centre; the bounds of the range are reached only on sides that the square owns. Divided by
    // the segment's length, which is less than the reach, the side is the distance.
    let (dx, dy) = delta(a, b);
    let reach = dx + dy.abs();
    let centre = orientation(a, b, p);
    if centre.abs() > reach {
        return Passage::Far;
    }
    let (least, most) = (2 * centre - reach, 2 * centre + reach);
    if (least < 0 || (least == 0 && dy <= 0)) && (most > 0 || (most == 0 && dx == 0)) {
        Passage::Through
    } else {
        Passage::Beside
    }
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

    fn node_all(segments: Vec<Segment>) -> Noded {
        node(vec![segments])
    }

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
                    .items
                    .of(e)
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
            edges.items.of(e).iter().all(|&item| {
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
        let Noded { edges, passes, .. } = node_all(input.clone());
        assert!(is_noded(&edges));
        assert!(is_near(&edges, &input, passes), "{passes} passes");
        let twice = node_all(again(&edges));
        assert_eq!(twice.passes, 0);
        assert_eq!(twice.edges, edges);
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
            prop_assert_eq!(node_all(input).edges, node_all(turned).edges);
        }
    }

    #[test]
    fn edges_keep_any_number_of_items() {
        let lists: [&[u32]; 5] = [&[7], &[1, 2, 3], &[4, 9], &[0, 1, 2, 3, 4], &[5, 6, 8]];
        let of = |lists: &[&[u32]]| {
            let mut items = Items::default();
            lists.iter().for_each(|list| items.push(list));
            items
        };
        for at in 0..=lists.len() {
            let (first, second) = lists.split_at(at);
            let all = Items::concatenate(vec![of(first), of(second)]);
            let found: Vec<&[u32]> = (0..lists.len()).map(|e| all.of(e)).collect();
            assert_eq!(found, lists);
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
        let noded = node_all(input);
        assert_eq!(noded.passes, 0);
        assert_eq!(noded.edges.len(), 4);
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
