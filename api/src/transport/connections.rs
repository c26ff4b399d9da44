//! How many WebSockets and event streams each caller holds open: nobody takes the place of all others.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

/// Whose connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Holder {
    /// A signed-in account, wherever it connects from.
    Account(Uuid),
    /// Somebody who is not signed in, by address; all whose address is unknown are one.
    Address(Option<IpAddr>),
}

/// The open connections of this process.
#[derive(Clone, Default)]
pub(super) struct Connections(Arc<Mutex<HashMap<Holder, usize>>>);

impl Connections {
    /// Takes a place among the holder's connections; nothing when `limit` are open already.
    pub(super) fn open(&self, holder: Holder, limit: usize) -> Option<Place> {
        // The map is valid after every statement, so a panic elsewhere does not spoil it.
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(holder).or_default();
        if *count >= limit {
            return None;
        }
        *count += 1;
        Some(Place {
            connections: self.clone(),
            holder,
        })
    }
}

/// A connection's place; given back when it is dropped.
#[must_use]
pub(super) struct Place {
    connections: Connections,
    holder: Holder,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.connections.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.holder) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.holder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_each_holders_own_and_come_back() {
        let connections = Connections::default();
        let (one, other) = (Holder::Account(Uuid::from_u128(1)), Holder::Address(None));
        let first = connections.open(one, 2).unwrap();
        let _second = connections.open(one, 2).unwrap();
        assert!(connections.open(one, 2).is_none());
        assert!(connections.open(other, 2).is_some());
        drop(first);
        assert!(connections.open(one, 2).is_some());
        assert_eq!(
            connections.0.lock().unwrap().len(),
            1,
            "who holds nothing is forgotten"
        );
    }
}
