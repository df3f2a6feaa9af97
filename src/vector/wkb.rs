//! Well-known binary.

use crate::partition::Polygon;

/// Little-endian WKB of any number of polygons, coordinates in metres.
pub fn wkb_of_all(polygons: &[Polygon]) -> Vec<u8> {
    let mut bytes = vec![1];
    bytes.extend(6u32.to_le_bytes());
    bytes.extend((polygons.len() as u32).to_le_bytes());
    bytes.extend(polygons.iter().flat_map(wkb));
    bytes
}

/// Little-endian WKB of a polygon, coordinates in metres.
pub fn wkb(polygon: &Polygon) -> Vec<u8> {
    let rings = 1 + polygon.holes.len();
    let mut bytes = Vec::with_capacity(9 + 4 * rings + 16 * polygon.point_count());
    bytes.push(1);
    bytes.extend(3u32.to_le_bytes());
    bytes.extend((rings as u32).to_le_bytes());
    for ring in polygon.rings() {
        bytes.extend((ring.len() as u32).to_le_bytes());
        for point in ring {
            let (x, y) = point.metres();
            bytes.extend(x.to_le_bytes());
            bytes.extend(y.to_le_bytes());
        }
    }
    bytes
}
