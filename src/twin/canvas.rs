//! What a cell is drawn with.

use super::cadastre::{Cadastre, Lot, Surroundings};
use super::chance::Chance;
use super::scene::Scene;
use super::sites::Draft;

/// Where there is room, what is painted so far, and chance.
pub(super) struct Canvas {
    pub(super) cadastre: Cadastre,
    pub(super) scene: Scene,
    pub(super) chance: Chance,
}

impl Canvas {
    /// Takes a lot of about this size, in these surroundings if it can be.
    pub(super) fn find(&mut self, size: (f64, f64), surroundings: &Surroundings) -> Lot {
        self.cadastre.find(size, surroundings, &mut self.chance)
    }

    /// Begins a site on a lot.
    pub(super) fn draft<'a>(&'a mut self, lot: &'a Lot) -> Draft<'a> {
        Draft {
            scene: &mut self.scene,
            lot,
            chance: &mut self.chance,
        }
    }
}
