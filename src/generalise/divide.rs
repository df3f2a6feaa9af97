//! Narrow parts between several neighbours, divided along their middle: each neighbour takes what is nearest to it.
//!
//! Points along the outline, each of the neighbour that it borders, are triangulated; a triangle whose corners are of
//! several neighbours is cut through the middle of its sides.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use super::{Plot, Plots, Rules};
use crate::grid::{Point, STEPS_PER_METRE};
use crate::partition::{DisjointSets, FaceId};
use crate::vector::triangulated;

/// Points along an outline are this share of the least width apart.
const SPACING: f64 = 0.25;
/// A neighbour takes a share when its border is at least this share of the longest.
const BORDER_LEAST: f64 = 0.25;
/// Parts with more points than this along their outline are not divided: each is compared with all.
const MOST_POINTS: f64 = 20_000.0;

/// A narrow part.
struct Part {
    own: Plot,
    /// Its outline: each segment with the face beyond.
    outline: Vec<(Point, Point, FaceId)>,
}

/// Rings that together are nearest to a neighbour, and what this is.
struct Share {
    /// The part, by a number of its own.
    part: u32,
    rings: Vec<Vec<Point>>,
    neighbour: Plot,
}

/// Divides narrow parts between their neighbours, where there are several. Gives what becomes of all, and what is
/// still narrow of it.
pub(super) fn divide(
    plots: &Plots,
    parents: &[FaceId],
    is_narrow: &[bool],
    rules: &Rules,
) -> (Plots, Vec<bool>) {
    let (parts, part_of) = parts(plots, parents, is_narrow);
    let shares: Vec<Vec<Share>> = parts
        .par_iter()
        .map(|(&number, part)| shares((number, part), plots, is_narrow, rules))
        .collect();
    let shares: Vec<Share> = shares.into_iter().flatten().collect();
    if shares.is_empty() {
        return (plots.clone(), is_narrow.to_vec());
    }
    let rings = shares
        .iter()
        .map(|share| share.rings.iter().map(Vec::as_slice));
    let mut laid = plots.relay_rings(rings);
    let mut is_left = vec![false; laid.parents.len()];
    for (face, plot) in laid.plots.plots.iter_mut().enumerate() {
        let parent = laid.parents[face] as usize;
        let Some(plot) = plot.as_mut().filter(|_| is_narrow[parent]) else {
            continue;
        };
        // Where parts touch, a share may reach a little into another part than its own.
        let mut covering = laid.shapes[face].iter().map(|&n| &shares[n as usize]);
        match covering.find(|share| share.part == part_of[parent]) {
            Some(share) => {
                *plot = Plot {
                    in_zone: plot.in_zone,
                    beyond: None,
                    ..share.neighbour
                };
            }
            None => is_left[face] = true,
        }
    }
    (laid.plots, is_left)
}

/// The narrow parts by number, narrow faces that touch and were part of one plot, and the part of each face.
fn parts(plots: &Plots, parents: &[FaceId], is_narrow: &[bool]) -> (BTreeMap<u32, Part>, Vec<u32>) {
    let partition = &plots.partition;
    let is_one = |a: FaceId, b: FaceId| {
        let (a, b) = (a as usize, b as usize);
        is_narrow[a] && is_narrow[b] && parents[a] == parents[b]
    };
    let mut sets = DisjointSets::new(is_narrow.len());
    for e in 0..partition.edge_count() {
        let (left, right) = partition.sides(e);
        if is_one(left, right) {
            sets.join(left, right);
        }
    }
    let mut parts: BTreeMap<u32, Part> = BTreeMap::new();
    for e in 0..partition.edge_count() {
        let (left, right) = partition.sides(e);
        if is_one(left, right) {
            continue;
        }
        let (a, b) = partition.edge(e);
        for (face, beyond) in [(left, right), (right, left)] {
            let Some(own) = plots.plots[face as usize].filter(|_| is_narrow[face as usize]) else {
                continue;
            };
            let outline = Vec::new();
            let part = parts
                .entry(sets.find(face))
                .or_insert(Part { own, outline });
            part.outline.push((a, b, beyond));
        }
    }
    let count = is_narrow.len() as FaceId;
    (parts, (0..count).map(|face| sets.find(face)).collect())
}

