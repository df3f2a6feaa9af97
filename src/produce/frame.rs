//! The ground of the communes, to which a vintage is cut.

use super::fused::Fused;
use crate::communes;
use crate::crs::Crs;
use crate::error::Result;
use crate::generalise::{Plot, Plots};
use crate::partition::{Builder, FaceId, Partition, Polygon};
use crate::territory::{Territory, Vintage};

/// The ground of all communes; all ground where there are none.
pub(super) struct Frame {
    communes: Option<Vec<Polygon>>,
}

impl Frame {
    /// Reads the communes of a territory: those of the département of the vintage, where it has one.
    pub(super) fn read(territory: &Territory, vintage: &Vintage, crs: &Crs) -> Result<Self> {
        let Some(communes) = &territory.communes else {
            return Ok(Self { communes: None });
        };
        let communes = communes::read(communes, crs)?;
        let is_of_vintage = |item: &u32| {
            let commune = &communes.list[communes.owners[*item as usize] as usize];
            let wanted = vintage.departement.as_deref();
            wanted.is_none_or(|wanted| *commune.departement == *wanted)
        };
        let overlay = communes.builder.build();
        let keys: Vec<u32> = (0..overlay.partition.face_count() as FaceId)
            .map(|face| u32::from(overlay.items(face).iter().any(is_of_vintage)))
            .collect();
        Ok(Self {
            communes: Some(polygons_of(&overlay.partition, &keys)),
        })
    }

    /// Its area, half cm²; none where all ground is meant.
    pub(super) fn area(&self) -> Option<i64> {
        let communes = self.communes.as_ref()?;
        Some(communes.iter().map(Polygon::area).sum())
    }

    /// The plots that lie in it.
    pub(super) fn cut(&self, plots: &Plots) -> Plots {
        let Some(communes) = &self.communes else {
            return plots.clone();
        };
        let relaid = plots.partition.relay(communes);
        let part = |(face, parent): (usize, &FaceId)| {
            let plot = plots.plots[*parent as usize]?;
            if relaid.shapes[face].is_empty() {
                return None;
            }
            let area = i128::from(relaid.partition.area(face as FaceId));
            let whole = i128::from(plots.partition.area(*parent)).max(1);
            Some(Plot {
                in_zone: (i128::from(plot.in_zone) * area / whole) as i64,
                ..plot
            })
        };
        let cut = relaid.parents.iter().enumerate().map(part).collect();
        Plots {
            partition: relaid.partition,
            plots: cut,
        }
        .dissolve()
    }

    /// The parts of polygons, which do not overlap, that lie in it.
    pub(super) fn cut_polygons(&self, polygons: &[Polygon]) -> Vec<Polygon> {
        let Some(communes) = &self.communes else {
            return polygons.to_vec();
        };
        let mut builder = Builder::new();
        for polygon in communes.iter().chain(polygons) {
            let item = builder.item();
            for ring in std::iter::once(&polygon.exterior).chain(&polygon.holes) {
                builder.ring(item, ring);
            }
        }
        let overlay = builder.build();
        let first = communes.len() as u32;
        let keys: Vec<u32> = (0..overlay.partition.face_count() as FaceId)
            .map(|face| {
                let items = overlay.items(face);
                let is_here = items.iter().any(|&i| i < first) && items.iter().any(|&i| i >= first);
                u32::from(is_here)
            })
            .collect();
        polygons_of(&overlay.partition, &keys)
    }

    /// The area, half cm², of the ground in it of which something is told.
    pub(super) fn ground(&self, fused: &Fused) -> i64 {
        let keys: Vec<u32> = (0..fused.partition.face_count() as FaceId)
            .map(|face| {
                let is_told = fused.seen(face).is_some()
                    || fused
                        .candidates(face)
                        .iter()
                        .any(|c| c.evidence.cover.is_some());
                u32::from(fused.in_frame[face as usize] && is_told)
            })
            .collect();
        let told = polygons_of(&fused.partition, &keys);
        let parts = self.cut_polygons(&told);
        parts.iter().map(Polygon::area).sum()
    }
}

/// The polygons of the faces whose key is 1, those that touch in one.
fn polygons_of(partition: &Partition, keys: &[u32]) -> Vec<Polygon> {
    let dissolved = partition.dissolve(keys);
    (1..dissolved.members.len() as FaceId)
        .filter(|&face| keys[dissolved.members[face as usize] as usize] == 1)
        .filter_map(|face| dissolved.partition.polygon(face))
        .collect()
}
