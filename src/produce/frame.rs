//! The ground of the communes, to which a vintage is cut.

use super::fused::Fused;
use crate::communes;
use crate::crs::Crs;
use crate::error::Result;
use crate::generalise::Plots;
use crate::partition::{Builder, FaceId, Polygon};
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
        let is_picked: Vec<bool> = (0..overlay.partition.face_count() as FaceId)
            .map(|face| overlay.items(face).iter().any(is_of_vintage))
            .collect();
        Ok(Self {
            communes: Some(overlay.partition.polygons_of(&is_picked)),
        })
    }

    /// Its area as it was drawn, half cm²; none where all ground is meant.
    pub(super) fn area(&self) -> Option<i64> {
        let communes = self.communes.as_ref()?;
        Some(communes.iter().map(Polygon::area).sum())
    }

    /// The plots that lie in it, and its area as it is laid on them, half cm².
    pub(super) fn cut(&self, plots: &Plots) -> (Plots, i64) {
        let Some(communes) = &self.communes else {
            return (plots.clone(), plots.area());
        };
        plots.within(communes)
    }

    /// The parts of polygons, which do not overlap, that lie in it.
    pub(super) fn cut_polygons(&self, polygons: &[Polygon]) -> Vec<Polygon> {
        let Some(communes) = &self.communes else {
            return polygons.to_vec();
        };
        let mut builder = Builder::new();
        for polygon in communes.iter().chain(polygons) {
            let item = builder.item();
            for ring in polygon.rings() {
                builder.ring(item, ring);
            }
        }
        let overlay = builder.build();
        let first = communes.len() as u32;
        let is_picked: Vec<bool> = (0..overlay.partition.face_count() as FaceId)
            .map(|face| {
                let items = overlay.items(face);
                items.iter().any(|&i| i < first) && items.iter().any(|&i| i >= first)
            })
            .collect();
        overlay.partition.polygons_of(&is_picked)
    }

    /// The area, half cm², of the ground in it of which something is told.
    pub(super) fn ground(&self, fused: &Fused) -> i64 {
        let is_picked: Vec<bool> = (0..fused.partition.face_count() as FaceId)
            .map(|face| {
                let is_told = fused.seen(face).is_some()
                    || fused
                        .candidates(face)
                        .iter()
                        .any(|c| c.evidence.cover.is_some());
                fused.is_reached(face) && is_told
            })
            .collect();
        let told = fused.partition.polygons_of(&is_picked);
        let parts = self.cut_polygons(&told);
        parts.iter().map(Polygon::area).sum()
    }
}
