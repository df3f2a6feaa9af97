//! The engine's overlay against what must hold of it and against an engine that is not ours.

use millesime::grid::Point;
use millesime::partition::{Builder, Dissolved, Overlay, signed_area};
use proptest::prelude::*;

type Ring = Vec<Point>;

fn rings(range: i32, most: usize) -> impl Strategy<Value = Vec<Ring>> {
    let point = (-range..=range, -range..=range).prop_map(|(x, y)| Point::new(x, y));
    prop::collection::vec(prop::collection::vec(point, 3..9), 1..most)
}

fn overlay(rings: &[Ring]) -> Overlay {
    let mut builder = Builder::new();
    for ring in rings {
        let item = builder.item();
        builder.ring(item, ring);
    }
    builder.build()
}

/// Polygons of all faces but the outside.
fn polygons(overlay: &Overlay) -> Vec<(Vec<u32>, millesime::partition::Polygon)> {
    (1..overlay.partition.face_count() as u32)
        .map(|f| {
            let polygon = overlay
                .partition
                .polygon(f)
                .expect("a bounded face has a ring");
            assert_eq!(polygon.area(), overlay.partition.area(f));
            assert!(signed_area(&polygon.exterior) > 0);
            assert!(polygon.holes.iter().all(|h| signed_area(h) < 0));
            (overlay.items(f).to_vec(), polygon)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn tangles_become_partitions(rings in rings(20, 8)) {
        let overlay = overlay(&rings);
        prop_assert_eq!(overlay.verify(), Ok(()));
        polygons(&overlay);
    }

    #[test]
    fn overlaying_the_faces_again_gives_the_same_faces(rings in rings(40, 6)) {
        let first = overlay(&rings);
        let mut builder = Builder::new();
        let faces = polygons(&first);
        for (_, polygon) in &faces {
            let item = builder.item();
            builder.ring(item, &polygon.exterior);
            for hole in &polygon.holes {
                builder.ring(item, hole);
            }
        }
        let second = builder.build();
        prop_assert_eq!(second.noding_passes(), 0);
        // Gaps between the rings may merge with the outside: compare the covered faces.
        let areas: Vec<i64> = faces.iter().map(|(_, p)| p.area()).collect();
        prop_assert_eq!(second.item_areas(), areas);
    }

    #[test]
    fn order_and_threads_do_not_matter(rings in rings(200, 12), turn in 0usize..12) {
        let with_threads = |threads: usize, rings: &[Ring]| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| overlay(rings))
        };
        let one = with_threads(1, &rings);
        let seven = with_threads(7, &rings);
        prop_assert_eq!(&one.partition, &seven.partition);
        let mut turned = rings.clone();
        turned.rotate_left(turn % rings.len());
        prop_assert_eq!(&one.partition, &overlay(&turned).partition);
    }

    #[test]
    fn dissolving_adds_areas_up(rings in rings(100, 10), colours in 1u32..4) {
        let overlay = overlay(&rings);
        let keys: Vec<u32> = (0..overlay.partition.face_count() as u32)
            .map(|f| if f == 0 { u32::MAX } else { (f * 7) % colours })
            .collect();
        let Dissolved { partition: dissolved, members, merged } = overlay.partition.dissolve(&keys);
        prop_assert!(members.iter().zip(0..).all(|(&m, f)| merged[m as usize] == f));
        prop_assert_eq!(dissolved.verify(), Ok(()));
        let sum = |p: &dyn Fn(u32) -> (u32, i64), n: usize| {
            let mut sums = std::collections::BTreeMap::new();
            for f in 1..n as u32 {
                let (key, area) = p(f);
                *sums.entry(key).or_insert(0i64) += area;
            }
            sums
        };
        let before = sum(&|f| (keys[f as usize], overlay.partition.area(f)), keys.len());
        let after = sum(
            &|f| (keys[members[f as usize] as usize], dissolved.area(f)),
            members.len(),
        );
        prop_assert_eq!(before, after);
        for f in 1..dissolved.face_count() as u32 {
            prop_assert_eq!(dissolved.polygon(f).unwrap().area(), dissolved.area(f));
        }
    }

    #[test]
    fn areas_agree_with_another_engine(rings in rings(100_000, 5)) {
        use i_overlay::core::{fill_rule::FillRule, overlay_rule::OverlayRule};
        use i_overlay::float::single::SingleFloatOverlay;
        let overlay = overlay(&rings);
        let contour = |ring: &Ring| -> Vec<[f64; 2]> {
            ring.iter().map(|p| [f64::from(p.x), f64::from(p.y)]).collect()
        };
        let shape_area = |shapes: Vec<Vec<Vec<[f64; 2]>>>| -> f64 {
            shapes.iter().flatten().map(|c| {
                c.iter().zip(c.iter().cycle().skip(1))
                    .map(|(p, q)| p[0] * q[1] - q[0] * p[1]).sum::<f64>()
            }).sum()
        };
        // What rounding to the grid may move: a few steps along every boundary.
        let length: f64 = rings.iter().flatten().zip(rings.iter().flatten().skip(1))
            .map(|(p, q)| f64::from(p.x - q.x).hypot(f64::from(p.y - q.y))).sum();
        let slack = 8.0 * (length + 100_000.0);
        for i in 0..rings.len() {
            for j in 0..i {
                let expected = shape_area(contour(&rings[i]).overlay(
                    &contour(&rings[j]), OverlayRule::Intersect, FillRule::EvenOdd));
                let found: i64 = (1..overlay.partition.face_count() as u32)
                    .filter(|&f| [i, j].iter().all(|&n| overlay.items(f).contains(&(n as u32))))
                    .map(|f| overlay.partition.area(f)).sum();
                prop_assert!((found as f64 - expected.abs()).abs() <= slack,
                    "{found} against {expected}");
            }
        }
    }
}

