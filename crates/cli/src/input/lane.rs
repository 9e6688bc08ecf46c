//! A log that several threads read, as a stream of what is made of its
//! connections: the same as its [`ConnectionStream`] gives, made by the same
//! code.
//!
//! [`ConnectionStream`]: super::ConnectionStream

use std::cell::RefCell;
use std::mem;

use anyhow::Result;
use auditparse::Connection;

use super::Input;
use super::merge::{FromConnection, Stream, Taking};
use super::threads::{Account, Cut, Done, Lanes, Unit, Work};
use super::totals::Totals;
use super::window::Window;

/// Makes items of connections.
pub(crate) struct MakeItems<T: FromConnection> {
    /// For each lane, what makes them.
    makers: Vec<T>,
    window: Window,
}

impl<T: FromConnection> MakeItems<T> {
    /// What the makers, one for each lane, make of the connections that the
    /// input wants.
    pub(crate) fn new(input: &Input<'_>, makers: Vec<T>) -> MakeItems<T> {
        MakeItems { makers, window: input.window }
    }
}

/// Items of a part, in a place that is used again.
pub(crate) struct Items<I> {
    /// The first of them are of this part.
    items: Vec<I>,
    /// Of each of those, the time by which streams are merged.
    times: Vec<i64>,
    /// Of each message, how many items come before it.
    said_at: Vec<usize>,
    size: usize,
}

impl<I> Default for Items<I> {
    fn default() -> Items<I> {
        Items { items: Vec::new(), times: Vec::new(), said_at: Vec::new(), size: 0 }
    }
}

impl<I> Items<I> {
    fn clear(&mut self) {
        self.times.clear();
        self.said_at.clear();
        self.size = 0;
    }

    /// Moves in what was made.
    fn take<T: FromConnection<Item = I>>(&mut self, maker: &mut T)
    where
        I: Clone,
    {
        self.size += maker.size();
        let at = self.times.len();
        self.times.push(maker.time());
        match self.items.get_mut(at) {
            Some(place) => mem::swap(place, maker.item_mut()),
            None => self.items.push(maker.item().clone()),
        }
    }
}

impl<T> Work for MakeItems<T>
where
    T: FromConnection<Item: Clone + Send> + Clone + Sync,
{
    type Made = Items<T::Item>;

    fn unit(&self) -> Unit {
        let wants_others = self.makers.iter().any(T::wants_other_events);
        if wants_others { Unit::Events } else { Unit::Connections }
    }

    fn make(&self, part: &Cut<'_>, made: &mut Self::Made, account: &mut Account) -> Result<()> {
        let taking = Taking { window: self.window, host: part.host };
        let mut maker = self.makers[part.lane].clone();
        let Account { totals, met, .. } = account;
        let mut said_at = part.said_at.iter().peekable();
        made.clear();
        let mut count = 0;
        let mut take = |made: &mut Items<T::Item>, maker: &mut T, is_read: bool| {
            while said_at.next_if(|&&at| at <= count).is_some() {
                made.said_at.push(made.times.len());
            }
            count += 1;
            if is_read {
                made.take(maker);
            }
        };
        match self.unit() {
            Unit::Connections => {
                for connection in part.batch.connections() {
                    let is_read = |connection: Connection<'_>| {
                        taking.connection(&connection, &mut maker, totals, met)
                    };
                    let is_read = connection.is_ok_and(is_read);
                    take(made, &mut maker, is_read);
                }
            }
            Unit::Events | Unit::Records => {
                for event in part.batch.events() {
                    let is_read = taking.event(&event, &mut maker, totals, met);
                    take(made, &mut maker, is_read);
                }
            }
        }
        made.said_at.resize(part.said_at.len(), made.times.len());
        Ok(())
    }

    fn size(made: &Self::Made) -> usize {
        made.size
    }
}

/// The items of a lane.
pub(crate) struct LaneStream<'a, I> {
    input: &'a Input<'a>,
    lanes: &'a Lanes<'a, Items<I>>,
    lane: usize,
    totals: &'a RefCell<Totals>,
    part: Done<Items<I>>,
    /// How many items of the part were given.
    given: usize,
}

impl<'a, I> LaneStream<'a, I> {
    /// The items of a lane, which are counted in `totals`.
    pub(crate) fn new(
        input: &'a Input<'a>,
        lanes: &'a Lanes<'a, Items<I>>,
        lane: usize,
        totals: &'a RefCell<Totals>,
    ) -> LaneStream<'a, I> {
        LaneStream { input, lanes, lane, totals, part: Done::default(), given: 0 }
    }

    /// Says what was said before the next item was read, as it was then.
    fn repeat(&mut self) {
        let part = &mut self.part;
        let due = part.made.said_at.iter().take_while(|&&at| at <= self.given).count();
        part.made.said_at.drain(..due);
        part.said.drain(..due).for_each(|said| self.input.console.repeat(said));
    }
}

impl<I> Stream for LaneStream<'_, I> {
    type Item = I;

    fn advance(&mut self) -> Result<Option<i64>> {
        loop {
            self.repeat();
            if let Some(&time) = self.part.made.times.get(self.given) {
                self.given += 1;
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

    fn item(&self) -> &I {
        &self.part.made.items[self.given - 1]
    }
}
