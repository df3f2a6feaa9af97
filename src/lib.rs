//! OCS GE vintages on one exact partition of the ground.

#![warn(missing_docs)]

pub mod accuracy;
pub mod align;
pub mod archive;
pub mod artificial;
pub mod check;
pub mod cog;
pub mod collection;
pub mod communes;
pub mod compare;
pub mod corrections;
pub mod crossings;
pub mod crs;
pub mod dataset;
pub mod enaf;
pub mod error;
pub mod evaluate;
pub mod explain;
pub mod fetch;
pub mod fuse;
pub mod generalise;
pub mod grid;
pub mod indicators;
pub mod ledger;
pub mod levels;
pub mod partition;
pub mod population;
pub mod predict;
pub mod produce;
pub mod progress;
pub mod publish;
pub mod query;
pub mod raster;
pub mod reference;
pub mod review;
pub mod run;
pub mod sample;
pub mod territory;
pub mod trajectory;
pub mod twin;
pub mod vector;
pub mod vectorise;
pub mod vintage;
