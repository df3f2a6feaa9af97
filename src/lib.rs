//! OCS GE vintages on one exact partition of the ground.

#![warn(missing_docs)]

pub mod grid;
pub mod partition;