#[test]
fn holes_islands_and_touching_rings_are_told_apart() {
    let square = |x: i32, y: i32, size: i32| {
        vec![
            Point::new(x, y),
            Point::new(x + size, y),
            Point::new(x + size, y + size),
            Point::new(x, y + size),
        ]
    };
    // A frame with a hole, an island in the hole, and an island touching the hole's corner.
    let mut builder = Builder::new();
    let frame = builder.item();
    builder.ring(frame, &square(0, 0, 100));
    builder.ring(frame, &square(10, 10, 50));
    for island in [square(20, 20, 10), square(60, 60, 10)] {
        let item = builder.item();
        builder.ring(item, &island);
    }
    let overlay = builder.build();
    assert_eq!(overlay.verify(), Ok(()));
    assert_eq!(overlay.item_areas(), [2 * (10_000 - 2_500), 200, 200]);
    // Frame less its inner square and the lone square (inside the frame: both items), the hole
    // less its island, the island, the lone square.
    let mut labelled: Vec<_> = polygons(&overlay)
        .into_iter()
        .map(|(items, polygon)| (items, polygon.area(), polygon.holes.len()))
        .collect();
    labelled.sort();
    assert_eq!(
        labelled,
        [
            (vec![], 4_800, 1),
            (vec![0], 14_800, 2),
            (vec![0, 2], 200, 0),
            (vec![1], 200, 0),
        ]
    );
}

#[test]
fn thousands_of_segments_through_one_point() {
    let mut builder = Builder::new();
    for n in 0..2_000i32 {
        let (x, y) = ((n - 1000) * 100, 100_000);
        let item = builder.item();
        builder.ring(
            item,
            &[Point::new(-x, -y), Point::new(x, y), Point::new(x + 37, y)],
        );
    }
    assert_eq!(builder.build().verify(), Ok(()));
}

#[test]
fn nothing_makes_an_empty_partition() {
    let overlay = Builder::new().build();
    assert_eq!(overlay.partition.face_count(), 1);
    assert_eq!(overlay.verify(), Ok(()));
}
