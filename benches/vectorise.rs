//! Our side of the benchmark of vectorisation: a label raster that `labels.py` makes becomes smooth
//! lines and a partition, timed as `vectorise_peers.py` times GDAL and GEOS. One JSON line.
//!
//! ```text
//! vectorise LABELS.bin SIDE
//! ```

use std::time::Instant;

use millesime::partition::Builder;
use millesime::raster::Placing;
use millesime::vectorise::{Drawing, NO_LABEL, Tracer, lines};

/// A value of /proc/self/status, MB.
fn memory(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name));
    let kilobytes = line.and_then(|l| l.split_whitespace().nth(1)?.parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1024.0
}

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let [path, side] = arguments.as_slice() else {
        return;
    };
    let side: usize = side.parse().expect("SIDE is a number of pixels");
    let bytes = std::fs::read(path).expect("labels.py makes the file");
    let before = memory("VmRSS");
    let start = Instant::now();
    let mut tracer = Tracer::new(side);
    let mut row = vec![NO_LABEL; side];
    for pixels in bytes.chunks_exact(side) {
        for (label, &pixel) in row.iter_mut().zip(pixels) {
            *label = pixel.into();
        }
        tracer.row(&row);
    }
    let arcs = tracer.finish();
    let traced = start.elapsed().as_secs_f64();
    let placing = Placing {
        origin: (0.0, side as f64),
        pixel: 1.0,
    };
    let lines = lines(&arcs, placing, Drawing::Smooth).expect("on the grid");
    drop(arcs);
    let drawn = start.elapsed().as_secs_f64();
    let mut builder = Builder::new();
    for _ in 0..=u8::MAX {
        builder.item();
    }
    let mut points = 0;
    for line in lines {
        points += line.points.len();
        for label in [line.left, line.right] {
            if label != NO_LABEL {
                builder.line(label.into(), &line.points);
            }
        }
    }
    let overlay = builder.build();
    let area: i64 = overlay.item_areas().iter().sum();
    let seconds = start.elapsed().as_secs_f64();
    overlay.verify().expect("a partition");
    println!(
        "{{\"peer\":\"millesime\",\"operation\":\"vectorise\",\"side\":{side},\"seconds\":{seconds:.3},\
         \"traced\":{traced:.3},\"drawn\":{drawn:.3},\"faces\":{},\"points\":{points},\
         \"crossings\":{},\"area_m2\":{:.3},\"rss_before_mb\":{before:.0},\"rss_peak_mb\":{:.0}}}",
        overlay.partition.face_count() - 1,
        overlay.noding_passes(),
        area as f64 / 20_000.0,
        memory("VmHWM"),
    );
}