/// What each neighbour takes of a part; nothing where there is one alone.
fn shares(
    (number, part): (u32, &Part),
    plots: &Plots,
    is_narrow: &[bool],
    rules: &Rules,
) -> Vec<Share> {
    let length = |a: Point, b: Point| {
        let (dx, dy) = crate::grid::delta(a, b);
        (dx as f64).hypot(dy as f64)
    };
    // Neighbours by what they are: those of one kind will be one.
    let taker = |beyond: FaceId| {
        let plot = plots.plots[beyond as usize]?;
        let takes = !plot.ossature
            && !is_narrow[beyond as usize]
            && plot.key() != part.own.key()
            && rules.affinity(&part.own, &plot) > 0.0;
        takes.then_some(plot)
    };
    let mut neighbours: BTreeMap<_, (f64, FaceId)> = BTreeMap::new();
    for &(a, b, beyond) in &part.outline {
        if let Some(plot) = taker(beyond) {
            let border = neighbours.entry(plot.key()).or_insert((0.0, beyond));
            border.0 += length(a, b);
            border.1 = border.1.min(beyond);
        }
    }
    let longest = neighbours.values().map(|n| n.0).fold(0.0, f64::max);
    neighbours.retain(|_, (border, _)| *border >= BORDER_LEAST * longest);
    let width = rules.least_width(&part.own);
    let Some(width) = width.filter(|width| *width > 0.0 && neighbours.len() > 1) else {
        return Vec::new();
    };
    let step = SPACING * width * STEPS_PER_METRE;
    let steps = |a: Point, b: Point| (length(a, b) / step).ceil().max(1.0);
    let count: f64 = part.outline.iter().map(|&(a, b, _)| steps(a, b)).sum();
    if count > MOST_POINTS {
        return Vec::new();
    }
    let numbers: BTreeMap<_, usize> = neighbours
        .keys()
        .enumerate()
        .map(|(n, key)| (*key, n))
        .collect();
    let (mut labels, mut others) = (HashMap::new(), Vec::new());
    for &(a, b, beyond) in &part.outline {
        let label = taker(beyond).and_then(|plot| numbers.get(&plot.key()).copied());
        let count = steps(a, b) as i64;
        let along = |from: i32, to: i32, n: i64| {
            let (from, to) = (i64::from(from), i64::from(to));
            (from + (to - from) * n / count) as i32
        };
        for n in 0..=count {
            let point = Point::new(along(a.x, b.x, n), along(a.y, b.y, n));
            match label {
                // Where two neighbours meet, the first in their order has the point.
                Some(label) => {
                    let of = labels.entry(point).or_insert(label);
                    *of = label.min(*of);
                }
                None => others.push(point),
            }
        }
    }
    others.sort_unstable();
    others.dedup();
    // Points where nobody takes are of the nearest who does.
    let mut known: Vec<(Point, usize)> = labels.iter().map(|(p, label)| (*p, *label)).collect();
    known.sort_unstable();
    for point in others {
        let nearest = known
            .iter()
            .min_by(|p, q| length(p.0, point).total_cmp(&length(q.0, point)));
        if let Some(&(_, label)) = nearest {
            labels.entry(point).or_insert(label);
        }
    }
    let mut points: Vec<Point> = labels.keys().copied().collect();
    points.sort_unstable();
    let mut rings: Vec<Vec<Vec<Point>>> = vec![Vec::new(); numbers.len()];
    // Where points lie so that they cannot be triangulated, the part goes whole.
    for triangle in triangulated(&points).unwrap_or_default() {
        let [Some(&p), Some(&q), Some(&r)] = triangle.map(|corner| labels.get(&corner)) else {
            continue;
        };
        if holds(&part.outline, triangle) {
            cut(triangle, [p, q, r], |label, ring| rings[label].push(ring));
        }
    }
    let plots = neighbours
        .into_values()
        .filter_map(|(_, face)| plots.plots[face as usize]);
    let shares = rings
        .into_iter()
        .zip(plots)
        .map(|(rings, neighbour)| Share {
            part: number,
            rings,
            neighbour,
        });
    shares.collect()
}

/// Whether the middle of a triangle lies within an outline.
fn holds(outline: &[(Point, Point, FaceId)], triangle: [Point; 3]) -> bool {
    let sum = |of: fn(Point) -> i32| triangle.iter().map(|&p| f64::from(of(p))).sum::<f64>();
    let (x, y) = (sum(|p| p.x) / 3.0, sum(|p| p.y) / 3.0);
    let crosses = |&&(a, b, _): &&(Point, Point, FaceId)| {
        let (ax, ay, bx, by) = (a.x.into(), a.y.into(), b.x.into(), b.y.into());
        let is_across = (f64::from(a.y) > y) != (f64::from(b.y) > y);
        let at = |ax: f64, ay: f64, bx: f64, by: f64| ax + (y - ay) / (by - ay) * (bx - ax);
        is_across && x < at(ax, ay, bx, by)
    };
    outline.iter().filter(crosses).count() % 2 == 1
}

