//! A log that several threads read, as a stream of what is made of its
//! connections: the same as its [`ConnectionStream`] gives, made by the same
//! code.
//!
//! The items of a part go from thread to thread in a [`Bundle`]: what lies
//! scattered in the memory of one core is slow to fetch from another.
//!
//! [`ConnectionStream`]: super::ConnectionStream

use std::cell::RefCell;
use std::marker::PhantomData;
use std::mem;

use anyhow::Result;
use auditparse::Connection;

use super::Input;
use super::merge::{FromConnection, Stream, Taking};
use super::threads::{Account, Cut, Done, Lanes, Unit, Work};
use super::totals::Totals;
use super::window::Window;

/// Items of a part side by side in memory, in a place that is used again. They
/// are taken out in the order in which they were put in.
pub(crate) trait Bundle: Default + Send {
    /// What is taken out.
    type Item;

    /// Empties it.
    fn clear(&mut self);

    /// Takes out the next one, if there is one. What all items of a log have in
    /// common stays in the place as it is.
    fn take_out(&mut self, place: &mut Self::Item);

    /// Bytes that it takes.
    fn size(&self) -> usize;
}

/// Makes items of connections, and puts them into bundles.
pub(crate) struct MakeItems<T, B, F> {
    maker: T,
    put: F,
    window: Window,
    bundles: PhantomData<fn() -> B>,
}

impl<T: FromConnection, B: Bundle, F: Fn(&T::Item, &mut B)> MakeItems<T, B, F> {
    /// What the maker makes of the connections that the input wants, put into
    /// bundles by `put`.
    pub(crate) fn new(input: &Input<'_>, maker: T, put: F) -> MakeItems<T, B, F> {
        MakeItems { maker, put, window: input.window, bundles: PhantomData }
    }
}

/// Items of a part.
#[derive(Default)]
pub(crate) struct Items<B> {
    bundle: B,
    /// Of each of them, the time by which streams are merged.
    times: Vec<i64>,
    /// Of each message, how many items come before it.
    said_at: Vec<usize>,
}

impl<T, B, F> Work for MakeItems<T, B, F>
where
    T: FromConnection + Clone + Sync,
    B: Bundle,
    F: Fn(&T::Item, &mut B) + Sync,
{
    type Made = Items<B>;
    type Tools = T;

    fn unit(&self) -> Unit {
        if self.maker.wants_other_events() { Unit::Events } else { Unit::Connections }
    }

    fn tools(&self) -> T {
        self.maker.clone()
    }

    fn make(
        &self,
        part: &Cut<'_>,
        maker: &mut T,
        made: &mut Items<B>,
        account: &mut Account,
    ) -> Result<()> {
        let taking = Taking { window: self.window, host: part.host };
        let Account { totals, met, .. } = account;
        let mut said_at = part.said_at.iter().peekable();
        made.bundle.clear();
        made.times.clear();
        made.said_at.clear();
        let mut count = 0;
        let mut take = |made: &mut Items<B>, maker: &T, is_read: bool| {
            while said_at.next_if(|&&at| at <= count).is_some() {
                made.said_at.push(made.times.len());
            }
            count += 1;
            if is_read {
                made.times.push(maker.time());
                (self.put)(maker.item(), &mut made.bundle);
            }
        };
        match self.unit() {
            Unit::Connections => {
                for connection in part.batch.connections() {
                    let is_read = |connection: Connection<'_>| {
                        taking.connection(&connection, maker, totals, met)
                    };
                    let is_read = connection.is_ok_and(is_read);
                    take(made, maker, is_read);
                }
            }
            Unit::Events | Unit::Records => {
                for event in part.batch.events() {
                    let is_read = taking.event(&event, maker, totals, met);
                    take(made, maker, is_read);
                }
            }
        }
        made.said_at.resize(part.said_at.len(), made.times.len());
        Ok(())
    }

    fn size(made: &Items<B>) -> usize {
        made.bundle.size() + size_of_val(&*made.times)
    }
}

/// The items of a lane.
pub(crate) struct LaneStream<'a, B: Bundle> {
    input: &'a Input<'a>,
    lanes: &'a Lanes<'a, Items<B>>,
    lane: usize,
    totals: &'a RefCell<Totals>,
    part: Done<Items<B>>,
    /// How many items of the part were given.
    given: usize,
    item: B::Item,
}

impl<'a, B: Bundle> LaneStream<'a, B> {
    /// The items of a lane, which are counted in `totals`; `item` is the place
    /// for them, with what all of them have in common.
    pub(crate) fn new(
        input: &'a Input<'a>,
        lanes: &'a Lanes<'a, Items<B>>,
        lane: usize,
        totals: &'a RefCell<Totals>,
        item: B::Item,
    ) -> LaneStream<'a, B> {
        LaneStream { input, lanes, lane, totals, part: Done::default(), given: 0, item }
    }

    /// Says what was said before the next item was read, as it was then.
    fn repeat(&mut self) {
        let part = &mut self.part;
        let due = part.made.said_at.iter().take_while(|&&at| at <= self.given).count();
        part.made.said_at.drain(..due);
        part.said.drain(..due).for_each(|said| self.input.console.repeat(said));
    }
}

impl<B: Bundle> Stream for LaneStream<'_, B> {
    type Item = B::Item;

    fn advance(&mut self) -> Result<Option<i64>> {
        loop {
            self.repeat();
            if let Some(&time) = self.part.made.times.get(self.given) {
                self.given += 1;
                self.part.made.bundle.take_out(&mut self.item);
                return Ok(Some(time));
            }
            self.part.failure.take().map_or(Ok(()), Err)?;
            self.input.account(&mut self.part, &mut self.totals.borrow_mut());
            if self.part.is_last {
                return Ok(None);
            }
            self.lanes.give_back(self.lane, mem::take(&mut self.part.made));
            (self.part, self.given) = (self.lanes.next(self.lane)?, 0);
        }
    }

    fn item(&self) -> &B::Item {
        &self.item
    }
}
