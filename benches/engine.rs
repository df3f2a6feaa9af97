//! Our side of the benchmark: the partition engine on the data that `data.py` makes, timed as
//! `peers.py` times the others. One measure a process, printed as one JSON line.
//!
//! ```text
//! engine DIR overlay|cut|dissolve
//! ```

use std::path::Path;
use std::time::Instant;

use millesime::grid::{HALF_CM2_PER_M2, Point};
use millesime::partition::{Builder, FaceId, ItemId, Overlay};

/// A polygon of the flat binary files that `data.py` describes.
struct Polygon {
    label: u32,
    rings: Vec<Vec<Point>>,
}

fn load(path: &Path) -> Vec<Polygon> {
    let bytes = std::fs::read(path).expect("data.py makes the file");
    let mut words = bytes
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
    let mut polygons = Vec::new();
    while let Some(label) = words.next() {
        let mut number = || words.next().expect("the file ends with a polygon");
        let rings = (0..number())
            .map(|_| {
                (0..number())
                    .map(|_| Point::new(number() as i32, number() as i32))
                    .collect()
            })
            .collect();
        polygons.push(Polygon { label, rings });
    }
    polygons
}

/// Adds polygons, each an item of its own; returns the first.
fn add(builder: &mut Builder, polygons: &[Polygon]) -> ItemId {
    let first = builder.item_count();
    for polygon in polygons {
        let item = builder.item();
        for ring in &polygon.rings {
            builder.ring(item, ring);
        }
    }
    first
}

/// Two layers in one builder, and the first item of the second.
fn lay(first: &[Polygon], second: &[Polygon]) -> (Builder, ItemId) {
    let collect = |polygons| {
        let mut builder = Builder::new();
        add(&mut builder, polygons);
        builder
    };
    let (mut builder, second) = rayon::join(|| collect(first), || collect(second));
    let start = builder.append(second);
    (builder, start)
}

/// The ground of a layer as one item, in which the lines between its polygons cancel, and another layer.
fn lay_whole(ground: &[Polygon], others: &[Polygon]) -> (Builder, ItemId) {
    let mut builder = Builder::new();
    let whole = builder.item();
    for ring in ground.iter().flat_map(|polygon| &polygon.rings) {
        builder.ring(whole, ring);
    }
    let start = add(&mut builder, others);
    (builder, start)
}

/// What a measure found: rows of the result, connected polygons, area.
struct Found {
    pieces: usize,
    faces: usize,
    area: i64,
}

/// The pieces that two dates cut each other into: pairs of polygons that share ground.
fn overlay(first: &[Polygon], second: &[Polygon]) -> Found {
    let (builder, start) = lay(first, second);
    let overlay = builder.build();
    let mut pairs: Vec<(ItemId, ItemId, i64)> = (1..overlay.partition.face_count() as FaceId)
        .filter_map(|face| match *overlay.items(face) {
            [a, b] if a < start && b >= start => Some((a, b, overlay.partition.area(face))),
            _ => None,
        })
        .collect();
    let (faces, area) = (pairs.len(), pairs.iter().map(|pair| pair.2).sum());
    pairs.sort_unstable();
    let pieces = pairs.chunk_by(|p, q| (p.0, p.1) == (q.0, q.1)).count();
    Found {
        pieces,
        faces,
        area,
    }
}

/// Faces merged by commune: the partition, and the polygons with their areas.
fn merge(overlay: &Overlay, communes: &[Polygon], start: ItemId) -> Found {
    let keys: Vec<u32> = (0..overlay.partition.face_count() as FaceId)
        .map(|face| match overlay.items(face).last() {
            Some(&item) if item >= start => communes[(item - start) as usize].label + 1,
            _ => 0,
        })
        .collect();
    let dissolved = overlay.partition.dissolve(&keys);
    let mut area = 0;
    let mut labels = Vec::new();
    for (face, &member) in dissolved.members.iter().enumerate().skip(1) {
        let polygon = dissolved.partition.polygon(face as FaceId);
        area += polygon.map_or(0, |p| p.area());
        labels.push(keys[member as usize]);
    }
    let faces = labels.len();
    labels.sort_unstable();
    labels.dedup();
    Found {
        pieces: labels.len(),
        faces,
        area,
    }
}

/// A field of /proc/self/status, in megabytes.
fn memory(field: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field));
    let kib = line
        .and_then(|l| l.split_whitespace().nth(1))
        .and_then(|v| v.parse::<f64>().ok());
    kib.unwrap_or(f64::NAN) / 1024.0
}

/// Runs `work` under the clock, and prints the measure.
fn measure(operation: &str, input_faces: usize, work: impl FnOnce() -> Found) {
    // Restarts the count of the highest memory.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = memory("VmRSS");
    let start = Instant::now();
    let found = work();
    let seconds = start.elapsed().as_secs_f64();
    let line = serde_json::json!({
        "peer": "millesime",
        "version": env!("CARGO_PKG_VERSION"),
        "operation": operation,
        "seconds": seconds,
        "rss_before_mb": before,
        "rss_peak_mb": memory("VmHWM"),
        "pieces": found.pieces,
        "faces": found.faces,
        "area_m2": found.area as f64 / HALF_CM2_PER_M2 as f64,
        "input_faces": input_faces,
    });
    println!("{line}");
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, operation, ..] = arguments.as_slice() else {
        // `cargo test --benches` and a bare `cargo bench` call without arguments.
        return eprintln!("engine DIR overlay|cut|dissolve: `make bench` calls it");
    };
    let folder = Path::new(folder);
    let layer = |name: &str| load(&folder.join(format!("{name}.bin")));
    let first = layer("date1");
    match operation.as_str() {
        "overlay" => {
            let second = layer("date2");
            measure("overlay", first.len() + second.len(), || {
                overlay(&first, &second)
            });
        }
        "cut" => {
            let communes = layer("communes");
            measure("cut", first.len(), || {
                let (builder, start) = lay_whole(&first, &communes);
                merge(&builder.build(), &communes, start)
            });
        }
        "dissolve" => {
            let communes = layer("communes");
            let mut builder = Builder::new();
            add(&mut builder, &first);
            add(&mut builder, &layer("date2"));
            let start = add(&mut builder, &communes);
            let overlay = builder.build();
            let faces = overlay.partition.face_count() - 1;
            measure("dissolve", faces, || merge(&overlay, &communes, start));
        }
        other => eprintln!("{other} is not an operation: overlay, cut or dissolve"),
    }
}
