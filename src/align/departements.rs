//! Which département the ground is in.

use std::sync::Arc;

use super::NONE;
use crate::communes::{Commune, NO_DEPARTEMENT};
use crate::error::{Error, Result, suggest};
use crate::vintage::Vintage;

/// Refuses vintages of several départements where no commune tells which ground is whose.
pub(super) fn require_one_departement(vintages: &[Vintage]) -> Result<()> {
    let first = vintages.first().and_then(|v| v.departement.as_deref());
    match vintages.iter().find(|v| v.departement.as_deref() != first) {
        Some(vintage) => Err(Error::input(
            format!("vintage {}", vintage.year),
            "is not of the same département as the others, and there are no communes",
            "add [communes], which tell the départements, or leave `departement` out",
        )),
        None => Ok(()),
    }
}

/// The département of a territory without communes: that of its vintages, if they have one.
pub(super) fn whole_departement(vintages: &[Vintage]) -> &str {
    let declared = vintages.first().and_then(|v| v.departement.as_deref());
    match declared {
        Some(one)
            if vintages
                .iter()
                .all(|v| v.departement.as_deref() == Some(one)) =>
        {
            one
        }
        _ => NO_DEPARTEMENT,
    }
}

/// Refuses a vintage that is about a département in which there is no ground.
pub(super) fn require_departements(vintages: &[Vintage], departements: &[Arc<str>]) -> Result<()> {
    let is_lost = |v: &&Vintage| {
        let own = v.departement.as_deref();
        own.is_some_and(|own| departements.iter().all(|d| &**d != own))
    };
    match vintages.iter().find(is_lost) {
        Some(vintage) => {
            let own = vintage.departement.as_deref().unwrap_or_default();
            Err(Error::input(
                format!("vintage {}", vintage.year),
                format!("is said to be about the département {own}, where there is no ground"),
                suggest(own, departements.iter().map(|d| &**d)),
            ))
        }
        None => Ok(()),
    }
}

/// The département of each face of the frame: its commune's; else the only one there is; else
/// that of a vintage which covers it.
pub(super) fn assign_departements(
    communes: &[Commune],
    vintages: &[Vintage],
    commune: &[u32],
    objects: &[Vec<u32>],
    in_frame: &[bool],
) -> (Vec<Arc<str>>, Vec<u32>) {
    let mut departements: Vec<Arc<str>> = communes.iter().map(|c| c.departement.clone()).collect();
    departements.sort();
    departements.dedup();
    let of_communes = departements.clone();
    for vintage in vintages {
        departements.extend(vintage.departement.as_deref().map(Arc::from));
    }
    if of_communes.len() != 1 {
        departements.push(NO_DEPARTEMENT.into());
    }
    departements.sort();
    departements.dedup();
    let place = |name: &str| {
        departements
            .iter()
            .position(|d| &**d == name)
            .map_or(NONE, |n| n as u32)
    };
    let of_commune: Vec<u32> = communes.iter().map(|c| place(&c.departement)).collect();
    let of_vintage: Vec<Option<u32>> = vintages
        .iter()
        .map(|v| v.departement.as_deref().map(place))
        .collect();
    let elsewhere = match of_communes.as_slice() {
        [only] => place(only),
        _ => place(NO_DEPARTEMENT),
    };
    let departement: Vec<u32> = (0..commune.len())
        .map(|f| {
            if !in_frame[f] {
                return NONE;
            }
            if commune[f] != NONE {
                return of_commune[commune[f] as usize];
            }
            (0..vintages.len())
                .find_map(|v| of_vintage[v].filter(|_| objects[v][f] != NONE))
                .unwrap_or(elsewhere)
        })
        .collect();
    let mut used = vec![false; departements.len()];
    for &d in departement.iter().filter(|&&d| d != NONE) {
        used[d as usize] = true;
    }
    // Only those that have ground are kept.
    let mut numbers = vec![NONE; departements.len()];
    let mut kept = Vec::new();
    for (n, name) in departements.into_iter().enumerate() {
        if used[n] {
            numbers[n] = kept.len() as u32;
            kept.push(name);
        }
    }
    let renumber = |d: u32| if d == NONE { NONE } else { numbers[d as usize] };
    (kept, departement.into_iter().map(renumber).collect())
}