/// Cuts a triangle by the labels of its corners, through the middle of its sides.
fn cut([p, q, r]: [Point; 3], [a, b, c]: [usize; 3], mut give: impl FnMut(usize, Vec<Point>)) {
    let middle = |p: Point, q: Point| {
        let half = |a: i32, b: i32| ((i64::from(a) + i64::from(b)).div_euclid(2)) as i32;
        Point::new(half(p.x, q.x), half(p.y, q.y))
    };
    // One corner stands alone, or all do.
    let mut part = |[alone, one, other]: [Point; 3], label, rest| {
        let (first, last) = (middle(alone, one), middle(alone, other));
        give(label, vec![alone, first, last]);
        give(rest, vec![first, one, other, last]);
    };
    if a == b && b == c {
        give(a, vec![p, q, r]);
    } else if b == c {
        part([p, q, r], a, b);
    } else if a == c {
        part([q, r, p], b, a);
    } else if a == b {
        part([r, p, q], c, a);
    } else {
        let third = |of: fn(Point) -> i32| {
            let sum: i64 = [p, q, r].iter().map(|&p| i64::from(of(p))).sum();
            sum.div_euclid(3) as i32
        };
        let centre = Point::new(third(|p| p.x), third(|p| p.y));
        give(a, vec![p, middle(p, q), centre, middle(p, r)]);
        give(b, vec![q, middle(q, r), centre, middle(p, q)]);
        give(c, vec![r, middle(p, r), centre, middle(q, r)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partition::Builder;
    use crate::reference::Reference;

    /// A strip of 6 m between two fields, with a bend.
    #[test]
    fn a_strip_is_shared_along_its_middle() {
        let reference = Reference::load(None).unwrap();
        let rules = Rules::new(&reference).unwrap();
        let cover = |text: &str| reference.cover.code(text).unwrap();
        let usage = reference.usage.code("US1.1").unwrap();
        let metres = |x: i32, y: i32| Point::new(100 * x, 100 * y);
        let west = [(0, 0), (47, 0), (57, 100), (47, 200), (0, 200)];
        let strip = [(47, 0), (53, 0), (63, 100), (53, 200), (47, 200), (57, 100)];
        let east = [(53, 0), (120, 0), (120, 200), (53, 200), (63, 100)];
        let mut builder = Builder::new();
        for ring in [&west[..], &strip, &east] {
            let item = builder.item();
            let ring: Vec<Point> = ring.iter().map(|&(x, y)| metres(x, y)).collect();
            builder.ring(item, &ring);
        }
        let overlay = builder.build();
        let codes = ["CS2.2.1", "CS2.1.1.1", "CS2.1.3"].map(cover);
        let count = overlay.partition.face_count();
        let item = |face: usize| overlay.items(face as FaceId).first().copied();
        let plots: Vec<Option<Plot>> = (0..count)
            .map(|face| {
                let cover = codes[item(face)? as usize];
                Some(Plot {
                    cover,
                    usage,
                    if_narrow: usage,
                    ossature: false,
                    in_zone: 0,
                    beyond: None,
                    origin: 0,
                })
            })
            .collect();
        let is_narrow: Vec<bool> = (0..count).map(|face| item(face) == Some(1)).collect();
        let parents: Vec<FaceId> = (0..count as FaceId).collect();
        let before = Plots {
            partition: overlay.partition.clone(),
            plots,
        };
        let (after, is_left) = divide(&before, &parents, &is_narrow, &rules);
        let area = |plots: &Plots, cover| -> i64 {
            let of = plots.faces().filter(|(_, plot)| plot.cover == cover);
            of.map(|(face, _)| plots.partition.area(face)).sum()
        };
        let left: i64 = (0..is_left.len())
            .filter(|&face| is_left[face])
            .map(|face| after.partition.area(face as FaceId))
            .sum();
        let half = area(&before, codes[1]) / 2;
        for field in [codes[0], codes[2]] {
            let gained = area(&after, field) - area(&before, field);
            assert!((gained - half).abs() < half / 20, "{gained} of {half}");
        }
        assert!(left < half / 50, "{left}");
        assert_eq!(after.area(), before.area());
        assert_eq!(after.partition.verify(), Ok(()));
    }

    #[test]
    fn triangles_are_cut_whole() {
        let corners = [Point::new(0, 0), Point::new(300, 0), Point::new(0, 300)];
        for labels in [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 2]] {
            let mut area = 0;
            cut(corners, labels, |_, ring| {
                area += crate::partition::signed_area(&ring);
            });
            assert_eq!(area.abs(), 90_000, "{labels:?}");
        }
    }
}
