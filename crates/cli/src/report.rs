//! The report: what a log holds of rare ports, as one HTML file.
//!
//! [`collect`] gathers while the log is read, in bins of time of [`bins`];
//! [`document`] decides what of it is shown, and how much there is [`room`] for; [`page`] puts that into
//! HTML. How it looks and what it does in a browser is in `assets/`.

mod bins;
mod collect;
mod cut;
mod document;
mod embedded;
mod lanes;
mod page;
mod ports;
mod room;
mod rules;
mod summary;

pub(crate) use self::bins::{Axis, Presence};
pub(crate) use self::collect::Collector;
pub(crate) use self::document::Document;
pub(crate) use self::page::write;
pub(crate) use self::ports::{MOST_PORTS, Names, Users, WHO_FIELDS, Who};
pub(crate) use self::summary::without_rarity;
