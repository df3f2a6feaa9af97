//! Polygons out of well-known binary.

/// The points of a ring, in the units of its CRS, as the file has them.
pub type Ring = Vec<(f64, f64)>;

/// What the WKB of one row holds.
#[derive(Debug, Default, PartialEq)]
pub struct Shape {
    /// The rings of each polygon.
    pub polygons: Vec<Vec<Ring>>,
    /// Number of points, lines and other geometries that cover no ground.
    pub others: usize,
}

/// Reads polygons, multi-polygons and collections of them, with or without Z and M (which are
/// dropped), of either byte order, ISO or EWKB; `None` when the bytes are not well formed.
pub fn polygons(wkb: &[u8]) -> Option<Shape> {
    let mut shape = Shape::default();
    let mut bytes = Bytes {
        rest: wkb,
        little: true,
    };
    bytes.geometry(&mut shape, 0)?;
    Some(shape)
}

struct Bytes<'a> {
    rest: &'a [u8],
    little: bool,
}

/// Collections nested deeper than this are taken for damage.
const DEEPEST: usize = 16;

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*head)
    }

    fn count(&mut self) -> Option<u32> {
        let bytes = self.take()?;
        Some(if self.little {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        })
    }

    fn number(&mut self) -> Option<f64> {
        let bytes = self.take()?;
        Some(if self.little {
            f64::from_le_bytes(bytes)
        } else {
            f64::from_be_bytes(bytes)
        })
    }

    fn geometry(&mut self, shape: &mut Shape, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        self.little = self.take::<1>()?[0] != 0;
        let code = self.count()?;
        // EWKB flags Z, M and SRID in the high bits, ISO adds 1000 for Z and 2000 for M.
        if code & 0x2000_0000 != 0 {
            self.count()?;
        }
        let iso = code & 0x1FFF_FFFF;
        let has_z = code & 0x8000_0000 != 0 || matches!(iso / 1000, 1 | 3);
        let has_m = code & 0x4000_0000 != 0 || matches!(iso / 1000, 2 | 3);
        let extra = usize::from(has_z) + usize::from(has_m);
        match iso % 1000 {
            1 => {
                self.points(1, extra)?;
                shape.others += 1;
            }
            2 => {
                let count = self.count()?;
                self.points(count, extra)?;
                shape.others += 1;
            }
            3 => {
                let rings = self.count()?;
                let mut polygon = Vec::new();
                for _ in 0..rings {
                    let count = self.count()?;
                    polygon.push(self.points(count, extra)?);
                }
                if !polygon.is_empty() {
                    shape.polygons.push(polygon);
                }
            }
            4..=7 => {
                for _ in 0..self.count()? {
                    self.geometry(shape, depth + 1)?;
                }
            }
            _ => return None,
        }
        Some(())
    }

    fn points(&mut self, count: u32, extra: usize) -> Option<Ring> {
        let size = (2 + extra) * 8;
        if self.rest.len() < size.checked_mul(count as usize)? {
            return None;
        }
        let mut ring = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let point = (self.number()?, self.number()?);
            for _ in 0..extra {
                self.number()?;
            }
            ring.push(point);
        }
        Some(ring)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon_z() -> Vec<u8> {
        let mut wkb = vec![1];
        wkb.extend(1003u32.to_le_bytes());
        wkb.extend(1u32.to_le_bytes());
        wkb.extend(4u32.to_le_bytes());
        for (x, y) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)] {
            for v in [x, y, 9.0f64] {
                wkb.extend(v.to_le_bytes());
            }
        }
        wkb
    }

    #[test]
    fn z_is_dropped() {
        let shape = polygons(&polygon_z()).unwrap();
        assert_eq!(
            shape.polygons,
            [[vec![(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)]]]
        );
    }

    #[test]
    fn damage_is_found_and_never_followed() {
        let whole = polygon_z();
        for length in 0..whole.len() {
            assert_eq!(polygons(&whole[..length]), None);
        }
        let mut huge = whole;
        huge[9..13].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(polygons(&huge), None);
    }
}
